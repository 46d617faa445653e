"""Keeps orders in the ERP as they are here: books them, moves and cancels them, and brings back what happens to them there."""

from collections.abc import Awaitable, Callable
from typing import Any, cast
from uuid import UUID

import structlog

from comanda.erp.events.v1 import events_pb2 as events
from erp_bridge.domain import booking, export
from erp_bridge.domain import customer as buyers
from erp_bridge.domain.booking import Sale
from erp_bridge.domain.effect import State as Effect
from erp_bridge.domain.export import CANCELLED_STATUS, State
from erp_bridge.domain.mapping import PRODUCT, Missing
from erp_bridge.omie import sales_orders
from erp_bridge.omie.answers import Kind
from erp_bridge.omie.api.pedido import SalesOrder as SalesOrderFields
from erp_bridge.omie.client import Omie, OmieError
from erp_bridge.omie.sales_orders import SalesOrder
from erp_bridge.omie.values import ZONE
from erp_bridge.settings import OmieSettings
from erp_bridge.store import effects, orders
from erp_bridge.store.orders import ErpOrder
from erp_bridge.work.ledger import Ledger
from erp_bridge.work.placing import Placing
from kit import outbox
from kit.db import Database, Tx
from kit.errors import DomainError, Unavailable

LOG = structlog.get_logger()
INCLUDE, MOVE, CANCEL = "order.include", "order.stage", "order.cancel"
LOST = (Kind.UNKNOWN, Kind.REDUNDANT)
LOOKS = 10
CONFIRMED_BY_QUESTION = {"descricao_status": "Confirmado por consulta."}


