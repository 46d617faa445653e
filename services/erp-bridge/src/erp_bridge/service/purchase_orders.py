"""PurchaseOrderService."""

import asyncio
from typing import Any
from uuid import UUID

from comanda.erp.v1 import purchase_orders_pb2 as pb
from comanda.erp.v1 import purchase_orders_pb2_grpc
from erp_bridge import messages
from erp_bridge.omie.client import OmieError
from erp_bridge.operations import closures as operations
from erp_bridge.queries import closures as lists
from erp_bridge.store import closures
from erp_bridge.store.closures import Closure
from erp_bridge.texts import words
from erp_bridge.work.accounts import Account, Accounts
from erp_bridge.work.worker import PATIENCE_SECONDS, Worker
from kit.call import current
from kit.db import Database, Tx
from kit.rpc import answer, rpc


class PurchaseOrderService(purchase_orders_pb2_grpc.PurchaseOrderServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, accounts: Accounts, worker: Worker[Closure]) -> None:
        self.database = database
        self._accounts = accounts
        self._worker = worker

    async def ClosePurchaseOrder(self, request: pb.ClosePurchaseOrderRequest, _: Any) -> pb.ClosePurchaseOrderResponse:
        business = current.get().identity.business_id
        account = await self._accounts.of(business)
        asked = await answer(self, _ask, request)
        case = UUID(asked.log_id)
        if request.assincrono:
            await self._worker.start(business, case)
            return asked
        closure = await self._settled(account, business, case)
        return messages.closing(closure, request.numero_pedido, current.get().language)

    async def _settled(self, account: Account, business: UUID, case: UUID) -> Closure:
        """Returns a case once it has ended, or waits for a person and was looked at anew."""
        waited = (await self.database.read(lambda tx: closures.one(tx, business, case))).waits_for_person
        found = await self._worker.settled(business, case, PATIENCE_SECONDS)
        if not (waited and found.waits_for_person):
            return found
        try:
            await account.closures.look(found)
        except OmieError:
            return found  # The watch will look again.
        return await self.database.read(lambda tx: closures.one(tx, business, case))

    async def ReprocessFailedClosures(
        self, request: pb.ReprocessFailedClosuresRequest, _: Any
    ) -> pb.ReprocessFailedClosuresResponse:
        self._accounts.check_configured()
        failed: list[UUID] = []

        async def reopen(_: Any, tx: Tx, __: Any) -> pb.ReprocessFailedClosuresResponse:
            failed[:] = await closures.reopen(tx)
            return pb.ReprocessFailedClosuresResponse(total_reprocessados=len(failed), em_andamento=len(failed))

        response = await answer(self, reopen, request)
        business = current.get().identity.business_id
        ended = await asyncio.gather(*(self._worker.settled(business, each, PATIENCE_SECONDS) for each in failed))
        if not failed:
            return response
        states = [each.status for each in ended]
        succeeded, still_failed = states.count("success"), states.count("failed")
        return pb.ReprocessFailedClosuresResponse(
            total_reprocessados=len(states),
            sucessos=succeeded,
            falhas=still_failed,
            em_andamento=len(states) - succeeded - still_failed,
        )

    @rpc
    async def GetClosure(self, tx: Tx, request: pb.GetClosureRequest) -> pb.GetClosureResponse:
        found = await closures.one(tx, tx.business, UUID(request.id))
        return pb.GetClosureResponse(closure=messages.closure(found, current.get().language))

    @rpc
    async def ListClosures(self, tx: Tx, request: pb.ListClosuresRequest) -> pb.ListClosuresResponse:
        return await lists.closures(tx, request)


async def _ask(_: Any, tx: Tx, request: pb.ClosePurchaseOrderRequest) -> pb.ClosePurchaseOrderResponse:
    place = (request.numero_pedido, request.item_pedido, request.numero_nf_servico, request.id_nf_servico)
    case = await operations.ask(tx, tx.business, *place)
    response = messages.closing(case, request.numero_pedido, current.get().language)
    response.assincrono = request.assincrono
    if request.assincrono:
        response.mensagem = words("closure_started", current.get().language)
    return response
