"""What may be sold instead of a product."""

from collections.abc import Sequence

from kit.db import Tx

FORGET = "delete from product_alternatives where business_id = $1 and sku = $2"
SET = """
    insert into product_alternatives (business_id, sku, n, alternative)
    select $1::uuid, $2::text, n, alternative from unnest($3::text[]) with ordinality as wanted (alternative, n)
"""


async def replace(tx: Tx, sku: str, alternatives: Sequence[str]) -> None:
    """Writes the alternatives of a locked product, best first, in place of those before."""
    await tx.connection.execute(FORGET, tx.business, sku)
    tx.later(SET, tx.business, sku, list(alternatives))
