"""estoque/consulta: what lies where (omie-api.md 2.8)."""

from datetime import datetime
from decimal import Decimal

from erp_bridge.domain.stock import Position
from erp_bridge.omie.api import estoque
from erp_bridge.omie.client import Omie
from erp_bridge.omie.values import ZONE, to_date


async def positions(omie: Omie, location: int) -> list[Position]:
    """Returns the balance of every product now, at a location or (zero) at the default one. Raises OmieError."""
    # Without cExibeTodos, products that have nothing are left out.
    today = to_date(datetime.now(ZONE).date())
    wanted: estoque.PositionFilter = {"dDataPosicao": today, "cExibeTodos": "S"}
    if location:
        wanted["codigo_local_estoque"] = location
    return [
        Position(int(each["nCodProd"]), str(each.get("cCodigo") or ""), Decimal(str(each.get("nSaldo") or 0)))
        async for each in estoque.listar_pos_estoque(omie, wanted)
    ]
