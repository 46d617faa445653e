"""Products are given alternatives."""

from collections.abc import Sequence

from inventory.domain.stock import Sku
from inventory.store import alternatives as store
from inventory.store import catalogue
from kit.db import Tx
from kit.errors import Invalid


async def set_alternatives(tx: Tx, sku: str, alternatives: Sequence[str]) -> Sequence[str]:
    """Sets what may be sold instead of a product, best first; raises NotFound, Invalid (`unknown_sku`, `own_alternative`)."""
    await catalogue.lock_product(tx, sku)
    if sku in alternatives:
        raise Invalid("own_alternative", sku=sku)
    wanted = {Sku(tx.business, each) for each in alternatives}
    known = await catalogue.products(tx, wanted)
    if unknown := sorted(each.sku for each in wanted if each not in known):
        raise Invalid("unknown_sku", sku=", ".join(unknown))
    await store.replace(tx, sku, alternatives)
    return alternatives
