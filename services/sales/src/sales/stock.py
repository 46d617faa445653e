"""The inventory, as the counter needs it: products, what carts hold, and units that leave and come back.

Every call is safe to repeat, and none is made within a transaction.
"""

from collections.abc import Iterable, Sequence
from time import monotonic
from uuid import UUID

import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comanda.inventory.v1 import (
    counter_pb2,
    counter_pb2_grpc,
    locations_pb2,
    locations_pb2_grpc,
    products_pb2,
    products_pb2_grpc,
    reservations_pb2,
    reservations_pb2_grpc,
)
from comanda.types.v1.options_pb2 import Role
from kit import client, identity
from kit.errors import Duplicate, Invalid, Refused
from kit.identity import LIFETIME, Identity
from sales.domain.item import Item, Product
from sales.domain.sale import Sale

CART = reservations_pb2.OWNER_TYPE_CART
FRESH_SECONDS = LIFETIME.total_seconds() / 2
MOST_TOKENS = MOST_PRODUCTS = 10_000
PAGE = 100

Products = dict[str, Product]
"""Products by SKU."""


class Stock:
    """Calls the inventory for a business, in the name of whoever asked."""

    def __init__(self, channel: grpc.aio.Channel, private_key: Ed25519PrivateKey) -> None:
        self._products = products_pb2_grpc.ProductServiceStub(channel)
        self._locations = locations_pb2_grpc.LocationServiceStub(channel)
        self._reservations = reservations_pb2_grpc.ReservationServiceStub(channel)
        self._counter = counter_pb2_grpc.CounterServiceStub(channel)
        self._private_key = private_key
        self._tokens: dict[tuple[UUID, str], tuple[float, str]] = {}
        self._known: dict[tuple[UUID, str], Product] = {}

    async def open_location(self, caller: Identity, code: str, name: str) -> None:
        """Makes the location of a new storefront, unless it is there. Raises Unavailable."""
        kind = locations_pb2.LOCATION_TYPE_STOREFRONT
        request = locations_pb2.CreateLocationRequest(code=code, name=name, type=kind)
        try:
            await client.call(self._locations.CreateLocation, request, self._token(caller), deadline=2.0)
        except Duplicate:
            return

    async def products(self, caller: Identity, skus: Iterable[str]) -> Products:
        """Returns products as they were when they were last asked for; `hold` tells how they are now.

        Raises Invalid(`unknown_sku`) or Unavailable.
        """
        known = {sku: self._known.get((caller.business_id, sku)) for sku in skus}
        missing = [sku for sku, product in known.items() if not product]
        for start in range(0, len(missing), PAGE):
            request = products_pb2.ListProductsRequest(sku=missing[start : start + PAGE], page_size=PAGE)
            answer = await client.call(self._products.ListProducts, request, self._token(caller))
            known |= {each.sku: self._know(caller, each) for each in answer.items}
        if unknown := [sku for sku, product in known.items() if not product]:
            raise Invalid("unknown_sku", sku=unknown[0])
        return {sku: product for sku, product in known.items() if product}

    def _know(self, caller: Identity, found: products_pb2.Product) -> Product:
        if len(self._known) >= MOST_PRODUCTS:
            self._known.clear()
        prices = found.prices
        product = Product(found.sku, found.name, prices.retail_price_q, prices.wholesale_price_q, prices.cost_q)
        self._known[caller.business_id, found.sku] = product
        return product

    async def hold(self, caller: Identity, sale: Sale, products: Products) -> None:
        """Lets a draft's cart hold the units of its items, and nothing else; brings the products up to date.

        Raises Refused(`insufficient_stock`), what else the inventory objects to, or Unavailable; then everything is as before.
        """
        lines = [
            reservations_pb2.ReservationLine(sku=item.sku, qty=f"{item.quantity:.3f}", location=sale.storefront)
            for item in sale.items
        ]
        request = reservations_pb2.ReplaceReservationsRequest(
            owner_type=CART, owner_ref=str(sale.id), lines=lines, with_products=list(products)
        )
        try:
            answer = await client.call(self._reservations.ReplaceReservations, request, self._token(caller))
        except Refused as error:
            raise _refusal(error) from error
        products.update({each.sku: self._know(caller, each) for each in answer.products})

    async def release(self, caller: Identity, sale_id: UUID) -> int:
        """Gives up what a sale's cart holds; returns how many reservations that were. Raises Unavailable."""
        request = reservations_pb2.ReleaseReservationsRequest(owner_type=CART, owner_ref=str(sale_id))
        answer = await client.call(self._reservations.ReleaseReservations, request, self._token(caller))
        return int(answer.released_count)

    async def sell(self, caller: Identity, sale: Sale, ref: str) -> None:
        """Takes the units of a sale off the shelf under a ref, all or none. Raises Refused(`insufficient_stock`) or Unavailable."""
        request = counter_pb2.SellCartRequest(
            cart=str(sale.id), sale_ref=ref, location=sale.storefront, lines=_sold(sale.items)
        )
        try:
            await client.call(self._counter.SellCart, request, self._token(caller))
        except Refused as error:
            raise _refusal(error) from error

    async def take_back(
        self, caller: Identity, location: str, lines: Sequence[tuple[str, str]], key: str, reference: str, reason: str
    ) -> None:
        """Puts goods (SKUs with quantities as text) on the shelf, once for the key. Raises Invalid or Unavailable."""
        sold = [counter_pb2.SoldLine(sku=sku, qty=qty) for sku, qty in lines]
        request = counter_pb2.TakeBackRequest(
            location=location, lines=sold, reference=reference, reason=reason, request_id=key
        )
        await client.call(self._counter.TakeBack, request, self._token(caller))

    async def bring_back(self, caller: Identity, ref: str, reason: str) -> None:
        """Brings units back that left under a ref, if they did, and lets none leave any more. Raises Unavailable."""
        request = counter_pb2.ReturnSaleRequest(sale_ref=ref, reason=reason)
        await client.call(self._counter.ReturnSale, request, self._token(caller))

    def _token(self, caller: Identity) -> str:
        """Returns a token in the caller's name that is good for a while, so that the inventory checks few signatures."""
        key = (caller.business_id, caller.subject)
        until, token = self._tokens.get(key, (0.0, ""))
        if until < monotonic():
            if len(self._tokens) >= MOST_TOKENS:
                self._tokens.clear()
            token, _ = identity.sign(Identity(*key[:1], Role.ROLE_SERVICE, caller.subject), self._private_key)
            self._tokens[key] = (monotonic() + FRESH_SECONDS, token)
        return token


def _sold(items: Sequence[Item]) -> list[counter_pb2.SoldLine]:
    return [counter_pb2.SoldLine(sku=item.sku, qty=f"{item.quantity:.3f}") for item in items]


def _refusal(error: Refused) -> Refused:
    """Returns a refusal in the words of a counter: which SKU is short, of what there is and what was asked for."""
    if error.code != "insufficient_stock":
        return error
    first = error.context["lines"][0]
    named = {name: first[name] for name in ("sku", "available", "requested")}
    return Refused("insufficient_stock", **named, lines=error.context["lines"])
