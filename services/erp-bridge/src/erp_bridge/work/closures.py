"""RF-002: closes purchase orders (source 002 1B.3), by what an account has for it; as a rule that is a person."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from erp_bridge.domain import closure as rules
from erp_bridge.domain.closure import Situation
from erp_bridge.domain.effect import State
from erp_bridge.omie import purchases, receipts
from erp_bridge.omie.answers import Answer, Kind
from erp_bridge.omie.client import Omie, OmieError
from erp_bridge.omie.purchases import PurchaseOrder
from erp_bridge.omie.values import bare_number
from erp_bridge.settings import OmieSettings
from erp_bridge.store import closures, effects
from erp_bridge.store.closures import Closure
from erp_bridge.work.ledger import Ledger
from kit.db import Database, Tx
from kit.errors import Unavailable

LOG = structlog.get_logger()
CLOSE, ASSOCIATE, CONCLUDE = "purchase_order.close", "receipt.associate", "receipt.conclude"
LOST = (Kind.UNKNOWN, Kind.REDUNDANT)
KNOWN_STATUSES = ("Encerrado", "Fechado")
WATCHED = 500


@dataclass(frozen=True, slots=True)
class Ending:
    """What a run came to: done, or waiting for a person to close the order with that id."""

    details: dict[str, Any] = field(default_factory=dict)
    waits_for: int = 0


class Closures:
    """Runs closures, and watches those that wait for a person."""

    def __init__(self, database: Database, omie: Omie, settings: OmieSettings) -> None:
        self._database = database
        self._omie = omie
        self._settings = settings
        self._have_closed: set[UUID] = set()
        """Businesses of whose orders some are known to be closed."""
        self._finding_out = asyncio.Lock()
        if settings.po_close_call and settings.po_close_status not in KNOWN_STATUSES:
            LOG.warning("unusual status for closed purchase orders", status=settings.po_close_status)

    async def run(self, case: Closure) -> None:
        """Runs a claimed closure to its end, or until it needs a person, and notes that."""
        try:
            ending = await (self._directly(case) if self._settings.po_close_call else self._as_case(case))
        except OmieError as error:
            held_back = error.kind is Kind.HELD_BACK
            await self._finish(case, error.text, {}, may_pass=error.may_pass, held_back=held_back)
        except Unavailable:
            raise  # The lease runs out, and somebody goes on.
        except Exception as error:
            LOG.exception("closure failed", closure=str(case.id))
            await self._finish(case, f"Erro inesperado: {type(error).__name__}", {})
        else:
            await (self._hand_over(case, ending) if ending.waits_for else self._finish(case, "", ending.details))

    async def _finish(self, case: Closure, error: str, details: dict[str, Any], **more: bool) -> None:
        async def work(tx: Tx, _: object) -> None:
            await closures.finish(tx, case, error, details, **more)
            if not error:
                await effects.found(tx, case.business_id, CLOSE, [str(case.id)])

        await self._database.run(work)

    async def _situation(self, business: UUID, order: int) -> Situation:
        """Returns how an order stands; once a business has closed orders, these are searched first.

        Until that is known one asks at a time, so that at most one finds out by an empty answer.
        """
        if business in self._have_closed:
            return await purchases.situation(self._omie, order, closed_first=True)
        async with self._finding_out:
            found = await purchases.situation(self._omie, order, closed_first=business in self._have_closed)
            if found is Situation.CLOSED:
                self._have_closed.add(business)
            return found

    async def _hand_over(self, case: Closure, ending: Ending) -> None:
        place = (case.numero_pedido, case.item_pedido, case.numero_nf_servico, case.id_nf_servico)
        text = rules.instruction(*place)
        details = {"status_anterior": Situation.OPEN, "mensagem": text, **ending.details}
        await _ledger(self._database, case).note(CLOSE, str(case.id), {"nCodPed": ending.waits_for}, State.NEEDS_PERSON)
        await self._database.run(lambda tx, _: closures.hand_over(tx, case, ending.waits_for, text, details))

    async def _directly(self, case: Closure) -> Ending:
        """Closes an order by the call that the account has, unless it is closed already."""
        settings, number = self._settings, case.numero_pedido
        before = await purchases.status_text(self._omie, settings.po_consult_call, number)
        if before.lower() in rules.CLOSED_WORDS:
            return Ending({"mensagem": rules.ALREADY, "status_anterior": before})
        ledger, code = _ledger(self._database, case), str(case.id)
        await ledger.send(CLOSE, code, {"cNumero": number, "cStatus": settings.po_close_status})

        async def act() -> dict[str, Any]:
            service, status = settings.po_close_endpoint.strip("/"), settings.po_close_status
            return await purchases.close(self._omie, service, settings.po_close_call, number, status, case.item_pedido)

        async def is_done() -> bool:
            now = await purchases.status_text(self._omie, settings.po_consult_call, number)
            return now.lower() in rules.CLOSED_WORDS

        answer = await _surely(ledger, CLOSE, code, act, is_done)
        novel = {"status_novo": settings.po_close_status, "item_encerrado": case.item_pedido, "resultado_api": answer}
        return Ending({"status_anterior": before, **novel})

    async def _as_case(self, case: Closure) -> Ending:
        """Closes an order without a call for it: it is over already, a receipt of its goods can be booked, or a person does it."""
        order = await purchases.consult(self._omie, case.numero_pedido)
        if ended := _ended(await self._situation(case.business_id, order.id)):
            return Ending(ended)
        details = await self._by_receipt(case, order)
        if details.get("id_recebimento") and await self._situation(case.business_id, order.id) is Situation.RECEIVED:
            return Ending({"status_anterior": Situation.OPEN, "status_novo": Situation.RECEIVED, **details})
        return Ending(details, waits_for=order.id)

    async def _by_receipt(self, case: Closure, order: PurchaseOrder) -> dict[str, Any]:
        """Books the receipt that the invoice's id names, if it is one that delivers the order; returns the evidence."""
        try:
            receipt = await receipts.consult(self._omie, case.id_nf_servico, fresh=True, may_lack=True)
        except OmieError as error:
            if error.kind is Kind.HELD_BACK:
                return {"recebimento_consultado": False}
            # As a rule the invoice is one of services, which no receipt has.
            if error.kind is Kind.NOT_FOUND:
                return {}
            raise
        header = receipt.get("cabec") or {}
        matches = rules.matches(receipt.get("itensRecebimento") or [], order.items, case.item_pedido)
        if bare_number(header.get("cNumeroNFe")) != bare_number(case.numero_nf_servico) or not matches:
            return {}
        if header.get("cEtapa") == rules.TO_RECEIVE:
            await self._book(case, order, [(each.sequence, each.item) for each in matches])
        return {"id_recebimento": case.id_nf_servico, "itens_associados": len(matches)}

    async def _book(self, case: Closure, order: PurchaseOrder, matches: list[tuple[int, int]]) -> None:
        ledger, receipt = _ledger(self._database, case), case.id_nf_servico

        async def is_associated() -> bool:
            found = await receipts.consult(self._omie, receipt, fresh=True)
            heads = [each["itensCabec"] for each in found.get("itensRecebimento") or []]
            there = {int(head["nSequencia"]) for head in heads if head.get("nIdPedido") == order.id}
            return {sequence for sequence, _ in matches} <= there

        async def is_concluded() -> bool:
            found = await receipts.consult(self._omie, receipt, fresh=True)
            return bool((found.get("cabec") or {}).get("cEtapa") != rules.TO_RECEIVE)

        await ledger.send(ASSOCIATE, str(receipt), {"nIdReceb": receipt, "nCodPed": order.id})
        await _surely(
            ledger,
            ASSOCIATE,
            str(receipt),
            lambda: purchases.associate(self._omie, receipt, order.id, matches),
            is_associated,
        )
        await ledger.send(CONCLUDE, str(receipt), {"nIdReceb": receipt})
        await _surely(ledger, CONCLUDE, str(receipt), lambda: purchases.conclude(self._omie, receipt), is_concluded)

    async def ask_for_receipts(self, business: UUID) -> None:
        """Lets a case of a business go on whose receipt was not looked for, when there are errors to spare for that."""
        if await receipts.may_ask_for_what_may_lack(self._omie):
            await self._database.run(lambda tx, _: closures.resume(tx, business))

    async def watch(self, business: UUID) -> None:
        """Looks whether persons have closed what of a business waits for them."""
        cases = await self._database.read(lambda tx: closures.waiting(tx, business, WATCHED))
        if not cases:
            return
        try:
            still_open = await purchases.open_down_to(self._omie, min(case.n_cod_ped or 0 for case in cases))
            for case in [each for each in cases if each.n_cod_ped not in still_open]:
                await self.look(case)
        except OmieError as error:
            LOG.info("cannot look for closed purchase orders", error=str(error))

    async def look(self, case: Closure) -> None:
        """Ends a case that waits for a person, if the ERP shows that the order is no longer open. Raises OmieError."""
        now = await self._situation(case.business_id, case.n_cod_ped or 0)
        if now is Situation.OPEN:
            return
        error = CANCELLED if now is Situation.CANCELLED else ""
        details = {
            "status_novo": now,
            "mensagem": CANCELLED if error else f"A Omie mostra o pedido como {now.lower()}.",
        }

        async def work(tx: Tx, _: object) -> None:
            if await closures.witness(tx, case, error, details):
                state = State.FAILED if error else State.CONFIRMED
                effects.settle(tx, case.business_id, CLOSE, str(case.id), state, error=error)

        await self._database.run(work)


