"""financas/contapagar: payables (omie-api.md 2.4)."""

from typing import Any

from erp_bridge.omie.api import contapagar
from erp_bridge.omie.client import Omie


async def consult(omie: Omie, payable: int) -> dict[str, Any]:
    """Returns a payable. Raises OmieError."""
    # Omie takes an id as text as well: the same question in other words, when it was asked just now.
    keys: list[contapagar.Key] = [{"codigo_lancamento_omie": payable}, {"codigo_lancamento_omie": str(payable)}]
    return await contapagar.consultar_conta_pagar(omie, *keys)
