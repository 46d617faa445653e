"""Prices, from the inventory service, as the caller may see them: the channel's price list first, then the product's own."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg
import grpc

from comanda.inventory.v1 import price_lists_pb2, price_lists_pb2_grpc, products_pb2, products_pb2_grpc
from kit import client
from kit.call import current
from kit.db import Database
from kit.errors import Invalid, NotFound, Unavailable
from orders.domain.channel import EXTERNAL
from orders.domain.ops import PRODUCT, Op, Price, Prices
from orders.store import channels as store
from orders.store import prices
from orders.store.channels import Pricing

PAGE = 100
TRUSTED_SECONDS = 10.0
MOST_REMEMBERED = 10_000


class Catalogue:
    """Looks prices up where operations come without, and where one that comes with them might be an exception."""

    def __init__(self, channel: grpc.aio.Channel, database: Database) -> None:
        self._products = products_pb2_grpc.ProductServiceStub(channel)
        self._lists = price_lists_pb2_grpc.PriceListServiceStub(channel)
        self._database = database
        self._external: dict[tuple[UUID, str], float] = {}

    async def prices(self, ops: Sequence[Op], channel_code: str, session_key: str = "") -> Prices:
        """Returns the price of each SKU that operations sell; nothing where prices come from outside.

        When inventory cannot be asked, what it told last counts. Raises Unavailable where that says nothing of an operation
        without a price, and Invalid(`currency_mismatch`) where its price is in another currency than the session's.
        """
        skus = sorted({op.sku for op in ops if op.sells and op.sku})
        needed = any(op.needs_price for op in ops)
        if not skus or (not needed and self._known_external(channel_code)):
            return {}
        pricing = await self._pricing(channel_code, session_key)
        if pricing is None or pricing.policy == EXTERNAL:
            return {}
        try:
            return await self._look_up(skus, pricing)
        except (Unavailable, Invalid) as error:
            known = await self._last_heard(skus, pricing) if isinstance(error, Unavailable) else {}
            if needed and not {op.sku for op in ops if op.needs_price} <= known.keys():
                raise
            return known

    def _known_external(self, channel_code: str) -> bool:
        """Spares the hot path a question whose answer hardly ever changes."""
        return self._external.get((current.get().identity.business_id, channel_code), 0.0) > time.monotonic()

    async def _pricing(self, channel_code: str, session_key: str) -> Pricing | None:
        identity = current.get().identity
        found = await self._database.read(lambda tx: store.pricing(tx, channel_code, session_key), identity)
        if channel_code and found and found.policy == EXTERNAL:
            if len(self._external) >= MOST_REMEMBERED:
                self._external.clear()
            self._external[(identity.business_id, channel_code)] = time.monotonic() + TRUSTED_SECONDS
        return found

    async def _look_up(self, skus: Sequence[str], pricing: Pricing) -> Prices:
        pages = [skus[start : start + PAGE] for start in range(0, len(skus), PAGE)]
        found = await asyncio.gather(*map(self._of_products, pages))
        own = {sku: price for page in found for sku, price in page.items()}
        listed = await self._of_list(pricing, pages) if pricing.price_list else {}
        if own.keys() - listed.keys():
            _check_currency(pricing, pricing.products_currency)
        return {
            sku: Price(listed[sku], price.name, price.is_active, pricing.price_list) if sku in listed else price
            for sku, price in own.items()
        }

    async def _last_heard(self, skus: Sequence[str], pricing: Pricing) -> Prices:
        """Returns the prices that inventory told last: better than to sell nothing while it is away."""
        rows = await self._database.read(lambda tx: prices.known(tx, skus, pricing.price_list), current.get().identity)
        return {row["sku"]: found for row in rows if (found := _known(row, pricing))}

    async def _of_products(self, skus: Sequence[str]) -> Prices:
        request = products_pb2.ListProductsRequest(sku=skus, page_size=PAGE)
        answer = await client.call(self._products.ListProducts, request, current.get().bearer)
        return {
            each.sku: Price(each.prices.retail_price_q, each.name, each.is_active, PRODUCT) for each in answer.items
        }

    async def _of_list(self, pricing: Pricing, pages: Sequence[Sequence[str]]) -> Mapping[str, int]:
        """Returns the prices that the list has; none where there is no such list, or it is out of use."""
        bearer, code = current.get().bearer, pricing.price_list
        try:
            about = price_lists_pb2.GetPriceListRequest(code=code)
            found = (await client.call(self._lists.GetPriceList, about, bearer)).price_list
            if not found.is_active:
                return {}
            _check_currency(pricing, found.currency)
            asked = [price_lists_pb2.ListPricesRequest(code=code, page_size=PAGE, sku=page) for page in pages]
            answers = await asyncio.gather(*(client.call(self._lists.ListPrices, each, bearer) for each in asked))
        except NotFound:
            return {}
        return {each.sku: each.price_q for answer in answers for each in answer.items if each.HasField("price_q")}


def _known(row: asyncpg.Record, pricing: Pricing) -> Price | None:
    """Returns what is known of a product's price, unless that is in another currency."""
    listed = row["listed_q"] is not None
    currency = row["currency"] if listed else pricing.products_currency
    if currency != pricing.currency:
        return None
    source = pricing.price_list if listed else PRODUCT
    return Price(row["listed_q"] if listed else row["price_q"], row["name"], row["is_active"], source)


def _check_currency(pricing: Pricing, currency: str) -> None:
    """Raises Invalid(`currency_mismatch`): an order has one currency (decision 30)."""
    if currency != pricing.currency:
        raise Invalid("currency_mismatch", currency=pricing.currency, other=currency)
