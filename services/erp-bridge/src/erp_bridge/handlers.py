"""Work that other services ask for: a directive is done when its log is open, and the log has the rest of the story."""

from collections.abc import Sequence

from comanda.erp.directives.v1 import directives_pb2 as directives
from erp_bridge.domain import attachment
from erp_bridge.domain.attachment import PAYABLE, RECEIPT, Owner, Pair
from erp_bridge.operations import closures, transfers
from kit.consumer import Received
from kit.db import Tx
from kit.directives import Settled, done, executes


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
