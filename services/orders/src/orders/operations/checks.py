"""Checks that others make: what they found is written into the session, and what they propose is done."""

from collections.abc import Mapping, Sequence
from typing import Any

from kit.db import Tx
from kit.errors import NotFound, Refused
from orders.domain import checks, issues, session
from orders.domain.channel import rules
from orders.domain.issues import Issue
from orders.domain.ops import Op, Prices
from orders.domain.session import Session
from orders.operations import directives, sessions
from orders.store import sessions as store


async def report_check(
    tx: Tx, key: str, channel_code: str, rev: int, code: str, result: Mapping[str, Any], found: Sequence[Issue]
) -> bool:
    """Writes the result of a check of a revision, and its issues in the place of its former ones; the revision stays.

    Tells whether it was written: not where there is no such session, or it has moved on. Raises Refused(`check_owned`) for
    a check that one of the services makes.
    """
    locked = await store.lock_session(tx, key, channel_code)
    if locked is None:
        return False
    topic = rules(locked.config).check_topics.get(code, f"{code}.hold")
    if topic in directives.types():
        raise Refused("check_owned", check_code=code)
    check = {"rev": rev, "at": tx.now.isoformat(), "result": dict(result)}
    answer = {"check": check, "issues": [issues.stored(issue, code, rev) for issue in found]}
    place = (tx.business, locked.session.channel_code, key)
    [row] = await store.apply_checks(tx, [(*place, rev, code, answer)])
    return bool(row["applied"])


async def proposed(tx: Tx, key: str, channel_code: str, issue_id: str, action_id: str) -> Sequence[Op]:
    """Returns what an issue's action proposes, for whoever looks up beforehand what that sells; nothing where there is none."""
    found = await store.session(tx, key, channel_code)
    return issues.proposed(found, issue_id, action_id) if found else ()


async def resolve_issue(tx: Tx, key: str, channel_code: str, issue_id: str, action_id: str, prices: Prices) -> Session:
    """Does what an issue's action proposes, as one new revision.

    Raises NotFound(`session_not_found`), or what `check_modifiable`, `issues.ops` and the operations themselves raise.
    """
    locked = await store.lock_session(tx, key, channel_code)
    if locked is None:
        raise NotFound("session_not_found", session_key=key)
    session.check_modifiable(locked.session, None)
    resolvable = frozenset({checks.STOCK, *(locked.config.get("checks") or {})})
    wanted = issues.ops(locked.session, issue_id, action_id, resolvable)
    changed = sessions.apply(tx, locked.session, wanted, prices, rules(locked.config))
    store.update_session(tx, changed)
    return changed
