"""Structured logs: one JSON object a line, with the trace and request that it belongs to, and without secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from io import TextIOBase
from typing import Any, TextIO, cast

import structlog

from kit import call, tracing

SECRET_NAMES = re.compile(r"secret|password|token|authorization|api_?key|credential|private", re.IGNORECASE)
SECRET_VALUES = re.compile(r"(ck_[A-Za-z0-9_-]{4})[A-Za-z0-9_-]+|(://[^:/@\s]+:)[^@\s]+(?=@)|(Bearer\s+)\S+")


class _StandardError(TextIOBase):
    """Standard error that loses what cannot be written: on a full disk, who logs has something better to do than to fail."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def configure(service: str, level: str) -> None:
    """Sends everything that is logged, by libraries too, to standard error as JSON."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _context(service),
        structlog.processors.format_exc_info,
        without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _StandardError())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _context(service: str) -> Any:
    def add(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        if trace_id := tracing.trace_id():
            event["trace_id"] = trace_id
        if present := call.current.get(None):
            event["request_id"] = present.request_id
        return event

    return add


def without_secrets(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blots out values whose name or form gives them away as secret."""
    for name, value in event.items():
        if SECRET_NAMES.search(name):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = SECRET_VALUES.sub(lambda found: f"{found[1] or found[2] or found[3]}***", value)
    return event
