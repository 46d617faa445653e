"""What the calls for customers, products, orders, and receipts do that others do not need: change, find, list, remove."""

from typing import Any

import pytest
from simulated import Simulator

CUSTOMERS, PRODUCTS = "geral/clientes", "geral/produtos"
PAYABLE, PURCHASE, RECEIPT = "financas/contapagar", "produtos/pedidocompra", "produtos/recebimentonfe"
SALE, BILLING, ADJUST = "produtos/pedido", "produtos/pedidovendafat", "estoque/ajuste"
ACCOUNT = 90000003801


@pytest.fixture
def customer(omie: Simulator) -> int:
    """A customer."""
    made = omie.call(
        CUSTOMERS, "IncluirCliente", codigo_cliente_integracao="C-1", razao_social="Maria Souza", estado="SP",
        cnpj_cpf="111.444.777-35",
    )  # fmt: skip
    return int(made["codigo_cliente_omie"])


@pytest.fixture
def product(omie: Simulator) -> int:
    """A product."""
    made = omie.call(
        PRODUCTS, "UpsertProduto", codigo="CAFE", codigo_produto_integracao="I-CAFE", descricao="Café em grão",
        unidade="UN", ncm="0901.21.00", valor_unitario=10,
    )  # fmt: skip
    return int(made["codigo_produto"])


def sold(omie: Simulator, customer: int, product: int, code: str, **header: Any) -> int:
    """Adds a sales order of one product."""
    made = omie.call(
        SALE, "IncluirPedido",
        cabecalho={"codigo_pedido_integracao": code, "codigo_cliente": customer, "data_previsao": "30/03/2026",
                   "etapa": "10", "codigo_parcela": "000", **header},
        det=[{"ide": {"codigo_item_integracao": "1"},
              "produto": {"codigo_produto": product, "quantidade": 1, "valor_unitario": 10.0}}],
        informacoes_adicionais={"codigo_categoria": "1.01.01", "codigo_conta_corrente": ACCOUNT, "consumidor_final": "S"},
    )  # fmt: skip
    return int(made["codigo_pedido"])


def test_a_customer_is_changed_found_by_his_tax_number_renamed_and_removed(omie: Simulator, customer: int) -> None:
    tax = {"cnpj_cpf": "11144477735", "razao_social": "Maria S. Souza"}
    assert omie.call(CUSTOMERS, "UpsertClienteCpfCnpj", **tax)["codigo_cliente_omie"] == customer
    omie.call(
        CUSTOMERS, "AssociarCodIntCliente", codigo_cliente_omie=customer, codigo_cliente_integracao="C-9"
    )  # fmt: skip
    shown = omie.call(CUSTOMERS, "ConsultarCliente", codigo_cliente_integracao="C-9")
    assert (shown["codigo_cliente_omie"], shown["razao_social"]) == (customer, "Maria S. Souza")
    page = {"pagina": 1, "registros_por_pagina": 50}
    for wanted in ({"cnpj_cpf": "111.444.777-35"}, {"cnpj_cpf": "11144477735"}, {"email": "ignored@example.com"}):
        found = omie.call(CUSTOMERS, "ListarClientes", **page, clientesFiltro=wanted)
        assert [each["codigo_cliente_omie"] for each in found["clientes_cadastro"]] == [customer]
    brief = omie.call(CUSTOMERS, "ListarClientesResumido", **page)["clientes_cadastro_resumido"]
    assert brief[0]["codigo_cliente"] == customer
    omie.call(CUSTOMERS, "ExcluirCliente", codigo_cliente_omie=customer)
    assert omie.fault(CUSTOMERS, "ConsultarCliente", codigo_cliente_omie=customer)[1] == "Client-105"


def test_a_product_is_changed_found_by_any_of_its_keys_and_removed(omie: Simulator, product: int) -> None:
    omie.call(PRODUCTS, "AlterarProduto", codigo="CAFE", valor_unitario=12.5)
    omie.call(PRODUCTS, "AssociarCodIntProduto", codigo_produto=product, codigo_produto_integracao="I-9")
    for key in ({"codigo_produto": product}, {"codigo": "CAFE"}, {"codigo_produto_integracao": "I-9"}):
        assert omie.call(PRODUCTS, "ConsultarProduto", **key)["valor_unitario"] == 12.5
    listed = {"pagina": 1, "filtrar_apenas_omiepdv": "N"}
    for pattern in ("Café em grão", "CAFÉ%", "%grão%"):
        found = omie.call(PRODUCTS, "ListarProdutosResumido", **listed, filtrar_apenas_descricao=pattern)
        assert found["produto_servico_resumido"][0]["codigo_produto"] == product
    assert omie.fault(PRODUCTS, "ListarProdutos", **listed, filtrar_apenas_descricao="Café")[1] == "Client-5113"
    omie.call(PRODUCTS, "ExcluirProduto", codigo="CAFE")
    assert omie.fault(PRODUCTS, "ConsultarProduto", codigo="CAFE", codigo_produto=0)[1] == "Client-105"


