"""Traces across gRPC and NATS: W3C context in, W3C context out; spans are recorded where an OTLP endpoint is configured."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cache

from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import INVALID_SPAN, Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags

TRACER = trace.get_tracer("comanda")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
PASSING: ContextVar[str] = ContextVar("traceparent", default="")
"""The present context where nothing is recorded: text that only passes through, since every call pays for more."""


def configure(service: str) -> TracerProvider | None:
    """Records spans and sends them off when OTEL_EXPORTER_OTLP_ENDPOINT is set; else contexts only pass through."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return None
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # heavy, and seldom wanted

    provider = TracerProvider(resource=Resource.create({"service.name": f"comanda-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    recording.cache_clear()
    return provider


def traceparent() -> str:
    """Returns the present context as a W3C traceparent; a new one where there is none."""
    if passing := PASSING.get():
        return passing
    present = trace.get_current_span().get_span_context()
    if not present.is_valid:
        return _new()
    return f"00-{present.trace_id:032x}-{present.span_id:016x}-{present.trace_flags:02x}"


def trace_id() -> str:
    """Returns the present trace id in hexadecimal; empty where there is none."""
    if passing := PASSING.get():
        return passing.split("-")[1]
    present = trace.get_current_span().get_span_context()
    return f"{present.trace_id:032x}" if present.is_valid else ""


@cache
def recording() -> bool:
    """Tells whether this process sends spans off."""
    return isinstance(trace.get_tracer_provider(), TracerProvider)


def span(name: str, *parents: str, kind: SpanKind = SpanKind.SERVER) -> AbstractContextManager[None]:
    """Runs its body within a span below the parent (a traceparent; none, empty or broken: a new trace).

    Work that has several parents belongs to none of their traces: it begins one of its own, which links to theirs.
    """
    found = [matched for parent in parents if (matched := TRACEPARENT.fullmatch(parent))]
    if recording():
        return _recorded(name, [_context(*each.groups()) for each in found], kind)
    return _Passing(f"00{found[0][0][2:]}" if len(found) == 1 else _new())


class _Passing:
    """Lets a context pass through its body."""

    __slots__ = ("_before", "_traceparent")

    def __init__(self, traceparent: str) -> None:
        self._traceparent = traceparent

    def __enter__(self) -> None:
        self._before = PASSING.get()
        PASSING.set(self._traceparent)

    def __exit__(self, *_: object) -> None:
        PASSING.set(self._before)


@contextmanager
def _recorded(name: str, parents: list[SpanContext], kind: SpanKind) -> Iterator[None]:
    above = NonRecordingSpan(parents[0]) if len(parents) == 1 else INVALID_SPAN
    links = [Link(each) for each in parents] if len(parents) > 1 else []
    token = context.attach(trace.set_span_in_context(above))
    try:
        with TRACER.start_as_current_span(name, kind=kind, links=links):
            yield
    finally:
        context.detach(token)


def _new() -> str:
    """Begins a trace; marked as sampled, since whoever records further down has no better way to know that he may."""
    return f"00-{secrets.randbits(128) or 1:032x}-{secrets.randbits(64) or 1:016x}-01"


def _context(trace_part: str, span_part: str, flags: str) -> SpanContext:
    return SpanContext(int(trace_part, 16), int(span_part, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
