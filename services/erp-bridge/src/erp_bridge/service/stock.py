"""ErpStockService."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import grpc

from comanda.erp.v1 import stock_pb2 as pb
from comanda.erp.v1 import stock_pb2_grpc
from comanda.inventory.v1 import stock_pb2 as inventory_pb2
from comanda.inventory.v1 import stock_pb2_grpc as inventory_grpc
from erp_bridge import messages
from erp_bridge.domain import stock
from erp_bridge.omie import stock as positions
from erp_bridge.omie.client import OmieError
from erp_bridge.service.refusals import refusal
from erp_bridge.store import mappings
from erp_bridge.work.accounts import Accounts
from kit import client
from kit.call import current
from kit.db import Database

PAGE = 100


class ErpStockService(stock_pb2_grpc.ErpStockServiceServicer):
    """See the proto."""

    def __init__(self, database: Database, accounts: Accounts, inventory: grpc.aio.Channel) -> None:
        self.database = database
        self._accounts = accounts
        self._stock = inventory_grpc.StockServiceStub(inventory)

    async def GetStockDifferences(
        self, request: pb.GetStockDifferencesRequest, _: Any
    ) -> pb.GetStockDifferencesResponse:
        business = current.get().identity.business_id
        account = await self._accounts.of(business)
        codes = await self.database.read(lambda tx: mappings.products(tx, business))
        try:
            here, there = await asyncio.gather(
                self._here(request), positions.positions(account.omie, request.external_location)
            )
        except OmieError as error:
            raise refusal(error) from error
        wanted = set(request.sku)
        pairs = [pair for pair in stock.paired(here, there, codes) if not wanted or pair.sku in wanted]
        different = [pair for pair in pairs if pair.difference]
        shown = pairs if request.all else different
        return pb.GetStockDifferencesResponse(
            items=map(messages.stock_difference, shown), compared=len(pairs), different=len(different)
        )

    async def _here(self, request: pb.GetStockDifferencesRequest) -> Mapping[str, Decimal]:
        """Returns what lies here of each SKU, at all locations asked for together, as the caller may see it."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        asked = inventory_pb2.ListStockRequest(page_size=PAGE, sku=request.sku, location=request.location)
        while True:
            page = await client.call(self._stock.ListStock, asked, current.get().bearer)
            for level in page.items:
                found[level.sku] += Decimal(level.on_hand)
            if not page.next_page_token:
                return found
            asked.page_token = page.next_page_token
