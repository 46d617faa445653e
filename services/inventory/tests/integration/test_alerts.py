"""Alerts of low stock, and what may be sold instead."""

import asyncio
from typing import Any

import pytest

from comanda.inventory.events.v1.events_pb2 import StockLow, StockReplenished
from comanda.inventory.v1 import alerts_pb2 as pb
from comanda.inventory.v1 import products_pb2, stock_pb2
from comanda.types.v1.messaging_pb2 import Envelope
from inventory.operations.alerts import look
from kit.errors import Invalid, NotFound, Refused

OPEN, ACKNOWLEDGED, CLOSED = pb.ALERT_STATUS_OPEN, pb.ALERT_STATUS_ACKNOWLEDGED, pb.ALERT_STATUS_CLOSED


async def put(api: Any, sku: str = "coffee", **fields: str) -> None:
    """Sets settings of a shelf."""
    request = stock_pb2.SetStockSettingsRequest(sku=sku, location="main", **fields)
    await api.call(api.stock.SetStockSettings, request)


async def sweep(api: Any) -> bool:
    """Looks at what crossed its reorder point."""
    return await api.shop.database.run(lambda tx, _: look(tx))


async def alerts(api: Any, **fields: Any) -> list[tuple[str, int]]:
    """SKUs and statuses of alerts, newest first."""
    found = await api.call(api.alerts.ListAlerts, pb.ListAlertsRequest(**fields))
    return [(each.sku, each.status) for each in found.items]


async def told(api: Any) -> list[tuple[str, str, str]]:
    """The events of alerts: type, SKU, and what was available, oldest first."""
    rows = await api.shop.rows("select message from outbox where aggregate like 'alert/%' order by position")
    found = []
    for row in rows:
        wrapped = Envelope.FromString(row["message"])
        kind = next(kind for kind in (StockLow, StockReplenished) if kind.DESCRIPTOR.full_name == wrapped.type)
        event = kind.FromString(wrapped.payload)
        found.append((kind.__name__, event.sku, event.available))
    return found


async def test_an_alert_opens_once_and_closes_itself(api: Any) -> None:
    await api.shop.stock(coffee="10", tea="10")
    await put(api, reorder_point="5")
    await sweep(api)
    assert await alerts(api) == []
    await api.shop.hold("S1", coffee="5", tea="9")
    for _ in range(2):
        await sweep(api)
        assert await alerts(api) == [("coffee", OPEN)]
    await api.shop.hold("S2", coffee="1")
    await sweep(api)
    await api.shop.stock(coffee="1")
    await sweep(api)
    assert await alerts(api) == [("coffee", OPEN)]
    await api.shop.stock(coffee="1")
    await sweep(api)
    assert await alerts(api) == [("coffee", CLOSED)]
    assert await told(api) == [("StockLow", "coffee", "5.000"), ("StockReplenished", "coffee", "5.000")]
    await api.shop.hold("S3", coffee="3")
    await sweep(api)
    assert await alerts(api) == [("coffee", OPEN), ("coffee", CLOSED)]
    assert await alerts(api, status=[OPEN]) == [("coffee", OPEN)]
    assert await alerts(api, sku=["tea"]) == []


async def test_setting_and_taking_away_a_reorder_point_opens_and_closes(api: Any) -> None:
    await api.shop.stock(coffee="3")
    await put(api, reorder_point="3")
    await sweep(api)
    assert await alerts(api) == [("coffee", OPEN)]
    await put(api, reorder_point="")
    await sweep(api)
    assert await alerts(api) == [("coffee", CLOSED)]


async def test_stock_that_dipped_and_recovered_between_two_looks_alarms_nobody(api: Any) -> None:
    await api.shop.stock(coffee="10")
    await put(api, reorder_point="5")
    await api.shop.hold("S1", coffee="6")
    await api.shop.release(session="S1")
    await sweep(api)
    assert await alerts(api) == []
    assert await api.shop.rows("select from stock_crossings") == []