CANCELLED = "O pedido de compra está cancelado na Omie."


def _ended(situation: Situation) -> dict[str, Any]:
    """Returns what to note of an order that is over already, nothing of an open one; raises OmieError for a cancelled one."""
    if situation is Situation.CANCELLED:
        raise OmieError("PesquisarPedCompra", Answer(Kind.VALIDATION, text=CANCELLED))
    texts = {Situation.CLOSED: rules.ALREADY, Situation.RECEIVED: "Pedido já estava recebido"}
    text = texts.get(situation)
    return {"mensagem": text, "status_anterior": situation} if text else {}


def _ledger(database: Database, case: Closure) -> Ledger:
    return Ledger(database, case.business_id, f"closure/{case.id}")


async def _surely(
    ledger: Ledger,
    kind: str,
    code: str,
    act: Callable[[], Awaitable[dict[str, Any]]],
    is_done: Callable[[], Awaitable[bool]],
) -> dict[str, Any]:
    """Acts; when the answer gets lost, finds out whether it was done. Raises OmieError when it was not, or nobody knows."""
    try:
        answer = await act()
    except OmieError as error:
        state = State.IN_DOUBT if error.kind in LOST else State.FAILED
        await ledger.settle(kind, code, state, error=error.text)
        if error.kind not in LOST or not await is_done():
            raise
        answer = {"cCodStatus": "0", "cDescStatus": "Confirmado por consulta."}
    await ledger.settle(kind, code, State.CONFIRMED, answer)
    return answer