class NeedsPerson(Exception):
    """Only a person at the ERP's screen can go on."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Orders:
    """Runs the records of orders, and looks how the ERP shows them."""

    def __init__(self, database: Database, omie: Omie, settings: OmieSettings) -> None:
        self._database = database
        self._omie = omie
        self._look_seconds = settings.order_look_seconds
        self._redundant_seconds = settings.pace.redundant.total_seconds()
        self._placing = Placing(database, omie)

    async def run(self, order: ErpOrder) -> None:
        """Runs a claimed record to its end, or until something holds it up, and notes that."""
        try:
            state = await self._carried(order)
        except Missing as missing:
            await self._finish(order, State.NEEDS_MAPPING, code="mapping_missing", missing=missing.places)
        except NeedsPerson as needs:
            await self._finish(order, State.NEEDS_PERSON, code=needs.code)
        except OmieError as error:
            await self._held_up(order, error)
        except Unavailable:
            raise  # The lease runs out, and somebody goes on.
        except DomainError as error:
            await self._finish(order, State.FAILED, code=error.code)
        except Exception as error:
            LOG.exception("booking failed", order=order.ref)
            await self._finish(order, State.FAILED, code="internal", error=type(error).__name__)
        else:
            await self._finish(order, state, look_after=self._look_seconds)

    async def _finish(self, order: ErpOrder, state: State, **more: Any) -> None:
        await self._database.run(lambda tx, _: orders.finish(tx, order, state, **more))

    async def _held_up(self, order: ErpOrder, error: OmieError) -> None:
        told = {"code": "omie_refused", "error": error.text}
        if error.kind is Kind.CLOSED_PERIOD:
            await self._finish(order, State.NEEDS_PERSON, **told)
        elif error.may_pass:
            # Before that, the same write would be refused as redundant (omie-api.md 3).
            least = self._redundant_seconds if error.kind in LOST else export.pause(order.attempts)
            pause = max(error.wait, least)
            held_back = error.kind is Kind.HELD_BACK
            await self._finish(
                order, State.PENDING, code="omie_unavailable", error=error.text, pause=pause, held_back=held_back
            )
        else:
            # What was remembered of the products may be why.
            self.forget_products(order.business_id)
            await self._finish(order, State.FAILED, **told)

    async def _carried(self, order: ErpOrder) -> State:
        """Makes the ERP's order what ours is. Raises Missing, NeedsPerson, OmieError, or Refused."""
        is_cancelled = order.order_status == CANCELLED_STATUS
        there = await self._there(order)
        if there is None and is_cancelled:
            return State.CANCELLED
        if there is None:
            there = await self._booked(order)
        if is_cancelled:
            await self._cancelled(order, there)
            return State.CANCELLED
        if there.is_cancelled:
            raise NeedsPerson("cancelled_in_erp")
        if not there.is_invoiced:
            await self._moved(order, there)
        return State.CONFIRMED

    async def _there(self, order: ErpOrder) -> SalesOrder | None:
        """Returns the ERP's order where there is one, also when nobody heard that it was made. Raises OmieError."""
        if order.external_id:
            invoiced = bool(order.invoices)
            return SalesOrder(order.external_id, order.external_number, order.stage, order.is_cancelled, invoiced)
        sent = await self._ledger(order).known(INCLUDE, order.ref)
        if sent is None or sent["state"] == Effect.FAILED:
            return None
        found = await sales_orders.find(self._omie, order.ref)
        if found:
            await self._note_booked(order, found, CONFIRMED_BY_QUESTION)
        return found

    async def _booked(self, order: ErpOrder) -> SalesOrder:
        sold = _sale(order)
        place = await self._placing.place(order, sold)
        wanted = booking.order(sold, place)
        await self._database.run(lambda tx, _: orders.note_customer(tx, order, place.customer))
        await self._ledger(order).send(INCLUDE, order.ref, wanted)
        try:
            answer = await sales_orders.include(self._omie, cast("SalesOrderFields", wanted))
        except OmieError as error:
            await self._unsettled(order, INCLUDE, order.ref, error)
            found = await sales_orders.find(self._omie, order.ref) if error.kind in (*LOST, Kind.DUPLICATE) else None
            if found is None:
                raise
            answer = CONFIRMED_BY_QUESTION
        else:
            found = sales_orders.included(answer, place.stage)
        await self._note_booked(order, found, answer)
        return found

    async def _note_booked(self, order: ErpOrder, found: SalesOrder, answer: dict[str, Any]) -> None:
        event = events.OrderBooked(order_ref=order.ref, external_id=found.id, external_number=found.number)

        async def work(tx: Tx, _: object) -> None:
            if await orders.booked(tx, order, found.id, found.number, found.stage):
                outbox.add(tx, f"erp/{order.ref}", event, business=order.business_id)
            effects.settle(tx, order.business_id, INCLUDE, order.ref, Effect.CONFIRMED, answer)

        await self._database.run(work)

    async def _moved(self, order: ErpOrder, there: SalesOrder) -> None:
        """Moves an order to the stage that belongs to its status, where that is another one."""
        sold = _sale(order)
        known = await self._placing.mappings(order, sold, buyers.of_order(sold.handle_type, sold.handle_ref, sold.data))
        stage = known.stage(order.channel_code, order.order_status)
        if not stage or stage == there.stage:
            return

        async def act() -> dict[str, Any]:
            return await sales_orders.move(self._omie, there.id, stage)

        async def is_done(now: SalesOrder) -> bool:
            # Whoever has invoiced it, or cancelled it, has taken it out of our hands.
            return now.stage == stage or now.is_invoiced or now.is_cancelled

        if await self._surely(order, there.id, MOVE, f"{order.ref}/{stage}", {"etapa": stage}, act, is_done):
            await self._database.run(lambda tx, _: orders.moved(tx, order, stage))

    async def _cancelled(self, order: ErpOrder, there: SalesOrder) -> None:
        """Cancels the ERP's order. Raises NeedsPerson where it is invoiced: the invoice is to be cancelled first."""
        if there.is_cancelled:
            return
        if there.is_invoiced:
            raise NeedsPerson("invoiced_in_erp")

        async def act() -> dict[str, Any]:
            return await sales_orders.cancel(self._omie, there.id)

        async def is_done(now: SalesOrder) -> bool:
            if now.is_invoiced and not now.is_cancelled:
                raise NeedsPerson("invoiced_in_erp")
            return now.is_cancelled

        if await self._surely(order, there.id, CANCEL, order.ref, {"nCodPed": there.id}, act, is_done):
            await self._note(order, SalesOrder(there.id, there.number, there.stage, is_cancelled=True))

    async def _surely(
        self,
        order: ErpOrder,
        external: int,
        kind: str,
        code: str,
        intent: dict[str, Any],
        act: Callable[[], Awaitable[dict[str, Any]]],
        is_done: Callable[[SalesOrder], Awaitable[bool]],
    ) -> bool:
        """Acts on a booked order. Where the ERP refuses or its answer gets lost, looks whether that is because it is done already.

        Returns whether it was we who did it. Raises OmieError.
        """
        await self._ledger(order).send(kind, code, intent)
        try:
            answer = await act()
        except OmieError as error:
            await self._unsettled(order, kind, code, error)
            if error.kind not in (*LOST, Kind.VALIDATION, Kind.DUPLICATE):
                raise
            now = await self.look(order)
            if not await is_done(now):
                raise
            await self._ledger(order).settle(kind, code, Effect.CONFIRMED, CONFIRMED_BY_QUESTION)
            return False
        await self._ledger(order).settle(kind, code, Effect.CONFIRMED, answer)
        return True

    async def _unsettled(self, order: ErpOrder, kind: str, code: str, error: OmieError) -> None:
        lost = error.kind in (*LOST, Kind.DUPLICATE)
        state = Effect.IN_DOUBT if lost else Effect.NEEDS_PERSON if error.kind is Kind.CLOSED_PERIOD else Effect.FAILED
        await self._ledger(order).settle(kind, code, state, error=error.text)

    async def products_changed(self, business: UUID) -> int:
        """Takes up the orders that wait for a product, and returns how many."""
        self.forget_products(business)

        async def work(tx: Tx, _: object) -> int:
            return await orders.take_up(tx, business, [State.NEEDS_MAPPING], lacking=PRODUCT)

        return await self._database.run(work)

    def forget_products(self, business: UUID) -> None:
        """Lets the ERP be asked again for products: somebody says that something has changed."""
        self._placing.products.forget(business)

    async def watch(self, business: UUID) -> None:
        """Looks at some of the orders of a business that wait for an invoice."""
        waiting = await self._database.run(lambda tx, _: orders.to_look_at(tx, business, LOOKS, self._look_seconds))
        try:
            for order in waiting:
                await self.look(order)
        except OmieError as error:
            LOG.info("cannot look at orders", error=str(error))

    async def look(self, order: ErpOrder) -> SalesOrder:
        """Reads how the ERP shows a booked order, notes it, and tells of what is new. Raises OmieError."""
        if not order.external_id:
            raise AssertionError("only what is booked can be looked at")
        now = await sales_orders.status(self._omie, order.external_id, order.ref)
        await self._note(order, now)
        return now

    async def _note(self, order: ErpOrder, now: SalesOrder) -> None:
        async def work(tx: Tx, _: object) -> None:
            invoices = [dict(each) for each in now.invoices]
            before = await orders.seen(tx, order, now.stage, invoices, is_cancelled=now.is_cancelled)
            if before is None:
                return
            known = {each["access_key"] for each in before.invoices}
            told = [_invoiced(order, now.id, each) for each in invoices if each["access_key"] not in known]
            if now.is_cancelled and not before.is_cancelled:
                by_person = before.order_status != CANCELLED_STATUS
                told.append(events.OrderCancelledInErp(order_ref=order.ref, external_id=now.id, by_person=by_person))
                # Whoever looks at the record is to see that the two differ.
                await orders.reopen(tx, order)
            outbox.add(tx, f"erp/{order.ref}", *told, business=order.business_id)

        await self._database.run(work)

    def _ledger(self, order: ErpOrder) -> Ledger:
        return Ledger(self._database, order.business_id, f"order/{order.ref}")


def _sale(order: ErpOrder) -> Sale:
    return booking.sale(order.ref, order.channel_code, order.content, ZONE)


def _invoiced(order: ErpOrder, external: int, invoice: dict[str, str]) -> Any:
    names = ("number", "series", "access_key", "danfe_url")
    return events.OrderInvoiced(order_ref=order.ref, external_id=external, **{name: invoice[name] for name in names})
