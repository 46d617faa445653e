"""Finds out where in the ERP an order is booked: its customer, its products, and what its channel's orders go under."""

import asyncio
import hashlib
from typing import cast

import orjson

from erp_bridge.domain import customer as buyers
from erp_bridge.domain.booking import Place, Sale
from erp_bridge.domain.customer import Customer
from erp_bridge.domain.effect import State
from erp_bridge.domain.mapping import ACCOUNT, CATEGORY, CUSTOMER, PRODUCT, Mappings, Missing
from erp_bridge.omie import customers
from erp_bridge.omie.answers import Kind
from erp_bridge.omie.api.clientes import Customer as CustomerFields
from erp_bridge.omie.client import Omie, OmieError
from erp_bridge.store import mappings as store
from erp_bridge.store.orders import ErpOrder
from erp_bridge.work.ledger import Ledger
from erp_bridge.work.products import Products
from kit.db import Database

UPSERT = "customer.upsert"
LOST = (Kind.UNKNOWN, Kind.REDUNDANT)


class Placing:
    """Finds places; registers customers that the ERP does not know."""

    def __init__(self, database: Database, omie: Omie) -> None:
        self._database = database
        self._omie = omie
        self.products = Products(omie)
        self._registering = asyncio.Lock()

    async def mappings(self, order: ErpOrder, sold: Sale, customer: Customer) -> Mappings:
        """Returns the mappings that matter to an order."""
        skus = [line.sku for line in sold.lines]
        keys = [customer.code, order.channel_code, "*"]
        return await self._database.read(lambda tx: store.for_order(tx, order.business_id, skus, keys))

    async def place(self, order: ErpOrder, sold: Sale) -> Place:
        """Returns where an order is booked. Raises Missing with all that is not there, or OmieError."""
        customer = buyers.of_order(sold.handle_type, sold.handle_ref, sold.data)
        known = await self.mappings(order, sold, customer)
        category = known.of_channel(CATEGORY, sold.channel)
        account = known.of_channel(ACCOUNT, sold.channel)
        buyer = _mapped(known, sold, customer)
        lacking = [(kind, sold.channel) for kind, value in ((CATEGORY, category), (ACCOUNT, account)) if not value]
        if not buyer and not customer.can_be_registered:
            lacking.append((CUSTOMER, customer.code or sold.channel))
        codes = {line.sku: known.product(line.sku) for line in sold.lines}
        there = await self.products.ids(order.business_id, codes.values())
        lacking += [(PRODUCT, sku) for sku, code in sorted(codes.items()) if code not in there]
        if lacking:
            raise Missing(lacking)
        # Last, because it changes something: an order that waits leaves nothing behind in the ERP.
        return Place(
            customer=buyer or await self._registered(order, customer),
            category=category,
            account=int(account),
            stage=known.stage(sold.channel, order.order_status) or known.first_stage(sold.channel),
            products={sku: there[code] for sku, code in codes.items()},
        )

    async def _registered(self, order: ErpOrder, customer: Customer) -> int:
        """Returns the ERP's id of a customer, registered or changed there where it does not have him as he is. Raises OmieError."""
        ledger = Ledger(self._database, order.business_id, f"order/{order.ref}")
        digest = hashlib.sha256(orjson.dumps(dict(customer.fields), option=orjson.OPT_SORT_KEYS)).hexdigest()
        intent = {"codigo_cliente_integracao": customer.code, "digest": digest}
        # Orders of the same customer come together: the first registers him.
        async with self._registering:
            before = await ledger.known(UPSERT, customer.code)
            if before and before["state"] == State.CONFIRMED and before["intent"] == intent:
                return int(before["last_answer"]["codigo_cliente_omie"])
            await ledger.send(UPSERT, customer.code, intent)
            try:
                found = await self._upserted(customer)
            except OmieError as error:
                state = State.IN_DOUBT if error.kind in LOST else State.FAILED
                await ledger.settle(UPSERT, customer.code, state, error=error.text)
                raise
            await ledger.settle(UPSERT, customer.code, State.CONFIRMED, {"codigo_cliente_omie": found})
            return found

    async def _upserted(self, customer: Customer) -> int:
        try:
            return await customers.upsert(self._omie, customer.code, cast("CustomerFields", customer.fields))
        except OmieError as error:
            if error.kind not in LOST:
                raise
            try:
                return await customers.find(self._omie, customer.code)
            except OmieError:
                raise error from None


def _mapped(known: Mappings, sold: Sale, customer: Customer) -> int:
    """Returns the ERP's id of who buys where a mapping says it: himself, or whom the channel's orders without a customer go to."""
    if own := known.values.get((CUSTOMER, customer.code)):
        return int(own)
    return 0 if customer.can_be_registered else int(known.of_channel(CUSTOMER, sold.channel) or 0)
