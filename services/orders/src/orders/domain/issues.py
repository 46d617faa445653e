"""Issues: what a check found wrong with a revision, and the actions that would settle it (spec 1A.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kit.errors import Invalid, NotFound, Refused
from orders.domain.ops import Op
from orders.domain.session import Session


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as a check reports it; its source is the check."""

    id: str
    code: str
    blocking: bool
    message: str
    context: Mapping[str, Any]
    actions: Sequence["Action"]


@dataclass(frozen=True, slots=True)
class Action:
    """A way to settle an issue: operations on the revision that was checked."""

    id: str
    label: str
    ops: Sequence[Op]


def stored(issue: Issue, source: str, rev: int) -> dict[str, Any]:
    """Returns the issue as its session keeps it."""
    actions = [
        {"id": each.id, "label": each.label, "rev": rev, "ops": [_given(op) for op in each.ops]}
        for each in issue.actions
    ]
    return {
        "id": issue.id,
        "source": source,
        "code": issue.code,
        "blocking": issue.blocking,
        "message": issue.message,
        "context": {**issue.context, "actions": actions},
    }


def _given(op: Op) -> dict[str, Any]:
    """Returns the fields that the operation has."""
    values = {name: getattr(op, name) for name in Op.__dataclass_fields__}
    return {name: value for name, value in values.items() if value not in (None, "")}


def ops(session: Session, issue_id: str, action_id: str, resolvable: frozenset[str]) -> list[Op]:
    """Returns the operations of an action.

    Raises NotFound (`issue_not_found`, `action_not_found`), Refused (`no_resolver`, `stale_action`, `resolver_error`), or
    Invalid(`no_ops`).
    """
    issue = _by_id(session.issues, issue_id)
    if issue is None:
        raise NotFound("issue_not_found", issue_id=issue_id)
    if issue["source"] not in resolvable:
        raise Refused("no_resolver", source=issue["source"])
    action = _by_id(issue["context"].get("actions") or (), action_id)
    if action is None:
        raise NotFound("action_not_found", issue_id=issue_id, action_id=action_id)
    if action["rev"] != session.rev:
        raise Refused("stale_action", action_rev=action["rev"], session_rev=session.rev)
    if not action["ops"]:
        raise Invalid("no_ops", action_id=action_id)
    if (wanted := _readable(action["ops"])) is None:
        raise Refused("resolver_error", action_id=action_id)
    return wanted


def proposed(session: Session, issue_id: str, action_id: str) -> Sequence[Op]:
    """Returns the operations of an action, whether or not it can be done; none where there is no such action."""
    issue = _by_id(session.issues, issue_id)
    action = _by_id(issue["context"].get("actions") or (), action_id) if issue else None
    return (_readable(action["ops"]) if action else None) or ()


def _readable(given: Sequence[Mapping[str, Any]]) -> list[Op] | None:
    try:
        return [Op(**op) for op in given]
    except TypeError:
        return None


def _by_id(found: Sequence[Mapping[str, Any]], identifier: str) -> Mapping[str, Any] | None:
    return next((each for each in found if each["id"] == identifier), None)
