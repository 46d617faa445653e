"""financas/mf: the movements of titles (omie-api.md 2.4). Payables and their payments: this account has no others."""

from collections.abc import Iterator
from typing import Any

from omie_simulator import faults, paging
from omie_simulator.calls import clientes, contapagar
from omie_simulator.store import Record
from omie_simulator.tags import shape
from omie_simulator.world import World, call, within

TITLES, PAYMENTS = ("CP", "CPCR"), ("BX", "BXCP")
KINDS = (*TITLES, "CR", *PAYMENTS, "BXCR", "CC", "CCE", "CCS", "CCT", "PV", "POS", "PPV")
PAYABLE = "P"
SAME = ("nCodTitulo", "cCodIntTitulo", "cNumTitulo", "nCodCliente", "nCodCC", "cNumDocFiscal", "cCodCateg", "cNatureza")
"""Filters that a movement must equal."""
BETWEEN = {"dDtEmis": "dDtEmissao", "dDtVenc": "dDtVenc", "dDtPrev": "dDtPrevisao", "dDtPagto": "dDtPagamento"}
"""Filters that end in De and Ate, and the dates that they are about."""


@call(
    "financas/mf",
    "ListarMovimentos",
    shape(
        "mfListarRequest",
        f"{paging.SHORT.request_tags} cTpLancamento nCodTitulo:i cCodIntTitulo cNumTitulo nCodCliente:i cCPFCNPJCliente"
        " nCodCC:i cNumDocFiscal cCodCateg cNatureza cStatus dDtEmisDe:d dDtEmisAte:d dDtVencDe:d dDtVencAte:d"
        " dDtPrevDe:d dDtPrevAte:d dDtPagtoDe:d dDtPagtoAte:d",
    ),
)
def list_movements(world: World, param: dict[str, Any]) -> dict[str, Any]:
    """Lists titles, or payments of them where cTpLancamento says so."""
    kind = str(param.get("cTpLancamento") or TITLES[0])
    if kind not in KINDS:
        raise faults.client(105, f"O tipo [{kind}] é inválido! Valores aceitos: {', '.join(KINDS)}")
    movements = _titles(world) if kind in TITLES else _payments(world) if kind in PAYMENTS else ()
    found = [each for each in movements if _is_wanted(each["detalhes"], param)]
    return paging.page(found, param, paging.SHORT, "movimentos")


def _titles(world: World) -> Iterator[Record]:
    for payable in world.store.rows("payables"):
        value, paid = payable["valor_documento"], payable["valor_pag"]
        summary = {"cLiquidado": "S" if paid >= value else "N", "nValPago": paid, "nValAberto": round(value - paid, 2)}
        yield {"detalhes": _details(world, payable), "resumo": summary}


def _payments(world: World) -> Iterator[Record]:
    for payable in world.store.rows("payables"):
        for payment in payable.get("payments", []):
            paid = {"cLiquidado": "S", "nValPago": payment["valor"], "nValLiquido": payment["valor"]}
            more = {"nCodBaixa": payment["codigo_baixa"], "nValorMovCC": payment["valor"], "cOrigem": "BAXP"}
            day = {"dDtPagamento": payment.get("data", "")}
            yield {"detalhes": {**_details(world, payable), **more, **day}, "resumo": paid}


def _details(world: World, payable: Record) -> Record:
    supplier = contapagar.supplier_of(world, payable)
    details = {
        "nCodTitulo": payable["codigo_lancamento_omie"], "cCodIntTitulo": payable["codigo_lancamento_integracao"],
        "cNumTitulo": payable.get("numero_documento"), "dDtEmissao": payable.get("data_emissao"),
        "dDtVenc": payable["data_vencimento"], "dDtPrevisao": payable.get("data_previsao"),
        "nCodCliente": payable["codigo_cliente_fornecedor"], "cCPFCNPJCliente": supplier.get("cnpj_cpf"),
        "nCodCC": payable.get("id_conta_corrente"), "cStatus": contapagar.status_of(world, payable), "cNatureza": PAYABLE,
        "cNumDocFiscal": payable.get("numero_documento_fiscal"), "cCodCateg": payable.get("codigo_categoria"),
        "cNumParcela": payable.get("numero_parcela"), "nValorTitulo": payable["valor_documento"],
        "cChaveNFe": payable.get("chave_nfe"), "cOrigem": payable["id_origem"],
    }  # fmt: skip
    return {name: value for name, value in details.items() if value not in ("", None)}


def _is_wanted(details: Record, param: dict[str, Any]) -> bool:
    number, status = param.get("cCPFCNPJCliente"), param.get("cStatus")
    return (
        all(str(details.get(name)) == str(param[name]) for name in SAME if param.get(name))
        and (not number or clientes.digits(details.get("cCPFCNPJCliente")) == clientes.digits(number))
        and (not status or str(details["cStatus"]).replace(" ", "") == status)
        and all(within(details.get(date), param.get(f"{name}De"), param.get(f"{name}Ate"))
                for name, date in BETWEEN.items())
    )  # fmt: skip
