"""What an answer of Omie means: a fault comes as HTTP 500, a failure as 200, and an outage as a page (omie-api.md 1)."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

BLOCK_SECONDS = 1800.0
BUSY_SECONDS = 2.0
RATE_SECONDS = 5.0
REDUNDANT_SECONDS = 60.0
STATUS_PAIRS = (
    ("codigo_status", "descricao_status"), ("cCodStatus", "cDescStatus"), ("cCodStatus", "cDesStatus"),
)  # fmt: skip
BROKEN = ("SOAP-ERROR", "Broken response", "PROTO_BYEBYE")
AUTH = ("chave de acesso", "dados de autenticação", "API is not enabled")
DUPLICATE = re.compile(r"já cadastrad|já exist", re.IGNORECASE)
NOT_FOUND = re.compile(
    r"não cadastrad|não encontrad|não existem|não foi possível encontrar|nenhum.* encontrad", re.IGNORECASE
)
CLOSED_PERIOD = re.compile(r"período contábil .* bloqueado", re.IGNORECASE)
WAIT = re.compile(r"Aguarde (\d+) segundos|novamente em (\d+) segundos")
LONGEST_TEXT = 500


class Kind(StrEnum):
    """What became of a call."""

    OK = "ok"
    NOT_FOUND = "not_found"
    """There is no such record, or nothing on that page."""
    DUPLICATE = "duplicate"
    VALIDATION = "validation"
    """It can never succeed as it is."""
    CLOSED_PERIOD = "closed_period"
    """The books of the month are closed: only a person can open them."""
    FAILED = "failed"
    """A 200 whose status pair says that nothing was done."""
    AUTH = "auth"
    REDUNDANT = "redundant"
    BUSY = "busy"
    RATE = "rate"
    BLOCKED = "blocked"
    TRANSIENT = "transient"
    """Not Omie's answer but that of something before it: a read may be repeated, of a write nobody knows."""
    UNKNOWN = "unknown"
    """A write that may have been done."""
    UNREACHABLE = "unreachable"
    """Nothing was sent."""
    HELD_BACK = "held_back"
    """Not sent: our own limits or breaker forbade it for longer than the caller waits."""


COUNTED = frozenset(
    {Kind.NOT_FOUND, Kind.DUPLICATE, Kind.VALIDATION, Kind.CLOSED_PERIOD, Kind.AUTH, Kind.REDUNDANT, Kind.BUSY, Kind.RATE}
)  # fmt: skip
"""Error replies of the application: these add up to a block."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read: `wait` is in seconds, where Omie named a time or one is known to be due."""

    kind: Kind
    body: dict[str, Any] = field(default_factory=dict)
    code: str = ""
    text: str = ""
    wait: float = 0.0


def read(status: int, headers: Mapping[str, str], raw: bytes) -> Answer:
    """Reads an answer, whatever its HTTP status."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        body = None
    if status == 429 or (isinstance(body, dict) and body.get("error_code") == 429):
        return Answer(Kind.RATE, code="429", text="Too Many Requests", wait=_retry_after(headers) or RATE_SECONDS)
    if not isinstance(body, dict):
        return Answer(Kind.TRANSIENT, code=str(status), text=f"HTTP {status}")
    body = _plain(body)
    if "faultstring" in body:
        return _fault(status, str(body.get("faultcode", "")), str(body["faultstring"])[:LONGEST_TEXT])
    if body.get("status") == "error":
        return Answer(Kind.VALIDATION, code="no_method", text=str(body.get("message", ""))[:LONGEST_TEXT])
    if status != 200:
        return Answer(Kind.TRANSIENT, code=str(status), text=f"HTTP {status}", wait=_retry_after(headers))
    return _success(body)


def _success(body: dict[str, Any]) -> Answer:
    for code, text in STATUS_PAIRS:
        if code in body and text in body and str(body[code]) not in ("", "0"):
            return Answer(Kind.FAILED, body, str(body[code]), str(body[text])[:LONGEST_TEXT])
    return Answer(Kind.OK, body)


def _fault(status: int, code: str, text: str) -> Answer:
    code = code.removeprefix("SOAP-ENV:")
    number = code.rpartition("-")[2]
    found = WAIT.search(text)
    wait = float(found[1] or found[2]) if found else 0.0
    kind = _kind(status, code, number, text)
    default = {Kind.BLOCKED: BLOCK_SECONDS, Kind.REDUNDANT: REDUNDANT_SECONDS, Kind.BUSY: BUSY_SECONDS}.get(kind, 0.0)
    return Answer(kind, code=code, text=text, wait=wait or default)


def _kind(status: int, code: str, number: str, text: str) -> Kind:
    """Classifies by number first and by text second: one number means several things."""
    if status == 425 or code.startswith("MISUSE"):
        return Kind.BLOCKED
    if number in ("6", "8") or "Consumo redundante" in text:
        return Kind.REDUNDANT
    if number in ("1880", "8020"):
        return Kind.BUSY
    if any(words in text for words in BROKEN):
        return Kind.TRANSIENT
    if status == 403 or any(words in text for words in AUTH):
        return Kind.AUTH
    if CLOSED_PERIOD.search(text):
        return Kind.CLOSED_PERIOD
    if DUPLICATE.search(text):
        return Kind.DUPLICATE
    if number == "5113" or NOT_FOUND.search(text):
        return Kind.NOT_FOUND
    return Kind.VALIDATION


def _retry_after(headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "")
    return float(text) if text.isdigit() else 0.0


def _plain(value: Any) -> Any:
    """Undoes the HTML entities that texts come with."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return html.unescape(value) if isinstance(value, str) and "&" in value else value
