"""python -m kit.probe: whether the process of this container is healthy, as an exit status."""

import http.client
import os
import ssl
import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

SECONDS = 4.0
PAGES = {"gateway": "/health", "omie-simulator": "/"}
"""What those that speak HTTP show when they are healthy; all others speak gRPC."""


def healthy(service: str, port: int, *, secure: bool = False) -> bool:
    """Asks the service on this port of the loopback device: by HTTP(S) when it has a page for that, else by gRPC health."""
    return _shows(port, PAGES[service], secure) if service in PAGES else _serves(port)


def _shows(port: int, page: str, secure: bool) -> bool:
    connection = _connection(port, secure)
    try:
        connection.request("GET", page)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _connection(port: int, secure: bool) -> http.client.HTTPConnection:
    if not secure:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    trusting = ssl.create_default_context()
    # The certificate has the name that the public knows, and who answers on this device is known.
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=SECONDS, context=trusting)


def _serves(port: int) -> bool:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]  # set when it is made
        try:
            answer = check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    listen = os.environ.get("COMANDA_HEALTH_LISTEN") or os.environ.get("COMANDA_LISTEN", "")
    port, secure = int(listen.rpartition(":")[2] or 0), bool(os.environ.get("COMANDA_HTTPS_CERTIFICATE"))
    sys.exit(0 if healthy(os.environ.get("COMANDA_SERVICE", ""), port, secure=secure) else 1)
