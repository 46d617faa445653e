"""AttachmentService."""

import asyncio
from typing import Any
from uuid import UUID

from google.protobuf.struct_pb2 import Struct

from comanda.erp.v1 import attachments_pb2 as pb
from comanda.erp.v1 import attachments_pb2_grpc
from erp_bridge import messages
from erp_bridge.domain import attachment
from erp_bridge.domain.attachment import PAYABLE, RECEIPT, Owner, Pair
from erp_bridge.omie import receipts
from erp_bridge.omie.client import Omie, OmieError
from erp_bridge.operations import transfers as operations
from erp_bridge.queries import transfers as lists
from erp_bridge.service.refusals import refusal
from erp_bridge.store import transfers
from erp_bridge.store.transfers import Transfer
from erp_bridge.texts import words
from erp_bridge.work.accounts import Accounts
from erp_bridge.work.worker import PATIENCE_SECONDS, Worker
from kit.call import current
from kit.db import Database, Tx
from kit.rpc import answer, rpc


class AttachmentService(attachments_pb2_grpc.AttachmentServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, accounts: Accounts, worker: Worker[Transfer]) -> None:
        self.database = database
        self._accounts = accounts
        self._worker = worker

    async def TransferAttachments(
        self, request: pb.TransferAttachmentsRequest, _: Any
    ) -> pb.TransferAttachmentsResponse:
        business = current.get().identity.business_id
        await self._accounts.of(business)
        asked = await answer(self, _ask, request)
        transfer = UUID(asked.log_id)
        if request.assincrono:
            await self._worker.start(business, transfer)
            return asked
        ended = await self._worker.settled(business, transfer, PATIENCE_SECONDS)
        return messages.outcome(ended, current.get().language)

    async def TriggerTransferByIntegration(
        self, request: pb.TriggerTransferByIntegrationRequest, _: Any
    ) -> pb.TriggerTransferByIntegrationResponse:
        account = await self._accounts.of(current.get().identity.business_id)
        number, payables = request.numero_nf, [request.destino_id]
        if not request.HasField("destino_id"):
            number, payables = await _of_receipt(account.omie, request)

        async def note(_: Any, tx: Tx, __: Any) -> pb.TriggerTransferByIntegrationResponse:
            pairs = [Pair(Owner(RECEIPT, request.origem_id), Owner(PAYABLE, payable)) for payable in payables]
            asked = [await operations.ask(tx, tx.business, pair, number, again=False) for pair in pairs]
            return pb.TriggerTransferByIntegrationResponse(
                items=[messages.transfer(each, current.get().language) for each in asked]
            )

        response = await answer(self, note, request)
        if not request.somente_mapear:
            for each in response.items:
                await self._worker.start(current.get().identity.business_id, UUID(each.id))
        return response

    async def ProcessPendingTransfers(
        self, request: pb.ProcessPendingTransfersRequest, _: Any
    ) -> pb.ProcessPendingTransfersResponse:
        self._accounts.check_configured()
        waiting: list[UUID] = []

        async def reopen(_: Any, tx: Tx, __: Any) -> pb.ProcessPendingTransfersResponse:
            waiting[:] = await transfers.reopen(tx)
            return pb.ProcessPendingTransfersResponse(total_processados=len(waiting), em_andamento=len(waiting))

        response = await answer(self, reopen, request)
        business = current.get().identity.business_id
        ended = await asyncio.gather(*(self._worker.settled(business, each, PATIENCE_SECONDS) for each in waiting))
        if not waiting:
            return response
        states = [each.status for each in ended]
        succeeded, failed = states.count("success"), states.count("failed")
        return pb.ProcessPendingTransfersResponse(
            total_processados=len(states),
            sucessos=succeeded,
            falhas=failed,
            em_andamento=len(states) - succeeded - failed,
        )

    async def IncludeAttachment(self, request: pb.IncludeAttachmentRequest, _: Any) -> pb.IncludeAttachmentResponse:
        account = await self._accounts.of(current.get().identity.business_id)
        try:
            reply = await account.inclusion.include(request)
        except OmieError as error:
            raise refusal(error) from error
        message = Struct()
        message.update(reply)
        return pb.IncludeAttachmentResponse(reply=message)

    @rpc
    async def GetAttachmentTransfer(
        self, tx: Tx, request: pb.GetAttachmentTransferRequest
    ) -> pb.GetAttachmentTransferResponse:
        found = await transfers.one(tx, tx.business, UUID(request.id))
        return pb.GetAttachmentTransferResponse(transfer=messages.transfer(found, current.get().language))

    @rpc
    async def ListAttachmentTransfers(
        self, tx: Tx, request: pb.ListAttachmentTransfersRequest
    ) -> pb.ListAttachmentTransfersResponse:
        return await lists.transfers(tx, request)


async def _of_receipt(omie: Omie, request: pb.TriggerTransferByIntegrationRequest) -> tuple[str, list[int]]:
    try:
        number, payables = await receipts.payables(omie, request.origem_id)
    except OmieError as error:
        raise refusal(error) from error
    return request.numero_nf or number, payables


async def _ask(_: Any, tx: Tx, request: pb.TransferAttachmentsRequest) -> pb.TransferAttachmentsResponse:
    origin = Owner(attachment.table(request.origem_tabela, RECEIPT), request.origem_id)
    destination = Owner(attachment.table(request.destino_tabela, PAYABLE), request.destino_id)
    response = messages.outcome(
        await operations.ask(tx, tx.business, Pair(origin, destination)), current.get().language
    )
    response.assincrono = request.assincrono
    if request.assincrono:
        response.mensagem = words("transfer_started", current.get().language)
    return response
