"""ProductService: what can be stocked and sold."""

from comanda.inventory.v1 import products_pb2 as pb
from comanda.inventory.v1.products_pb2_grpc import ProductServiceServicer
from inventory.messages import catalogue as messages
from inventory.operations import alternatives
from inventory.operations import products as operations
from inventory.queries import alternatives as in_stock
from inventory.queries import catalogue as queries
from kit.db import Database, Tx
from kit.rpc import rpc


class ProductService(ProductServiceServicer):
    """Serves comanda.inventory.v1.ProductService."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @rpc
    async def CreateProduct(self, tx: Tx, request: pb.CreateProductRequest) -> pb.CreateProductResponse:
        """Creates a product."""
        product = await operations.create_product(tx, messages.new_product(request, tx.now))
        return pb.CreateProductResponse(product=messages.product(product))

    @rpc
    async def GetProduct(self, tx: Tx, request: pb.GetProductRequest) -> pb.GetProductResponse:
        """Reads one product."""
        return pb.GetProductResponse(product=await queries.product(tx, request.sku))

    @rpc
    async def ListProducts(self, tx: Tx, request: pb.ListProductsRequest) -> pb.ListProductsResponse:
        """Lists products by SKU."""
        return await queries.products(tx, request)

    @rpc
    async def UpdateProduct(self, tx: Tx, request: pb.UpdateProductRequest) -> pb.UpdateProductResponse:
        """Changes the fields that are given."""
        product = await operations.update_product(tx, request.sku, messages.product_changes(request))
        return pb.UpdateProductResponse(product=messages.product(product))

    @rpc
    async def SetAlternatives(self, tx: Tx, request: pb.SetAlternativesRequest) -> pb.SetAlternativesResponse:
        """Sets what may be sold instead."""
        found = await alternatives.set_alternatives(tx, request.sku, request.alternatives)
        return pb.SetAlternativesResponse(alternatives=found)

    @rpc
    async def GetAlternatives(self, tx: Tx, request: pb.GetAlternativesRequest) -> pb.GetAlternativesResponse:
        """Tells what may be sold instead and is available now."""
        return await in_stock.alternatives(tx, request)
