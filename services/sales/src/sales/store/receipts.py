"""Receipts: what is printed on them beside the sale, and how often they were handed out."""

from typing import NamedTuple
from uuid import UUID

from kit.db import Tx

PRINTED = """
    insert into receipt_prints as p (business_id, sale_id, count) values ($1, $2, 1)
    on conflict (business_id, sale_id) do update set count = p.count + 1
    returning count
"""
HEADER = """
    select b.name as business_name, f.name as storefront_name, f.timezone, coalesce(c.name, '') as customer_name
    from sales s
    join businesses b on b.business_id = s.business_id
    join storefronts f on f.business_id = s.business_id and f.code = s.storefront
    left join customers c on c.business_id = s.business_id and c.id = s.customer_id
    where s.business_id = $1 and s.id = $2
"""


class Header(NamedTuple):
    """Names as they are now."""

    business_name: str
    storefront_name: str
    timezone: str
    customer_name: str


async def header(tx: Tx, sale_id: UUID) -> Header:
    """Returns the names on the receipt of a sale that exists."""
    [row] = await tx.connection.fetch(HEADER, tx.business, sale_id)
    return Header(*row)


async def count_print(tx: Tx, sale_id: UUID) -> int:
    """Returns how often a sale's receipt was handed out, this time included; only one gets the 1."""
    found: int = await tx.connection.fetchval(PRINTED, tx.business, sale_id)
    return found
