"""produtos/pedidocompra: purchase orders, which no call closes (omie-api.md 2.2)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from erp_bridge.domain.closure import Situation
from erp_bridge.omie.api import pedidocompra as api
from erp_bridge.omie.api import recebimentonfe
from erp_bridge.omie.client import Omie
from erp_bridge.omie.values import bare_number

SERVICE = "produtos/pedidocompra"
NUMBER_LENGTH = 15
OPEN_FLAGS = (
    "lExibirPedidosPendentes", "lExibirPedidosFaturados", "lExibirPedidosRecParciais", "lExibirPedidosFatParciais",
)  # fmt: skip
FLAGS = {
    Situation.CLOSED: "lExibirPedidosEncerrados",
    Situation.RECEIVED: "lExibirPedidosRecebidos",
    Situation.CANCELLED: "lExibirPedidosCancelados",
}


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """An order: its id, its number without padding, and its items as they come."""

    id: int
    number: str
    items: Sequence[dict[str, Any]] = field(default_factory=list)


async def consult(omie: Omie, number: str) -> PurchaseOrder:
    """Returns an order by the number that people see. Raises OmieError."""
    body = await api.consultar_ped_compra(omie, *_by_number(number))
    header = body.get("cabecalho_consulta") or {}
    return PurchaseOrder(
        int(header.get("nCodPed") or 0), bare_number(header.get("cNumero")), body.get("produtos_consulta") or []
    )


async def situation(omie: Omie, order: int, *, closed_first: bool = False) -> Situation:
    """Returns how an order stands. Raises OmieError.

    An empty answer is an error that counts toward the block. So asked first is for closed orders where it is known that there are
    some, else for open ones: while ours is open, it is among them.
    """
    if closed_first and await _is_among(omie, order, [FLAGS[Situation.CLOSED]]):
        return Situation.CLOSED
    if await _is_among(omie, order, OPEN_FLAGS):
        return Situation.OPEN
    for each, flag in FLAGS.items():
        if await _is_among(omie, order, [flag]):
            return each
    return Situation.OPEN


async def open_down_to(omie: Omie, lowest: int) -> set[int]:
    """Returns the ids of the open orders, newest first, down to an id. Raises OmieError."""
    found: set[int] = set()
    async for identifier in _ids(omie, OPEN_FLAGS):
        found.add(identifier)
        if identifier <= lowest:
            break
    return found


async def _is_among(omie: Omie, order: int, flags: Sequence[str]) -> bool:
    async for identifier in _ids(omie, flags):
        # The newest come first: what is older than ours needs no look.
        if identifier <= order:
            return identifier == order
    return False


async def _ids(omie: Omie, flags: Sequence[str]) -> AsyncIterator[int]:
    wanted = cast(api.Filter, dict.fromkeys(flags, "S"))
    async for record in api.pesquisar_ped_compra(omie, wanted):
        header = record.get("cabecalho_consulta") or record.get("cabecalho") or {}
        yield int(header.get("nCodPed") or 0)


async def status_text(omie: Omie, method: str, number: str) -> str:
    """Returns the `cStatus` of an order, which only accounts with a closing call have. Raises OmieError."""
    return str((await omie.read(SERVICE, method, *_by_number(number), remember=False)).get("cStatus") or "")


async def close(omie: Omie, service: str, method: str, number: str, status: str, item: str) -> dict[str, Any]:
    """Closes an order by the call that an account has for it. Raises OmieError."""
    param = {"cNumero": number, "cStatus": status, **({"cCodItem": item} if item else {})}
    return await omie.write(service, method, param)


async def associate(omie: Omie, receipt: int, order: int, matches: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Says which items of a receipt deliver which of an order: (sequence, item of the order). Raises OmieError."""
    edits: list[recebimentonfe.ItemAlteration] = [
        {"itensIde": {"nSequencia": sequence, "cAcao": "ASSOCIAR-PEDIDO", "nIdPedidoExistente": order,
                      "nIdItPedidoExistente": item}}
        for sequence, item in matches
    ]  # fmt: skip
    param: recebimentonfe.Alteration = {"ide": {"nIdReceb": receipt}, "itensRecebimentoEditar": edits}
    return await recebimentonfe.alterar_recebimento(omie, param)


async def conclude(omie: Omie, receipt: int) -> dict[str, Any]:
    """Receives the goods of a receipt. Raises OmieError."""
    return await recebimentonfe.concluir_recebimento(omie, {"nIdReceb": receipt})


def _by_number(number: str) -> list[api.Key]:
    """Returns the question for an order in several words: a number with leading zeros is the same one."""
    if not number.isdigit():
        return [{"cNumero": number}]
    bare = bare_number(number)
    spellings = [number, *(bare.zfill(length) for length in range(len(bare), NUMBER_LENGTH + 1))]
    return [{"cNumero": each} for each in dict.fromkeys(spellings)]
