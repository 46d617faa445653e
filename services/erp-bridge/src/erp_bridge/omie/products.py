"""geral/produtos: products (omie-api.md 2.7)."""

from collections.abc import Sequence

from erp_bridge.omie.api import produtos
from erp_bridge.omie.client import Omie

ID_DIGITS = (10, 11)
"""Digits of the ERP's ids; a code of so many may be one (omie-api.md 1.5)."""


async def ids(omie: Omie, codes: Sequence[str], known: int | None = None) -> dict[str, int]:
    """Returns the id of each product that goes by one of the codes: the code shown, or the id itself. Raises OmieError.

    A product that is known to be there is asked for along: an answer without any is an error that counts toward the block.
    """
    wanted: list[produtos.Key] = [{"codigo": code} for code in codes]
    wanted += [{"codigo_produto": int(code)} for code in codes if _may_be_id(code)]
    wanted += [{"codigo_produto": known}] if known else []
    # Without these two flags the listing hides products.
    param: produtos.Filter = {"apenas_importado_api": "N", "filtrar_apenas_omiepdv": "N", "produtosPorCodigo": wanted}
    found: dict[str, int] = {}
    async for each in produtos.listar_produtos(omie, param):
        product = int(each["codigo_produto"])
        found |= {code: product for code in codes if str(each.get("codigo") or "") == code}
        found = {code: product for code in codes if code == str(product)} | found
    return found


def _may_be_id(code: str) -> bool:
    return code.isdecimal() and len(code) in ID_DIGITS
