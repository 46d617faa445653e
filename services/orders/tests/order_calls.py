"""How the tests of this service call it."""

from typing import Any

import pytest
from google.protobuf import struct_pb2

from comanda.inventory.v1 import locations_pb2, products_pb2, stock_pb2
from comanda.orders.v1 import channels_pb2, orders_pb2, sessions_pb2
from kit.errors import DomainError

with_inventory = pytest.mark.parametrize("hub", ["inventory"], indirect=True)
"""Runs a test with the real inventory service."""
STOCKED = {"required_checks_on_commit": ["stock"], "post_commit_directives": ["stock.commit"]}
FREE: dict[str, Any] = {}


def document(value: dict[str, Any]) -> struct_pb2.Struct:
    """A Struct of a mapping."""
    made = struct_pb2.Struct()
    made.update(value)
    return made


async def make_channel(hub: Any, code: str = "web", config: dict[str, Any] = STOCKED, **fields: Any) -> Any:
    """Creates a channel with external prices unless told otherwise."""
    values = {"pricing_policy": "PRICING_POLICY_EXTERNAL", **fields}
    request = channels_pb2.CreateChannelRequest(code=code, config=document(config), **values)
    return (await hub.call(hub.channels.CreateChannel, request)).channel


def line(sku: str, qty: str = "1", price: int | None = 100, **fields: Any) -> sessions_pb2.SessionOp:
    """An add_line."""
    return sessions_pb2.SessionOp(op="add_line", sku=sku, qty=qty, unit_price_q=price, **fields)


def op(name: str, **fields: Any) -> sessions_pb2.SessionOp:
    """Any operation."""
    return sessions_pb2.SessionOp(op=name, **fields)


async def opened(hub: Any, *ops: sessions_pb2.SessionOp, channel: str = "web", **fields: Any) -> Any:
    """Opens a session."""
    request = sessions_pb2.OpenSessionRequest(channel_code=channel, ops=ops, **fields)
    return (await hub.call(hub.sessions.OpenSession, request)).session


async def modified(hub: Any, key: str, *ops: sessions_pb2.SessionOp, channel: str = "web", **fields: Any) -> Any:
    """Modifies a session."""
    request = sessions_pb2.ModifySessionRequest(session_key=key, channel_code=channel, ops=ops, **fields)
    return (await hub.call(hub.sessions.ModifySession, request)).session


async def committed(hub: Any, key: str, token: str = "", wait: int = 5000, channel: str = "web", **fields: Any) -> Any:
    """Commits a session, waiting for its checks."""
    request = sessions_pb2.CommitSessionRequest(
        session_key=key, channel_code=channel, idempotency_key=token or f"K-{key}", wait_for_checks_ms=wait, **fields
    )
    return (await hub.call(hub.sessions.CommitSession, request)).commit


async def order_of(hub: Any, ref: str) -> Any:
    """Reads an order."""
    return (await hub.call(hub.orders.GetOrder, orders_pb2.GetOrderRequest(ref=ref))).order


async def transitioned(hub: Any, ref: str, status: str, **fields: Any) -> Any:
    """Moves an order."""
    request = orders_pb2.TransitionOrderRequest(ref=ref, status=status, **fields)
    return (await hub.call(hub.orders.TransitionOrder, request)).transition


async def stocked(hub: Any, sku: str, qty: str, price: int = 100) -> None:
    """Creates a product and receives some of it, where the inventory service is real."""
    place = locations_pb2.CreateLocationRequest(code="shop", name="Shop", request_id="shop")
    await hub.call(hub.locations.CreateLocation, place)
    prices = products_pb2.Prices(retail_price_q=price)
    await hub.call(hub.products.CreateProduct, products_pb2.CreateProductRequest(sku=sku, name=sku, prices=prices))
    goods = [stock_pb2.ReceiveLine(sku=sku, qty=qty)]
    await hub.call(hub.goods.ReceiveStock, stock_pb2.ReceiveStockRequest(location="shop", lines=goods))


async def refused(call: Any) -> DomainError:
    """Returns what stands against a call."""
    with pytest.raises(DomainError) as refusal:
        await call
    return refusal.value
