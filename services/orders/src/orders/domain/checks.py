"""Checks: what must be true of a session's revision before it may become an order (spec 1A.6 and 1A.7)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from kit.errors import Refused
from orders.domain.session import Session

STOCK, HOLD = "stock", "stock.hold"
STALE, SESSION_NOT_FOUND = "stale_rev", "session_not_found"


def pending(checks: Mapping[str, Any], rev: int, required: Iterable[str]) -> bool:
    """Tells whether a required check of this revision has not been answered yet."""
    return any((checks.get(code) or {}).get("rev") != rev for code in required)


def check_commit(session: Session, required: Iterable[str], labels: Mapping[str, str], now: datetime) -> None:
    """Raises the first thing that stands against the commit, in the order of spec 1A.7; all are Refused.

    A refusal for a check's sake says what its channel calls it, if anything.
    """
    for code in required:
        named: dict[str, Any] = {"check_code": code} | ({"check_label": labels[code]} if code in labels else {})
        _check_one(session, code, named, now)
    if blocking := [issue for issue in session.issues if issue.get("blocking")]:
        raise Refused("blocking_issues", issues=blocking)


def _check_one(session: Session, code: str, named: Mapping[str, Any], now: datetime) -> None:
    found = session.checks.get(code)
    if not found:
        raise Refused("missing_check", **named)
    if found["rev"] != session.rev:
        raise Refused("stale_check", **named, check_rev=found["rev"], session_rev=session.rev)
    for expiry in filter(None, map(_instant, _expiries(found.get("result") or {}))):
        if expiry <= now:
            raise Refused("hold_expired", **named, expired_at=expiry.isoformat())


def _expiries(result: Mapping[str, Any]) -> Iterator[Any]:
    """Returns what a result says of when it ends; whoever makes a check of his own may keep anything under these names."""
    yield result.get("hold_expires_at")
    holds = result.get("holds")
    for hold in holds if isinstance(holds, list) else ():
        yield hold.get("expires_at") if isinstance(hold, dict) else None


def _instant(text: Any) -> datetime | None:
    """Reads a time; without a zone it is UTC, and what is no time counts as none (spec 1A.7)."""
    try:
        value = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def passed(rev: int, present: int | None) -> tuple[str, str]:
    """Returns code and words for the check of a revision that the session is not at; present is None where there is none (O-K5)."""
    if present is None:
        return SESSION_NOT_FOUND, "Session not found"
    return STALE, f"Stale directive: expected rev {rev}, found {present}"


def holds(session: Session) -> list[dict[str, Any]]:
    """Returns what the session's stock check holds, as `stock.commit` is told of it."""
    result = (session.checks.get(STOCK) or {}).get("result") or {}
    names = ("sku", "hold_id", "qty", "location")
    return [{name: hold[name] for name in names if name in hold} for hold in result.get("holds") or ()]


def shortage_issue(shortage: Mapping[str, Any], rev: int, issue_id: str, action_ids: Sequence[str]) -> dict[str, Any]:
    """Returns the blocking issue for a line that could not be held, with the actions that would settle it (1A.8, O-K3)."""
    line_id, available = shortage["line_id"], shortage["available_qty"]
    wanted = shortage["requested_qty"]
    removal = {
        "id": action_ids[0],
        "label": "Remover item",
        "rev": rev,
        "ops": [{"op": "remove_line", "line_id": line_id}],
    }
    actions = [removal]
    if Decimal(available) > 0:
        ops = [{"op": "set_qty", "line_id": line_id, "qty": available}]
        label = f"Ajustar para {available.rstrip('0').rstrip('.')} unidade(s)"
        actions = [{"id": action_ids[1], "label": label, "rev": rev, "ops": ops}, removal]
    return {
        "id": issue_id,
        "source": STOCK,
        "code": "stock.insufficient",
        "blocking": True,
        "message": f"Estoque insuficiente de {shortage['sku']}: pedido {wanted}, disponível {available}.",
        "context": {
            "line_id": line_id,
            "sku": shortage["sku"],
            "requested_qty": wanted,
            "available_qty": available,
            "reason": shortage["reason"],
            "earliest_release_at": shortage.get("earliest_release_at"),
            "actions": actions,
        },
    }
