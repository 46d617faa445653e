"""One short function per event."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from comanda.sales.events.v1 import events_pb2 as sales
from comanda.types.v1 import messaging_pb2
from kit.consumer import Handler, Received, on
from kit.db import Tx
from kit.signals import Signals
from orders.operations import settlement
from orders.store import channels as store


def handlers(signals: Signals) -> Sequence[Handler[Any]]:
    """Returns the handlers; whoever waits for a session's checks is woken through the signals."""

    @on(messaging_pb2.DirectiveSettled)
    async def settle(tx: Tx, batch: list[Received[messaging_pb2.DirectiveSettled]]) -> None:
        if checked := await settlement.settle(tx, batch):
            tx.committed.append(partial(signals.tell, checked))

    @on(sales.BusinessCreated)
    async def remember_business(tx: Tx, batch: list[Received[sales.BusinessCreated]]) -> None:
        known = {each.business: each.message for each in batch}
        zones = [message.timezone for message in known.values()]
        currencies = [message.currency for message in known.values()]
        await tx.connection.execute(store.UPSERT_BUSINESSES, list(known), zones, currencies)

    return [settle, remember_business]
