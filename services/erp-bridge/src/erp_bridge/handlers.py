"""Work that other services ask for: a directive is done when its log is open, and the log has the rest of the story."""

from collections.abc import Sequence
from typing import Any

from comanda.erp.directives.v1 import directives_pb2 as directives
from comanda.orders.events.v1 import events_pb2 as order_events
from comanda.sales.events.v1 import sales_pb2 as sale_events
from erp_bridge.domain import attachment
from erp_bridge.domain.attachment import PAYABLE, RECEIPT, Owner, Pair
from erp_bridge.operations import closures, orders, sales, transfers
from kit.consumer import Handler, Received, on
from kit.db import Tx
from kit.directives import Settled, done, executes, failed

DATA_UPDATED = "data_updated"
NO_ORDER = "The directive came without its order."


@executes(directives.TransferAttachments)
async def transfer_attachments(tx: Tx, batch: list[Received[directives.TransferAttachments]]) -> Sequence[Settled]:
    """Opens transfers; a pair that has been copied is not copied again."""
    for received in batch:
        asked = received.message
        origin = Owner(attachment.table(asked.origem_tabela, RECEIPT), asked.origem_id)
        destination = Owner(attachment.table(asked.destino_tabela, PAYABLE), asked.destino_id)
        await transfers.ask(tx, received.business, Pair(origin, destination), asked.numero_nf, again=False)
    return [done()] * len(batch)


@executes(directives.ClosePurchaseOrder)
async def close_purchase_order(tx: Tx, batch: list[Received[directives.ClosePurchaseOrder]]) -> Sequence[Settled]:
    """Opens cases of closures."""
    for received in batch:
        asked = received.message
        place = (asked.numero_pedido, asked.item_pedido, asked.numero_nf_servico, asked.id_nf_servico)
        await closures.ask(tx, received.business, *place)
    return [done()] * len(batch)


@executes(directives.ExportOrder)
async def export_order(tx: Tx, batch: list[Received[directives.ExportOrder]]) -> Sequence[Settled]:
    """Opens the records of orders in the ERP; one that has a record is taken up again."""
    await orders.ask(tx, [(each.business, each.message) for each in batch if each.message.HasField("order")])
    return [done() if each.message.HasField("order") else failed("order_missing", NO_ORDER) for each in batch]


@on(order_events.OrderStatusChanged)
async def follow_status(tx: Tx, batch: list[Received[order_events.OrderStatusChanged]]) -> None:
    """Lets the ERP's orders follow ours."""
    await orders.follow(tx, [(each.business, each.message) for each in batch])


@on(order_events.OrderEventRecorded)
async def follow_data(tx: Tx, batch: list[Received[order_events.OrderEventRecorded]]) -> None:
    """Lets what is not booked yet be booked with its data as they are now."""
    await orders.follow_data(tx, [(each.business, each.message) for each in batch if each.message.type == DATA_UPDATED])


@on(sale_events.SaleCompleted)
async def book_sale(tx: Tx, batch: list[Received[sale_events.SaleCompleted]]) -> None:
    """Books sales at the counter."""
    await sales.ask(tx, [(each.business, each.message) for each in batch])


@on(sale_events.SaleCancelled)
async def cancel_sale(tx: Tx, batch: list[Received[sale_events.SaleCancelled]]) -> None:
    """Lets the ERP's order of a sale follow it."""
    await sales.follow(tx, [(each.business, each.message) for each in batch])


FOLLOWING: Sequence[Handler[Any]] = (follow_status, follow_data, book_sale, cancel_sale)
"""What only a bridge with an account has to hear."""
