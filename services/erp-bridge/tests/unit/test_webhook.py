"""What an event of the ERP is about."""

from typing import Any

import pytest

from erp_bridge.domain import webhook
from erp_bridge.domain.webhook import About, Subject


@pytest.mark.parametrize(
    ("topic", "event", "subject"),
    [
        (
            "RecebimentoProduto.Concluido",
            {"cabecalho": {"nIdReceb": 90000000242.0}},
            Subject(About.RECEIPT, 90000000242),
        ),
        ("Financas.ContaPagar.Incluido", {"codigo_lancamento_omie": 5}, Subject(About.PAYABLE, 5)),
        ("CompraProduto.Encerrada", {"cabecalho": {"nCodPed": "7", "cNúmero": "1"}}, Subject(About.PURCHASE_ORDER, 7)),
        ("Financas.ContaPagar.BaixaRealizada", [{"conta_a_pagar": [{"codigo_lancamento_omie": 5}]}], None),
        ("VendaProduto.Faturada", {"idPedido": 5}, Subject(About.INVOICED_ORDER, 5)),
        ("VendaProduto.Incluida", {"idPedido": 5}, None),
        ("RecebimentoProduto.Concluido", "RecebimentoProduto.Concluido", None),
        ("RecebimentoProduto.Concluido", {"cabecalho": []}, None),
        ("RecebimentoProduto.Concluido", {"cabecalho": {"nIdReceb": True}}, None),
        ("RecebimentoProduto.Concluido", {"cabecalho": {"nIdReceb": "x"}}, None),
        ("RecebimentoProduto.Concluido", None, None),
    ],
)
def test_the_record_is_found_whatever_the_body_looks_like(topic: str, event: Any, subject: Subject | None) -> None:
    assert webhook.subject(topic, event) == subject


def test_a_message_without_an_id_is_known_by_all_of_it() -> None:
    assert webhook.message_id({"messageId": "m-1"}) == "m-1"
    one, other = webhook.message_id({"a": 1, "b": 2}), webhook.message_id({"b": 2, "a": 1})
    assert one == other != webhook.message_id({"a": 1})


def test_pauses_double_up_to_ten_minutes() -> None:
    assert [webhook.pause(tries) for tries in (1, 2, 3, 20)] == [4, 8, 16, 600]
