"""From a session's first line to its order."""

from typing import Any

from google.protobuf import struct_pb2

from comanda.orders.v1 import channels_pb2, orders_pb2, sessions_pb2
from kit.testing import eventually

CONFIG = {"required_checks_on_commit": ["stock"], "post_commit_directives": ["stock.commit"]}


async def make_channel(hub: Any, code: str = "web", config: dict[str, Any] | None = None, **fields: Any) -> None:
    struct = struct_pb2.Struct()
    struct.update(CONFIG if config is None else config)
    request = channels_pb2.CreateChannelRequest(
        code=code, pricing_policy="PRICING_POLICY_EXTERNAL", config=struct, **fields
    )
    await hub.call(hub.channels.CreateChannel, request)


def line(sku: str, qty: str = "1", price: int = 100) -> sessions_pb2.SessionOp:
    return sessions_pb2.SessionOp(op="add_line", sku=sku, qty=qty, unit_price_q=price)


async def opened(hub: Any, *ops: sessions_pb2.SessionOp, **fields: Any) -> Any:
    request = sessions_pb2.OpenSessionRequest(channel_code="web", ops=ops, **fields)
    return (await hub.call(hub.sessions.OpenSession, request)).session


async def commit(hub: Any, key: str, token: str = "", wait: int = 5000, **fields: Any) -> Any:
    request = sessions_pb2.CommitSessionRequest(
        session_key=key, channel_code="web", idempotency_key=token or f"K-{key}", wait_for_checks_ms=wait, **fields
    )
    return (await hub.call(hub.sessions.CommitSession, request)).commit


async def test_a_session_with_three_lines_becomes_an_order_in_one_call(hub: Any) -> None:
    await make_channel(hub)
    session = await opened(hub, line("A", "2", 333), line("B", "0.5", 1), line("C", "3", 1000))
    assert (session.rev, session.total_q) == (1, 666 + 1 + 3000)
    made = await commit(hub, session.session_key, external_ref="X-1")
    assert (made.status, made.total_q, made.items_count) == ("committed", 3667, 3)
    order = (await hub.call(hub.orders.GetOrder, orders_pb2.GetOrderRequest(ref=made.order_ref))).order
    assert [item.qty for item in order.items] == ["2.000", "0.500", "3.000"]
    assert order.status == "new"
    assert order.external_ref == "X-1"
    assert order.snapshot["rev"] == 1
    assert list(order.allowed_transitions) == ["confirmed", "cancelled"]

    async def taken() -> bool:
        statuses = {row["topic"]: row["status"] for row in await hub.rows("select topic, status from directives")}
        return statuses == {"stock.hold": "done", "stock.commit": "done"}

    await eventually(taken)
    assert not await hub.rows("select 1 from outbox")