def test_a_payable_is_changed_listed_by_supplier_and_date_and_removed(omie: Simulator) -> None:
    made = [omie.control("payables", supplier={"name": each, "cnpj": "11222333000181"[: 13 + at]})
            for at, each in enumerate(("A", "B"))]  # fmt: skip
    keys = [each["codigo_lancamento_omie"] for each in made]
    omie.call(PAYABLE, "AlterarContaPagar", codigo_lancamento_omie=keys[0], data_emissao="01/03/2026")
    for wanted, expected in (
        ({"filtrar_por_cpf_cnpj": "11222333000181"}, [keys[1]]),
        ({"filtrar_por_emissao_de": "01/03/2026", "filtrar_por_emissao_ate": "31/03/2026"}, [keys[0]]),
        ({"filtrar_por_status": "VENCEHOJE", "ordem_descrescente": "S"}, [keys[1], keys[0]]),
    ):
        found = omie.call(PAYABLE, "ListarContasPagar", pagina=1, **wanted)["conta_pagar_cadastro"]
        assert [each["codigo_lancamento_omie"] for each in found] == expected
    omie.call(PAYABLE, "ExcluirContaPagar", codigo_lancamento_omie=keys[0])
    assert omie.fault(PAYABLE, "ConsultarContaPagar", codigo_lancamento_omie=keys[0])[1] == "Client-105"


def test_a_purchase_order_is_added_once_changed_and_removed_by_its_code(omie: Simulator) -> None:
    header = {"cCodIntPed": "PC-1", "nCodFor": 1, "dDtPrevisao": "30/03/2026"}
    item = {"cCodIntItem": "1", "nCodProd": 4, "nQtde": 10, "nValUnit": 12.5}
    made = omie.call(PURCHASE, "IncluirPedCompra", cabecalho_incluir=header, produtos_incluir=[item])
    again = {"cabecalho_incluir": {**header, "cObs": "x"}, "produtos_incluir": [item]}
    assert "já cadastrado" in omie.fault(PURCHASE, "IncluirPedCompra", **again)[2]
    more = {**item, "nQtde": 4}
    omie.call(PURCHASE, "AlteraPedCompra", cabecalho_alterar={"cCodIntPed": "PC-1"}, produtos_alterar=[more])
    other = {"cCodIntItem": "2", "nCodProd": 5, "nQtde": 1, "nValUnit": 1.0}
    upserted = omie.call(PURCHASE, "UpsertPedCompra", cabecalho_upsert=header, produtos_upsert=[other])
    assert upserted["nCodPed"] == made["nCodPed"]
    shown = omie.call(PURCHASE, "ConsultarPedCompra", cCodIntPed="PC-1")["produtos_consulta"]
    assert [(each["nQtde"], each["nValTot"]) for each in shown] == [(4, 50.0), (1, 1.0)]
    omie.call(PURCHASE, "ExcluirPedCompra", cCodIntPed="PC-1")
    assert omie.fault(PURCHASE, "ConsultarPedCompra", nCodPed=made["nCodPed"])[1] == "Client-105"


def test_a_receipt_moves_between_its_stages_and_only_an_open_one_is_removed(omie: Simulator) -> None:
    made = omie.control("receipts", concluded=False)["nIdReceb"]
    key = {"nIdReceb": made}
    assert omie.fault(RECEIPT, "AlterarEtapaRecebimento", **key, cEtapa="60")[1] == "Client-102"
    omie.call(RECEIPT, "ConcluirRecebimento", **key)
    omie.call(RECEIPT, "AlterarEtapaRecebimento", **key, cEtapa="80")
    omie.call(RECEIPT, "AlterarRecebimentoConcluido", ide=key, infoAdicionais={"cCategCompra": "2.01.02"})
    shown = omie.call(RECEIPT, "ConsultarRecebimento", **key)
    assert (shown["cabec"]["cEtapa"], shown["infoAdicionais"]["cCategCompra"]) == ("80", "2.01.02")
    assert omie.fault(RECEIPT, "ExcluirRecebimento", **key)[1] == "Client-102"
    omie.call(RECEIPT, "ReverterRecebimento", **key)
    assert "nIdTitulo" not in omie.records("receipts")[0]["parcelas"]["parcelasLista"][0]
    omie.control("clock", advance_seconds=61)
    omie.call(RECEIPT, "ExcluirRecebimento", **key)
    assert omie.fault(RECEIPT, "ConsultarRecebimento", **key)[1] == "Client-5113"


