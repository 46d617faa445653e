"""What may be sold instead of a product, and how much of it there is."""

from comanda.inventory.v1 import products_pb2
from inventory.domain.quantity import ZERO, printed
from inventory.queries.catalogue import product
from inventory.queries.stock import RUN_OUT
from kit.db import Tx

ALTERNATIVES = f"""
    select a.alternative, p.name, coalesce(sum(greatest(
        s.on_hand - s.reserved + coalesce(run_out.qty, 0) - coalesce(s.safety_stock, l.safety_stock), 0
    )) filter (where p.is_active and l.is_active), 0) as available
    from product_alternatives a
    join products p on p.business_id = a.business_id and p.sku = a.alternative
    left join stock s on s.business_id = a.business_id and s.sku = a.alternative and ($3 = '' or s.location = $3)
    left join locations l on l.business_id = s.business_id and l.code = s.location
    {RUN_OUT}
    where a.business_id = $1 and a.sku = $2
    group by a.n, a.alternative, p.name
    order by a.n
"""


async def alternatives(tx: Tx, request: products_pb2.GetAlternativesRequest) -> products_pb2.GetAlternativesResponse:
    """Returns the alternatives of a product, best first; raises NotFound."""
    await product(tx, request.sku)
    rows = await tx.connection.fetch(ALTERNATIVES, tx.business, request.sku, request.location)
    return products_pb2.GetAlternativesResponse(
        items=[
            products_pb2.Alternative(sku=sku, name=name, available=printed(available))
            for sku, name, available in rows
            if available > ZERO or request.include_unavailable
        ]
    )
