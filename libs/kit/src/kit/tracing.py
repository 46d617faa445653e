"""Traces across gRPC and NATS: W3C context in, W3C context out; spans are recorded where an OTLP endpoint is configured."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags

TRACER = trace.get_tracer("comanda")


def configure(service: str) -> TracerProvider | None:
    """Records spans and sends them off when OTEL_EXPORTER_OTLP_ENDPOINT is set; else contexts only pass through."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return None
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # heavy, and seldom wanted

    provider = TracerProvider(resource=Resource.create({"service.name": f"comanda-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider


def traceparent() -> str:
    """Returns the present context as a W3C traceparent; a new one where there is none."""
    present = trace.get_current_span().get_span_context()
    if not present.is_valid:
        return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
    return f"00-{present.trace_id:032x}-{present.span_id:016x}-{present.trace_flags:02x}"


def trace_id() -> str:
    """Returns the present trace id in hexadecimal; empty where there is none."""
    present = trace.get_current_span().get_span_context()
    return f"{present.trace_id:032x}" if present.is_valid else ""


@contextmanager
def span(name: str, parent: str, kind: SpanKind = SpanKind.SERVER) -> Iterator[Span]:
    """Runs its body within a span below the parent (a traceparent; empty or broken: a new trace)."""
    above = NonRecordingSpan(_parsed(parent))
    token = context.attach(trace.set_span_in_context(above))
    try:
        if not isinstance(
            trace.get_tracer_provider(), TracerProvider
        ):  # nobody records: the context only passes through
            yield above
            return
        with TRACER.start_as_current_span(name, kind=kind) as started:
            yield started
    finally:
        context.detach(token)


def _parsed(parent: str) -> SpanContext:
    parts = parent.split("-")
    try:
        _, trace_part, span_part, flags = parts
        return SpanContext(
            int(trace_part, 16), int(span_part, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
        )
    except ValueError:
        return SpanContext(secrets.randbits(128), secrets.randbits(64), is_remote=True, trace_flags=TraceFlags(0))