def test_sales_orders_are_changed_listed_by_what_they_are_and_removed(
    omie: Simulator, customer: int, product: int
) -> None:
    first, second = (sold(omie, customer, product, f"SO-{at}", data_previsao=f"0{at}/04/2026") for at in (1, 2))
    extra = {
        "ide": {"codigo_item_integracao": "2"},
        "produto": {"codigo": "CAFE", "quantidade": 3, "valor_unitario": 2},
    }
    gone = {"ide": {"codigo_item_integracao": "1", "acao_item": "E"}}
    omie.call(SALE, "AlterarPedidoVenda", cabecalho={"codigo_pedido": first}, det=[extra, gone])
    numbers = [each["cabecalho"]["numero_pedido"].lstrip("0") for each in omie.records("sales_orders")]
    shown = omie.call(SALE, "ConsultarPedido", numero_pedido=numbers[0])["pedido_venda_produto"]
    assert [each["produto"]["quantidade"] for each in shown["det"]] == [3]
    omie.call(SALE, "TrocarEtapaPedido", codigo_pedido=second, etapa="50")
    assert omie.call(BILLING, "ObterPedidosVenda", cEtapa="50")["listaPedidosVenda"][0]["nIdPed"] == second
    omie.call(BILLING, "CancelarPedidoVenda", nCodPed=second)
    today = omie.records("sales_orders")[1]["dCan"]
    for wanted, expected in (
        ({"data_previsao_ate": "01/04/2026"}, [first]),
        ({"numero_pedido_de": numbers[1], "numero_pedido_ate": numbers[1]}, [second]),
        ({"data_cancelamento_de": today}, [second]),
        ({"status_pedido": "CANCELADO"}, [second]),
        ({"filtrar_por_cliente": customer, "etapa": "10"}, [first]),
    ):
        found = omie.call(SALE, "ListarPedidos", pagina=1, **wanted)["pedido_venda_produto"]
        assert [each["cabecalho"]["codigo_pedido"] for each in found] == expected
    assert omie.fault(SALE, "ListarPedidos", pagina=1, data_faturamento_de="01/01/2026")[1] == "Client-5113"
    omie.call(SALE, "ExcluirPedido", codigo_pedido_integracao="SO-1")
    assert omie.fault(SALE, "ConsultarPedido", codigo_pedido=first)[1] == "Client-105"


def test_stages_have_names_and_an_order_a_history_of_them(omie: Simulator, customer: int, product: int) -> None:
    key = sold(omie, customer, product, "SO-1")
    omie.call(SALE, "TrocarEtapaPedido", codigo_pedido=key, etapa="20")
    listed = omie.call("produtos/etapafat", "ListarEtapasFaturamento", pagina=1)["cadastros"]
    assert (listed[0], listed[1]["cCodOperacao"]) == ({}, "11")
    assert {each["cCodigo"]: each["cDescricao"] for each in listed[1]["etapas"]}["50"] == "Faturar"
    history = omie.call("produtos/pedidoetapas", "ListarEtapasPedido", nPagina=1, nCodPed=key)["etapasPedido"]
    assert [(each["cEtapa"], each["cancelamento"]["cCancelado"]) for each in history] == [("10", "N"), ("20", "N")]


def test_an_adjustment_is_listed_by_its_day_and_taken_back(omie: Simulator, product: int) -> None:
    given = {"id_prod": product, "valor": 1, "obs": "-", "origem": "AJU", "motivo": "INV", "tipo": "ENT", "quan": 5}
    made = omie.call(ADJUST, "IncluirAjusteEstoque", **given, data="01/03/2026")
    listed = {"pagina": 1, "data_movimento_de": "01/03/2026", "data_movimento_ate": "02/03/2026"}
    [found] = omie.call(ADJUST, "ListarAjusteEstoque", **listed)["ajuste_estoque_lista"]
    assert str(found["id_ajuste"]) == made["id_ajuste"]
    places = omie.call("estoque/local", "ListarLocaisEstoque", nPagina=1)["locaisEncontrados"]
    where = {"id_prod": product, "codigo_local_estoque": places[0]["codigo_local_estoque"]}
    assert omie.call("estoque/consulta", "PosicaoEstoque", **where, data="28/02/2026")["saldo"] == 0
    assert omie.call("estoque/consulta", "PosicaoEstoque", **where, data="01/03/2026")["saldo"] == 5
    omie.call(ADJUST, "ExcluirAjusteEstoque", id_ajuste=int(made["id_ajuste"]))
    assert omie.call("estoque/consulta", "PosicaoEstoque", **where)["saldo"] == 0
    elsewhere = omie.fault("estoque/consulta", "PosicaoEstoque", id_prod=product, codigo_local_estoque=12345)
    assert elsewhere[1] == "Client-1070"
