"""One order on its way: session, commit, and the steps to the status that it really has.

Everything can be done again: the session's key and the order's external ref are those of the file, so that what a former run
has done is found and not repeated, however long ago it was.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from comanda_cli.api import Api, Refusal, key_for
from comanda_cli.olist.record import Order
from comanda_cli.olist.supply import CHANNEL

# The way of an order through the default flow; cancelled leaves it from its beginning.
WAY = ("new", "confirmed", "processing", "ready", "dispatched", "delivered")
CANCELLED = "cancelled"
WAIT_MS = 10_000
# A session that an interrupted run has left may hold nothing any more: these go when it asks for its stock again.
STALE = frozenset({"hold_expired", "stale_check", "blocking_issues"})
SLOW = "missing_check"
COMMITS = 4


class Known(NamedTuple):
    """An order as Comanda has it; added: by this run."""

    ref: str
    status: str
    total_q: int
    added: bool = False


async def find(api: Api, order_ids: Sequence[str]) -> dict[str, Known]:
    """Returns those of the orders that Comanda has, by their id in the file; raises Refusal or Unreachable."""
    filters = [("channel_code", CHANNEL), *(("external_ref", each) for each in order_ids)]
    return {item["external_ref"]: _known(item) for item in await api.pages("/api/v1/orders", filters)}


async def place(api: Api, order: Order) -> Known:
    """Makes an order of a session of its own; raises Refusal (by the rules) or Unreachable."""
    await _open(api, order)
    return await _commit(api, order)


async def advance(api: Api, order: Order, known: Known) -> Known:
    """Takes an order to the status that it has in the file; raises Refusal or Unreachable."""
    for status in steps(known.status, order.status):
        body = {"status": status, "actor": "olist", "reason": order.reason if status == CANCELLED else ""}
        path = f"/api/v1/orders/{known.ref}/transition"
        await api.post(path, body, key_for(path, body))
        known = known._replace(status=status)
    return known


def steps(status: str, target: str) -> Sequence[str]:
    """Returns the statuses between an order's and its target; none when somebody has moved it elsewhere or beyond."""
    if target == CANCELLED:
        return () if status == CANCELLED else (CANCELLED,)
    if status not in WAY:
        return ()
    return WAY[WAY.index(status) + 1 : WAY.index(target) + 1]


def opening(order: Order) -> Mapping[str, Any]:
    """Returns the request that opens the session of an order with all its lines.

    One without lines is a revision all the same: its stock is checked like that of any other, and the commit can say what
    is really wrong with it.
    """
    ops = [
        {
            "op": "add_line",
            "sku": line.sku,
            "name": line.name,
            "qty": str(line.qty),
            "unit_price_q": line.price_q,
            "meta": line.meta,
        }
        for line in order.lines
    ]
    return {
        "channel_code": CHANNEL,
        "session_key": session_key(order),
        "data": order.data,
        "ops": ops or [_touch(order)],
    }


def session_key(order: Order) -> str:
    """Returns the key of an order's session."""
    return f"OLIST-{order.order_id}"


async def _open(api: Api, order: Order) -> None:
    body = opening(order)
    try:
        await api.post("/api/v1/sessions", body, key_for("open", body))
    except Refusal as refusal:
        if refusal.code != "session_exists":
            raise


async def _commit(api: Api, order: Order) -> Known:
    """Commits the session; what stands in the way only because time has passed is put right first."""
    path = f"/api/v1/sessions/{session_key(order)}/commit"
    body = {"channel_code": CHANNEL, "external_ref": order.order_id, "wait_for_checks_ms": WAIT_MS}
    refreshed = False
    for _ in range(COMMITS):
        try:
            made = await api.post(path, body, key_for(path, body))
            if made["status"] == "committed":
                return Known(made["order_ref"], "new", made["total_q"], added=True)
            return await get(api, made["order_ref"])
        except Refusal as refusal:
            last = refusal
            if refusal.code == "duplicate_external_ref":
                return await get(api, refusal.context["order_ref"])
            if refusal.code != SLOW and (refreshed or refusal.code not in STALE):
                raise
            if refusal.code in STALE:
                await _refresh(api, order)
                refreshed = True
    raise last


async def _refresh(api: Api, order: Order) -> None:
    """Changes nothing of the session but its revision, so that it asks for its stock again."""
    path = f"/api/v1/sessions/{session_key(order)}"
    rev = (await api.get(path, [("channel_code", CHANNEL)]))["rev"]
    body = {"channel_code": CHANNEL, "expected_rev": rev, "ops": [_touch(order)]}
    await api.post(f"{path}/modify", body, key_for(path, body))


def _touch(order: Order) -> Mapping[str, Any]:
    return {"op": "set_data", "path": "source.order_id", "value": order.order_id}


async def get(api: Api, ref: str) -> Known:
    """Returns an order as Comanda has it; raises Refusal or Unreachable."""
    return _known(await api.get(f"/api/v1/orders/{ref}"))


def _known(item: Mapping[str, Any]) -> Known:
    return Known(item["ref"], item["status"], item["total_q"])
