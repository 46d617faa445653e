"""python -m kit.probe: whether the process of this container is healthy, as an exit status."""

import http.client
import os
import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

SECONDS = 4.0
PAGES = {"gateway": "/health", "omie-simulator": "/"}
"""What those that speak HTTP show when they are healthy; all others speak gRPC."""


def healthy(service: str, port: int) -> bool:
    """Asks the service on this port of the loopback device: by HTTP when it has a page for that, else by gRPC health."""
    return _shows(port, PAGES[service]) if service in PAGES else _serves(port)


def _shows(port: int, page: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", page)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _serves(port: int) -> bool:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]  # set when it is made
        try:
            answer = check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


if __name__ == "__main__":
    port = int(os.environ.get("COMANDA_LISTEN", "").rpartition(":")[2] or 0)
    sys.exit(0 if healthy(os.environ.get("COMANDA_SERVICE", ""), port) else 1)
