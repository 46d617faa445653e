"""For tests: a real OTLP collector that keeps the spans it is sent in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1 import trace_pb2


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """What processes whose environment holds `environment` have recorded, in the order of arrival."""

    def __init__(self) -> None:
        self.spans: list[trace_pb2.Span] = []
        self.environment: dict[str, str] = {}

    async def Export(
        self, request: trace_service_pb2.ExportTraceServiceRequest, context: Any
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        """Keeps what is sent."""
        self.spans.extend(
            span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans
        )
        return trace_service_pb2.ExportTraceServiceResponse()

    def named(self, name: str) -> trace_pb2.Span:
        """Returns the only span of that name."""
        [found] = [span for span in self.spans if span.name == name]
        return found


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Runs a collector on a free port of this machine."""
    collector, server = Collector(), grpc.aio.server()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]  # the generated code has no types
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    collector.environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"}
    try:
        yield collector
    finally:
        await server.stop(0)
