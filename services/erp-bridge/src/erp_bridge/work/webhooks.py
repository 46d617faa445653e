"""Follows events of the ERP: reads the record again that one is about, and starts what follows from it."""

import asyncio
from uuid import UUID

import structlog

from erp_bridge.domain import webhook as rules
from erp_bridge.domain.attachment import PAYABLE, RECEIPT, Owner, Pair
from erp_bridge.domain.webhook import About, Subject
from erp_bridge.omie import payables, receipts
from erp_bridge.omie.answers import Answer, Kind
from erp_bridge.omie.client import Omie, OmieError
from erp_bridge.operations import transfers
from erp_bridge.store import closures, orders, webhooks
from erp_bridge.store.webhooks import Webhook
from erp_bridge.work.accounts import Account, Accounts
from kit.db import Database, Tx
from kit.errors import Unavailable

LOG = structlog.get_logger()
AT_ONCE = 10
EARLY_TRIES = 2
"""How often an event is followed again whose record is not there: it may be told before it can be read, but not for long."""
NO_INVOICE = "O pedido ainda não mostra a nota fiscal."
NO_PAYABLES = "O recebimento não tem contas a pagar."
UNBOUND = "A conta da Omie não está ligada a nenhuma empresa."


class Webhooks:
    """Follows events."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts

    async def due(self) -> bool:
        """Follows the events that are due, several at a time; tells whether there may be more."""
        claimed = await self._database.run(lambda tx, _: webhooks.claim(tx, AT_ONCE))
        await asyncio.gather(*(self._follow(event) for event in claimed))
        return len(claimed) == AT_ONCE

    async def _follow(self, event: Webhook) -> None:
        """Follows an event; whatever it provokes stops no other."""
        try:
            state, error = await self._followed(event), ""
        except Unavailable:
            return  # It is taken up again when its lease has run out.
        except OmieError as refusal:
            state, error = "pending" if _is_worth_waiting(event, refusal) else "failed", refusal.text
        except Exception as bug:
            LOG.exception("webhook failed", message=event.message_id, topic=event.topic)
            state, error = "pending", type(bug).__name__
        if event.attempts >= rules.MOST_TRIES and state == "pending":
            state = "failed"

        async def work(tx: Tx, _: object) -> None:
            webhooks.settle(tx, event, state, error, rules.pause(event.attempts))

        await self._database.run(work)

    async def _followed(self, event: Webhook) -> str:
        """Does what follows from an event, and returns its state. Raises OmieError."""
        subject = rules.subject(event.topic, event.payload.get("event"))
        if subject is None:
            return "ignored"
        if (owned := await self._accounts.owned(event.account)) is None:
            raise OmieError("webhook", Answer(Kind.HELD_BACK, text=UNBOUND))
        business, account = owned
        if subject.about is About.PURCHASE_ORDER:
            return await self._look_at_closures(business, account, subject)
        if subject.about in (About.SALES_ORDER, About.INVOICED_ORDER):
            return await self._look(business, account, subject)
        if subject.about is About.PRODUCT:
            return "done" if await account.orders.products_changed(business) else "ignored"
        return await self._copy(business, account.omie, subject)

    async def _look_at_closures(self, business: UUID, account: Account, subject: Subject) -> str:
        """Looks whether the closures of a purchase order have ended."""
        cases = await self._database.read(lambda tx: closures.waiting_for(tx, business, subject.id))
        for case in cases:
            await account.closures.look(case)
        return "done" if cases else "ignored"

    async def _look(self, business: UUID, account: Account, subject: Subject) -> str:
        """Looks how an order of ours stands in the ERP now."""
        found = await self._database.read(lambda tx: orders.by_external(tx, business, subject.id))
        for order in found:
            shown = await account.orders.look(order)
            if subject.about is About.INVOICED_ORDER and not shown.invoices:
                raise OmieError("webhook", Answer(Kind.NOT_FOUND, text=NO_INVOICE))
        return "done" if found else "ignored"

    async def _copy(self, business: UUID, omie: Omie, subject: Subject) -> str:
        """Starts the transfers of a receipt, or of the one that a payable was made from."""
        receipt = subject.id if subject.about is About.RECEIPT else await _receipt_of(omie, subject.id)
        if not receipt:
            return "ignored"
        number, found = await receipts.payables(omie, receipt, fresh=True)
        if not found:
            raise OmieError("webhook", Answer(Kind.NOT_FOUND, text=NO_PAYABLES))

        async def work(tx: Tx, _: object) -> None:
            for payable in found:
                pair = Pair(Owner(RECEIPT, receipt), Owner(PAYABLE, payable))
                await transfers.ask(tx, business, pair, number, again=False)

        await self._database.run(work)
        return "done"


async def _receipt_of(omie: Omie, payable: int) -> int:
    """Returns the receipt whose invoice a payable pays; zero where it pays none."""
    access_key = str((await payables.consult(omie, payable)).get("chave_nfe") or "")
    return await receipts.of_invoice(omie, access_key) if access_key else 0


def _is_worth_waiting(event: Webhook, refusal: OmieError) -> bool:
    return refusal.may_pass or (refusal.kind is Kind.NOT_FOUND and event.attempts < EARLY_TRIES)
