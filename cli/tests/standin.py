"""Stand-ins for the services, as real processes: what the supervisor starts, asks for health, kills and ends."""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from comanda.erp.v1 import webhooks_pb2, webhooks_pb2_grpc
from comanda.sales.v1 import businesses_pb2, businesses_pb2_grpc, identity_pb2, identity_pb2_grpc

PACKAGES = ("sales", "inventory", "orders", "erp_bridge", "omie_simulator", "gateway")


def write_packages(directory: Path) -> None:
    """Writes a package per service that stands before the real one on PYTHONPATH."""
    for name in PACKAGES:
        (directory / name).mkdir(parents=True)
        (directory / name / "__init__.py").touch()
        (directory / name / "__main__.py").write_text(f"import standin\nstandin.main({name!r})\n")


class Businesses(businesses_pb2_grpc.BusinessServiceServicer):
    """Knows one business."""

    def CreateBusiness(self, request, context):
        return businesses_pb2.CreateBusinessResponse(
            business=businesses_pb2.Business(id="0199aaaa-0000-7000-8000-000000000000", code=request.code)
        )


class Storefronts(businesses_pb2_grpc.StorefrontServiceServicer):
    """Takes any storefront of the business."""

    def CreateStorefront(self, request, context):
        assert dict(context.invocation_metadata())["authorization"].startswith("Bearer ey")
        return businesses_pb2.CreateStorefrontResponse()


class ApiKeys(identity_pb2_grpc.ApiKeyServiceServicer):
    """Gives a key that tells the request id, so that tests see whether it was asked for again."""

    def CreateApiKey(self, request, context):
        return identity_pb2.CreateApiKeyResponse(api_key=identity_pb2.ApiKey(secret=f"secret of {request.request_id}"))


class Webhooks(webhooks_pb2_grpc.WebhookServiceServicer):
    """Binds any account."""

    def BindAccount(self, request, context):
        assert dict(context.invocation_metadata())["authorization"].startswith("Bearer ey")
        return webhooks_pb2.BindAccountResponse(bound=True)


class Health(BaseHTTPRequestHandler):
    """The gateway's health page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


def serve_grpc(name: str) -> grpc.Server:
    """Serves health, and for sales what the first start asks of it; a server that nobody holds ends."""
    server = grpc.server(ThreadPoolExecutor(4))
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if name == "sales":
        businesses_pb2_grpc.add_BusinessServiceServicer_to_server(Businesses(), server)
        businesses_pb2_grpc.add_StorefrontServiceServicer_to_server(Storefronts(), server)
        identity_pb2_grpc.add_ApiKeyServiceServicer_to_server(ApiKeys(), server)
    if name == "erp_bridge":
        webhooks_pb2_grpc.add_WebhookServiceServicer_to_server(Webhooks(), server)
    server.add_insecure_port(os.environ["COMANDA_LISTEN"])
    server.start()
    return server


def serve_http() -> None:
    """Serves the health page."""
    listen = os.environ.get("OMIE_SIMULATOR_LISTEN") or os.environ["COMANDA_LISTEN"]
    host, _, port = listen.rpartition(":")
    threading.Thread(target=ThreadingHTTPServer((host, int(port)), Health).serve_forever, daemon=True).start()


def main(name: str) -> None:
    """Serves until SIGTERM; `migrate` only says which database it would migrate."""
    if sys.argv[1] == "migrate":
        print("migrating", urlsplit(os.environ["COMANDA_DATABASE_URL"]).path.lstrip("/"))
        return
    if os.environ.get("STANDIN_BROKEN") == name:
        sys.exit("the sky has fallen")
    _running = serve_http() if name in ("gateway", "omie_simulator") else serve_grpc(name)
    print("serving", flush=True)
    signal.sigwait([signal.SIGTERM])
    os._exit(0)
