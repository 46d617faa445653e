"""Traces across gRPC and NATS: W3C context in, W3C context out; spans are recorded where an OTLP endpoint is configured."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import INVALID_SPAN, Link, NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags

SAMPLED = TraceFlags(TraceFlags.SAMPLED)
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
        present = _new()
    return f"00-{present.trace_id:032x}-{present.span_id:016x}-{present.trace_flags:02x}"


def trace_id() -> str:
    """Returns the present trace id in hexadecimal; empty where there is none."""
    present = trace.get_current_span().get_span_context()
    return f"{present.trace_id:032x}" if present.is_valid else ""


def recording() -> bool:
    """Tells whether this process sends spans off."""
    return isinstance(trace.get_tracer_provider(), TracerProvider)


@contextmanager
def span(name: str, *parents: str, kind: SpanKind = SpanKind.SERVER) -> Iterator[Span]:
    """Runs its body within a span below the parent (a traceparent; none, empty or broken: a new trace).

    Work that has several parents belongs to none of their traces: it begins one of its own, which links to theirs.
    """
    found = [parsed for parent in parents if (parsed := _parsed(parent))]
    if not recording():
        with _within(NonRecordingSpan(found[0] if len(found) == 1 else _new())) as passing:
            yield passing
        return
    above = NonRecordingSpan(found[0]) if len(found) == 1 else INVALID_SPAN
    links = [Link(each) for each in found] if len(found) > 1 else []
    with _within(above), TRACER.start_as_current_span(name, kind=kind, links=links) as started:
        yield started


@contextmanager
def _within(above: Span) -> Iterator[Span]:
    token = context.attach(trace.set_span_in_context(above))
    try:
        yield above
    finally:
        context.detach(token)


def _new() -> SpanContext:
    """Begins a trace; marked as sampled, since whoever records further down has no better way to know that he may."""
    return SpanContext(secrets.randbits(128), secrets.randbits(64), is_remote=True, trace_flags=SAMPLED)


def _parsed(parent: str) -> SpanContext | None:
    try:
        _, trace_part, span_part, flags = parent.split("-")
        found = SpanContext(
            int(trace_part, 16), int(span_part, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
        )
    except ValueError:
        return None
    return found if found.is_valid else None
