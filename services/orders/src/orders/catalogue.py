"""Prices, from the inventory service, as the caller may see them."""

from collections.abc import Sequence

import grpc

from comanda.inventory.v1 import products_pb2, products_pb2_grpc
from kit import client
from kit.call import current
from orders.domain.ops import Op, Price, Prices

PAGE = 100


class Catalogue:
    """Looks prices up where operations come without."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._products = products_pb2_grpc.ProductServiceStub(channel)

    async def prices(self, ops: Sequence[Op]) -> Prices:
        """Returns the retail price of each SKU that an operation has no price for; raises Unavailable."""
        skus = sorted({op.sku for op in ops if op.needs_price})
        found: dict[str, Price] = {}
        for start in range(0, len(skus), PAGE):
            request = products_pb2.ListProductsRequest(sku=skus[start : start + PAGE], page_size=PAGE)
            answer = await client.call(self._products.ListProducts, request, current.get().bearer)
            found |= {each.sku: Price(each.prices.retail_price_q, each.name, each.is_active) for each in answer.items}
        return found
