"""produtos/recebimentonfe: receipts of goods, born from imported invoices (omie-api.md 2.3)."""

from typing import Any

from erp_bridge.omie.api import recebimentonfe as api
from erp_bridge.omie.client import Omie

MOST_ERRORS = 4
"""Asking whether there is a receipt with some id must not use up the errors that are left to those who know of one."""


async def consult(omie: Omie, receipt: int, *, fresh: bool = False, may_lack: bool = False) -> dict[str, Any]:
    """Returns a receipt: as it is now, when that matters. Raises OmieError."""
    # Omie takes an id as text as well, and empty fields: the same question in other words, when it was asked just now.
    keys: list[api.Key] = [{"nIdReceb": receipt}, {"nIdReceb": str(receipt)}]
    if may_lack:
        # One that is not there must not be missed in four ways.
        return await api.consultar_recebimento(omie, keys[0], remember=not fresh, most_errors=MOST_ERRORS)
    with_empty: list[api.Key] = [{**key, "cChaveNfe": ""} for key in keys]
    return await api.consultar_recebimento(omie, *keys, *with_empty, remember=not fresh)


async def may_ask_for_what_may_lack(omie: Omie) -> bool:
    """Tells whether `consult` would ask for a receipt that need not exist."""
    return await omie.has_room(api.consultar_recebimento.name, MOST_ERRORS)


async def of_invoice(omie: Omie, access_key: str) -> int:
    """Returns the receipt of an invoice with that access key. Raises OmieError."""
    found = await api.consultar_recebimento(omie, {"cChaveNfe": access_key})
    return int((found.get("cabec") or {}).get("nIdReceb") or 0)


async def payables(omie: Omie, receipt: int, *, fresh: bool = False) -> tuple[str, list[int]]:
    """Returns the number of a receipt's invoice and the payables of its parcels: none before its conclusion. Raises OmieError."""
    found = await consult(omie, receipt, fresh=fresh)
    parcels = found.get("parcelas", {}).get("parcelasLista") or []
    number = str(found.get("cabec", {}).get("cNumeroNFe") or "")
    return number, [int(each["nIdTitulo"]) for each in parcels if each.get("nIdTitulo")]
