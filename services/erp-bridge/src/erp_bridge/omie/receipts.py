"""produtos/recebimentonfe: receipts of goods, born from imported invoices (omie-api.md 2.3)."""

from typing import Any

from erp_bridge.omie.client import Omie

SERVICE = "produtos/recebimentonfe"


async def consult(omie: Omie, receipt: int) -> dict[str, Any]:
    """Returns a receipt. Raises OmieError."""
    # Omie takes an id as text as well: the same question in other words, when it was asked just now.
    return await omie.read(SERVICE, "ConsultarRecebimento", {"nIdReceb": receipt}, {"nIdReceb": str(receipt)})


async def payables(omie: Omie, receipt: int) -> tuple[str, list[int]]:
    """Returns the number of a receipt's invoice and the payables of its parcels: none before its conclusion. Raises OmieError."""
    found = await consult(omie, receipt)
    parcels = found.get("parcelas", {}).get("parcelasLista") or []
    number = str(found.get("cabec", {}).get("cNumeroNFe") or "")
    return number, [int(each["nIdTitulo"]) for each in parcels if each.get("nIdTitulo")]