async def test_many_processes_open_one_alert_and_miss_none(api: Any, connect: Any) -> None:
    skus = [f"sku{n}" for n in range(12)]
    await api.shop.stock(**dict.fromkeys(skus, "10"))
    for sku in skus:
        await put(api, sku, reorder_point="5")
    others = [await connect() for _ in range(3)]

    async def keep_looking(database: Any) -> None:
        for _ in range(15):
            await database.run(lambda tx, _: look(tx))

    async def sell(sku: str) -> None:
        for n in range(3):
            await api.shop.hold(f"{sku}-{n}", **{sku: "3"})
        await api.shop.release(session=f"{sku}-1")

    await asyncio.gather(*(keep_looking(each) for each in others), *(sell(sku) for sku in skus))
    await sweep(api)
    assert sorted(await alerts(api, page_size=100, status=[OPEN])) == sorted((sku, OPEN) for sku in skus)
    assert len(await told(api)) == len(skus)


async def test_an_alert_is_acknowledged_until_it_closes(api: Any) -> None:
    await api.shop.stock(coffee="3")
    await put(api, reorder_point="3")
    await sweep(api)
    [row] = await api.shop.rows("select id from stock_alerts")
    request = pb.AcknowledgeAlertRequest(id=str(row["id"]))
    seen = (await api.call(api.alerts.AcknowledgeAlert, request)).alert
    assert (seen.status, seen.acknowledged_by, seen.HasField("acknowledged_at")) == (ACKNOWLEDGED, "key:test", True)
    assert (await api.call(api.alerts.AcknowledgeAlert, request)).alert == seen
    await api.shop.hold("S1", coffee="1")
    await sweep(api)
    assert await alerts(api) == [("coffee", ACKNOWLEDGED)]
    await api.shop.stock(coffee="9")
    await sweep(api)
    assert await alerts(api) == [("coffee", CLOSED)]
    with pytest.raises(Refused, match="alert_closed"):
        await api.call(api.alerts.AcknowledgeAlert, request)
    api.shop = await api.shop.neighbour()
    assert await alerts(api) == []
    with pytest.raises(NotFound):
        await api.call(api.alerts.AcknowledgeAlert, request)


async def instead(api: Any, sku: str = "coffee", **fields: Any) -> list[tuple[str, str]]:
    """What may be sold instead, and how much of it there is."""
    found = await api.call(api.products.GetAlternatives, products_pb2.GetAlternativesRequest(sku=sku, **fields))
    return [(each.sku, each.available) for each in found.items]


async def set_instead(api: Any, sku: str, *alternatives: str) -> None:
    """Sets what may be sold instead."""
    request = products_pb2.SetAlternativesRequest(sku=sku, alternatives=alternatives)
    await api.call(api.products.SetAlternatives, request)


async def test_what_is_there_may_be_sold_instead_of_what_is_not_best_first(api: Any) -> None:
    await api.shop.stock(coffee="0", decaf="4", tea="5", milk="0", juice="9")
    await api.shop.stock(location="spare", tea="2")
    await set_instead(api, "coffee", "tea", "milk", "decaf", "juice")
    await api.shop.hold("S1", tea="6")
    await put(api, "decaf", safety_stock="1")
    await api.call(api.products.UpdateProduct, products_pb2.UpdateProductRequest(sku="juice", is_active=False))
    assert await instead(api) == [("tea", "1.000"), ("decaf", "3.000")]
    assert await instead(api, location="main") == [("decaf", "3.000")]
    assert await instead(api, include_unavailable=True) == [
        ("tea", "1.000"), ("milk", "0.000"), ("decaf", "3.000"), ("juice", "0.000")
    ]  # fmt: skip
    await set_instead(api, "coffee", "decaf")
    assert await instead(api) == [("decaf", "3.000")]
    await set_instead(api, "coffee")
    assert await instead(api) == []
    with pytest.raises(NotFound):
        await instead(api, "ghost")


async def test_alternatives_that_make_no_sense_are_refused(api: Any) -> None:
    await api.shop.stock(coffee="0", tea="1")
    await set_instead(api, "coffee", "tea")
    with pytest.raises(Invalid, match="own_alternative"):
        await set_instead(api, "coffee", "coffee")
    with pytest.raises(Invalid, match="unknown_sku"):
        await set_instead(api, "coffee", "ghost")
    with pytest.raises(NotFound):
        await set_instead(api, "ghost", "tea")
    assert await instead(api) == [("tea", "1.000")]
