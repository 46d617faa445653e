"""Asks the processes of a fleet whether they are healthy."""

import http.client
import json
from urllib.parse import urlsplit

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

# gRPC shares connections, and the pauses after failed ones, within a process: each question is to be a fresh one.
OWN_CONNECTION = [("grpc.use_local_subchannel_pool", 1)]
HEALTHY = ("ok", "healthy", "serving")


def service_is_healthy(address: str, timeout: float = 2.0) -> bool:
    """Tells whether a gRPC service (host:port) says that it is serving, within timeout seconds."""
    with grpc.insecure_channel(address, OWN_CONNECTION) as channel:
        try:
            check = health_pb2_grpc.HealthStub(channel).Check  # type: ignore[attr-defined]  # set when it is made
            answer = check(health_pb2.HealthCheckRequest(), timeout=timeout)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def web_is_healthy(base_url: str, timeout: float = 2.0) -> bool:
    """Tells whether a web server shows its first page within timeout seconds."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=timeout)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def gateway_is_healthy(base_url: str, timeout: float = 2.0) -> bool:
    """Tells whether the gateway says that itself and what it depends on is healthy, within timeout seconds."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=timeout)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        return answer.status == http.HTTPStatus.OK and json.load(answer).get("status") in HEALTHY
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
