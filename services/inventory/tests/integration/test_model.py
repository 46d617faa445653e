"""Random calls, one after the other: every answer, every level, and every reservation is what the model says."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from stock_model import PLACES, Hold, Model, Part, Refusal

from comanda.inventory.v1 import reservations_pb2 as pb
from comanda.inventory.v1 import stock_pb2, transfers_pb2
from kit.errors import DomainError

EXAMPLES, STEPS_EACH = 25, 40
SEED = int(os.environ["COMANDA_TEST_SEED"])
STEPS = {"coffee": Decimal(1), "milk": Decimal("0.5")}
SKU = st.sampled_from(sorted(STEPS))
PLACE = st.sampled_from(PLACES)
UNITS = st.integers(1, 6).map(Decimal)
QTY = st.one_of(UNITS, UNITS, st.integers(1, 8).map(lambda halves: Decimal(halves) / 2))
LINES = st.dictionaries(st.tuples(SKU, st.sampled_from(["", *PLACES])), QTY, min_size=1, max_size=3)
LEVELS = st.dictionaries(st.tuples(SKU, PLACE), st.integers(3, 12).map(Decimal), min_size=2)
OWNER = st.sampled_from(["A", "B"])
# Time passes in thousands of seconds, so that the few that a run takes cannot decide what has run out.
TTL = st.sampled_from([500, 1500, 4500])
TIME = st.sampled_from([1000, 2000])
FIGURES = ("sku", "location", "requested", "available")


def text(qty: Decimal) -> str:
    return f"{qty:.3f}"


class StockMachine(RuleBasedStateMachine):
    """Asks the service and the model the same; `api` calls the service in the `loop` of another thread."""

    api: Any
    loop: asyncio.AbstractEventLoop
    reservations, transfers = Bundle("reservations"), Bundle("transfers")

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def ask(self, method: Any, request: Any) -> Any:
        """Returns the answer, or the code and the short lines of a refusal."""
        try:
            return self.do(self.here.call(method, request))
        except DomainError as error:
            return error.code, [tuple(line[name] for name in FIGURES) for line in error.context.get("lines", [])]

    def said(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Returns what the model says in the same form; None when it does not refuse."""
        try:
            work(*arguments)
        except Refusal as refusal:
            return refusal.code, [(sku, place, text(qty), text(got)) for sku, place, qty, got in refusal.lines]
        return None

    def agree(self, answer: Any, said: Any) -> bool:
        """Whether both did it; fails when only one did, or when the refusals differ."""
        assert (answer if isinstance(answer, tuple) else None) == said
        return said is None

    @initialize(levels=LEVELS)
    def open(self, levels: dict[tuple[str, str], Decimal]) -> None:
        self.model = Model(STEPS)
        self.here = replace(self.api, shop=self.do(self.api.shop.neighbour()))
        for sku, step in STEPS.items():
            self.do(self.here.shop.stock(step=str(step), **{sku: "0"}))
        for (sku, place), qty in levels.items():
            self.receive(sku, place, qty)

    @rule(sku=SKU, place=PLACE, qty=QTY)
    def receive(self, sku: str, place: str, qty: Decimal) -> None:
        line = stock_pb2.ReceiveLine(sku=sku, qty=str(qty))
        request = stock_pb2.ReceiveStockRequest(location=place, lines=[line])
        self.agree(self.ask(self.here.stock.ReceiveStock, request), self.said(self.model.receive, sku, place, qty))

    @rule(
        sku=SKU, place=PLACE, counted=st.integers(0, 24).map(lambda halves: Decimal(halves) / 2), by_count=st.booleans()
    )
    def adjust(self, sku: str, place: str, counted: Decimal, by_count: bool) -> None:
        delta = counted - self.model.on_hand[sku, place]
        request = stock_pb2.AdjustStockRequest(location=place, sku=sku, reason="count")
        if by_count:
            request.counted_qty = str(counted)
        else:
            request.qty_delta = str(delta or 1)
        answer = self.ask(self.here.stock.AdjustStock, request)
        self.agree(answer, self.said(self.model.adjust, sku, place, delta if by_count else delta or Decimal(1)))

    @rule(target=reservations, owner=OWNER, sku=SKU, qty=UNITS, ttl=TTL)
    def reserve_one(self, owner: str, sku: str, qty: Decimal, ttl: int) -> MultipleResults[str]:
        return self.reserve(owner, {(sku, ""): qty}, ttl, partial=False)

    @rule(target=reservations, owner=OWNER, lines=LINES, ttl=TTL, partial=st.booleans())
    def reserve_several(
        self, owner: str, lines: dict[tuple[str, str], Decimal], ttl: int, partial: bool
    ) -> MultipleResults[str]:
        return self.reserve(owner, lines, ttl, partial=partial)

    def reserve(
        self, owner: str, lines: dict[tuple[str, str], Decimal], ttl: int, *, partial: bool
    ) -> MultipleResults[str]:
        wanted = [pb.ReservationLine(sku=sku, location=place, qty=str(qty)) for (sku, place), qty in lines.items()]
        request = pb.CreateReservationRequest(
            owner_type=pb.OWNER_TYPE_CART, owner_ref=owner, lines=wanted, ttl_seconds=ttl, allow_partial=partial
        )
        answer = self.ask(self.here.reservations.CreateReservation, request)
        parts: list[Any] = []
        if not self.agree(answer, self.said(lambda: parts.extend(self.model.reserve(lines, partial=partial)))):
            return multiple()
        made = sorted(answer.reservations, key=lambda each: (each.sku, each.location))
        assert [(each.sku, each.location, each.qty) for each in made] == [(*part[:2], text(part.qty)) for part in parts]
        for each, part in zip(made, parts, strict=True):
            self.model.holds[each.id] = Hold(owner, *part, ttl)
        return multiple(*(each.id for each in made))

    @rule(identifier=reservations)
    def release(self, identifier: str) -> None:
        answer = self.ask(self.here.reservations.ReleaseReservation, pb.ReleaseReservationRequest(id=identifier))
        self.agree(answer, self.said(self.model.release, identifier))

    @rule(owner=OWNER)
    def release_all(self, owner: str) -> None:
        request = pb.ReleaseReservationsRequest(owner_type=pb.OWNER_TYPE_CART, owner_ref=owner)
        answer = self.ask(self.here.reservations.ReleaseReservations, request)
        assert answer.released_count == self.model.release_all(owner)

    @rule(identifier=reservations, ttl=TTL)
    def extend(self, identifier: str, ttl: int) -> None:
        request = pb.ExtendReservationRequest(id=identifier, ttl_seconds=ttl)
        answer = self.ask(self.here.reservations.ExtendReservation, request)
        self.agree(answer, self.said(self.model.extend, identifier, ttl))

    @rule(identifier=reservations, qty=QTY)
    def fulfil(self, identifier: str, qty: Decimal) -> None:
        request = pb.FulfillReservationRequest(id=identifier, qty=str(qty))
        answer = self.ask(self.here.reservations.FulfillReservation, request)
        self.agree(answer, self.said(self.model.fulfil, identifier, qty))

    @rule(identifier=reservations)
    def commit(self, identifier: str) -> None:
        answer = self.ask(self.here.reservations.CommitReservation, pb.CommitReservationRequest(id=identifier))
        self.agree(answer, self.said(self.model.fulfil, identifier, None))

    @rule(target=transfers, sku=SKU, place=PLACE, qty=QTY, at_once=st.booleans())
    def send(self, sku: str, place: str, qty: Decimal, at_once: bool) -> MultipleResults[str]:
        [goal] = [each for each in PLACES if each != place]
        stub, units = self.here.transfers, [transfers_pb2.TransferUnits(sku=sku, qty=str(qty))]
        if at_once:
            request = transfers_pb2.TransferStockRequest(**{"from": place}, to=goal, lines=units)
            answer = self.ask(stub.TransferStock, request)
        else:
            request = transfers_pb2.CreateTransferRequest(**{"from": place}, to=goal, lines=units)
            answer = self.ask(stub.CreateTransfer, request)
        if not self.agree(answer, self.said(self.model.send, sku, place, qty)):
            return multiple()
        self.model.under_way[answer.transfer.id] = Part(sku, goal, qty)
        if at_once:
            self.model.arrive(answer.transfer.id, None)
        return multiple(answer.transfer.id)

    @rule(transfer=transfers, qty=st.one_of(st.none(), QTY))
    def arrive(self, transfer: str, qty: Decimal | None) -> None:
        sku = self.model.under_way[transfer].sku
        units = [] if qty is None else [transfers_pb2.TransferUnits(sku=sku, qty=str(qty))]
        request = transfers_pb2.ReceiveTransferRequest(id=transfer, lines=units)
        answer = self.ask(self.here.transfers.ReceiveTransfer, request)
        self.agree(answer, self.said(self.model.arrive, transfer, qty))

    @rule(seconds=TIME)
    def age(self, seconds: int) -> None:
        self.do(self.here.shop.pass_time(seconds))
        self.model.age(seconds)

    @rule()
    def sweep(self) -> None:
        self.do(self.here.shop.sweep())

    @invariant()
    def levels_are_those_of_the_model(self) -> None:
        found = self.ask(self.here.stock.GetAvailability, stock_pb2.GetAvailabilityRequest(sku=sorted(STEPS)))
        shown = {(each.sku, each.location): (each.on_hand, each.reserved) for each in found.items if each.location}
        for key in self.model.on_hand:
            said = text(self.model.on_hand[key]), text(self.model.reserved(*key))
            assert shown.get(key, (text(Decimal(0)),) * 2) == said

    @invariant()
    def reservations_are_those_of_the_model(self) -> None:
        request = pb.ListReservationsRequest(page_size=100)
        for each in self.ask(self.here.reservations.ListReservations, request).items:
            hold, status = self.model.holds[each.id], pb.ReservationStatus.Name(each.status)
            assert (each.owner_ref, each.sku, each.location) == (hold.owner, hold.sku, hold.place)
            assert (each.qty, each.qty_fulfilled) == (text(hold.qty), text(hold.fulfilled))
            assert status.removeprefix("RESERVATION_STATUS_").lower() == hold.shown

    def teardown(self) -> None:
        if hasattr(self, "here"):
            self.do(self.here.shop.check())


async def test_every_answer_is_the_one_of_the_model(api: Any) -> None:
    print(f"COMANDA_TEST_SEED={SEED}")

    class Machine(seed(SEED)(StockMachine)):
        pass

    Machine.api, Machine.loop = api, asyncio.get_running_loop()
    budget = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS_EACH,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    await asyncio.to_thread(run_state_machine_as_test, Machine, settings=budget)
