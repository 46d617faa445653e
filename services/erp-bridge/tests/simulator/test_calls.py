"""What the calls do to the records, beyond the ten facts."""

import pytest
from simulated import Simulator, packed

ANEXO, RECEIPT, PAYABLE = "geral/anexo", "produtos/recebimentonfe", "financas/contapagar"
PURCHASE, SALE, BILLING = "produtos/pedidocompra", "produtos/pedido", "produtos/pedidovendafat"
ACCOUNT = 90000003801


def product(omie: Simulator, sku: str = "SKU-1") -> int:
    """Adds a product."""
    made = omie.call(
        "geral/produtos", "IncluirProduto", codigo=sku, codigo_produto_integracao=f"I-{sku}", descricao=f"Item {sku}",
        unidade="UN", ncm="9608.20.00", valor_unitario=10,
    )  # fmt: skip
    return int(made["codigo_produto"])


def customer(omie: Simulator) -> int:
    """Adds a customer."""
    made = omie.call(
        "geral/clientes", "IncluirCliente", codigo_cliente_integracao="C-1", razao_social="Maria", estado="SP",
        cnpj_cpf="111.444.777-35",
    )  # fmt: skip
    return int(made["codigo_cliente_omie"])


def order(omie: Simulator, code: str = "SO-9") -> dict[str, object]:
    """What IncluirPedido takes."""
    return {
        "cabecalho": {"codigo_pedido_integracao": code, "codigo_cliente": customer(omie), "data_previsao": "30/03/2026",
                      "etapa": "10", "codigo_parcela": "000"},
        "det": [{"ide": {"codigo_item_integracao": "1"},
                 "produto": {"codigo_produto": product(omie), "quantidade": 2, "valor_unitario": 50.0}}],
        "informacoes_adicionais": {"codigo_categoria": "1.01.01", "codigo_conta_corrente": ACCOUNT, "consumidor_final": "S"},
    }  # fmt: skip


def test_a_receipt_has_a_payable_for_each_parcel_once_it_is_concluded(omie: Simulator) -> None:
    made = omie.control("receipts", parcels=3, concluded=False)
    assert [each["nIdTitulo"] for each in made["parcels"]] == [0, 0, 0]
    key = {"nIdReceb": made["nIdReceb"]}
    assert omie.call(RECEIPT, "ConcluirRecebimento", **key)["cCodStatus"] == "0"
    shown = omie.call(RECEIPT, "ConsultarRecebimento", **key)
    payables = [each["nIdTitulo"] for each in shown["parcelas"]["parcelasLista"]]
    assert (shown["cabec"]["cEtapa"], len(set(payables))) == ("60", 3)
    assert omie.call(PAYABLE, "ConsultarContaPagar", codigo_lancamento_omie=payables[0])["id_origem"] == "COMP"
    omie.call(RECEIPT, "ReverterRecebimento", **key)
    assert omie.records("payables") == []


def test_an_associated_receipt_moves_the_purchase_order(omie: Simulator) -> None:
    bought = omie.control("purchase-orders")
    made = omie.control("receipts", concluded=False)
    association = {
        "nSequencia": 1, "cAcao": "ASSOCIAR-PEDIDO", "nIdPedidoExistente": bought["nCodPed"],
        "nIdItPedidoExistente": bought["items"][0],
    }  # fmt: skip
    omie.call(
        RECEIPT, "AlterarRecebimento", ide={"nIdReceb": made["nIdReceb"]},
        itensRecebimentoEditar=[{"itensIde": association}],
    )  # fmt: skip
    omie.call(RECEIPT, "ConcluirRecebimento", nIdReceb=made["nIdReceb"])
    shown = omie.call(PURCHASE, "ConsultarPedCompra", nCodPed=bought["nCodPed"])
    assert shown["produtos_consulta"][0]["nQtdeRec"] == 10
    found = omie.call(PURCHASE, "PesquisarPedCompra", nPagina=1, nRegsPorPagina=50, lExibirPedidosRecebidos=True)
    assert found["nTotalRegistros"] == 1


def test_closing_needs_a_reason_and_cannot_be_undone(omie: Simulator) -> None:
    made = omie.control("purchase-orders")["nCodPed"]
    path = f"{omie.base_url}/_control/purchase-orders/{made}"
    assert omie.http.post(f"{path}/close", json={"reason": " "}).status_code == 400
    omie.control(f"purchase-orders/{made}/close", reason="engano")
    assert omie.http.post(f"{path}/cancel", json={"reason": "outro"}).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"cNomeArquivo": "a.b.pdf"}, {"cNomeArquivo": "semponto"}, {"cNomeArquivo": "x" * 97 + ".pdf"},
        {"cCodIntAnexo": "c" * 21}, {"cTabela": "outra"}, {"nId": 5}, {"cDescricao": "x"},
    ],
)  # fmt: skip
def test_an_attachment_that_omie_would_not_take_is_refused(omie: Simulator, changes: dict[str, object]) -> None:
    owner = omie.control("payables")["codigo_lancamento_omie"]
    param = {"cTabela": "conta-pagar", "nId": owner, **packed("a.pdf", b"x"), **changes}
    assert omie.fault(ANEXO, "IncluirAnexo", **param)[0] == 500
    assert omie.stats()["attachments"] == 0


def test_a_second_attachment_of_the_same_name_or_code_is_refused_and_counted(omie: Simulator) -> None:
    owner = {"cTabela": "conta-pagar", "nId": omie.control("payables")["codigo_lancamento_omie"]}
    omie.call(ANEXO, "IncluirAnexo", **owner, cCodIntAnexo="c-1", **packed("a.pdf", b"x"))
    assert "já cadastrado" in omie.fault(ANEXO, "IncluirAnexo", **owner, cCodIntAnexo="c-2", **packed("a.pdf", b"y"))[2]
    assert "já cadastrado" in omie.fault(ANEXO, "IncluirAnexo", **owner, cCodIntAnexo="c-1", **packed("b.pdf", b"y"))[2]
    assert (omie.stats()["duplicates"], omie.stats()["attachments"]) == (2, 1)
    omie.call(ANEXO, "ExcluirAnexo", **owner, cCodIntAnexo="c-1")
    assert omie.call(ANEXO, "ListarAnexo", **owner, nPagina=1, nRegPorPagina=50)["listaAnexos"] == []


def test_a_page_is_cut_at_a_hundred_without_a_word(omie: Simulator) -> None:
    for number in range(101):
        product(omie, f"S{number}")
    listed = {"registros_por_pagina": 500, "filtrar_apenas_omiepdv": "N"}
    first = omie.call("geral/produtos", "ListarProdutos", pagina=1, **listed)
    assert (first["registros"], first["total_de_registros"], first["total_de_paginas"]) == (100, 101, 2)
    assert omie.fault("geral/produtos", "ListarProdutos", pagina=3, **listed)[1] == "Client-5113"
    assert omie.fault("geral/produtos", "ListarProdutos", pagina=1, registros_por_pagina=50)[1] == "Client-5113"


def test_a_sales_order_goes_its_way_and_a_cancelled_one_keeps_its_stage(omie: Simulator) -> None:
    asked = order(omie)
    made = omie.call(SALE, "IncluirPedido", **asked)
    assert made["numero_pedido"] == made["numero_pedido"].zfill(15)
    key = {"codigo_pedido": made["codigo_pedido"]}
    omie.control("clock", advance_seconds=61)
    assert omie.fault(SALE, "IncluirPedido", **asked)[2].endswith("código de integração [SO-9]!")
    omie.call(SALE, "TrocarEtapaPedido", **key, etapa="50")
    omie.call(BILLING, "FaturarPedidoVenda", nCodPed=made["codigo_pedido"])
    told = omie.call(SALE, "StatusPedido", **key)
    assert (told["etapa"], told["faturada"], len(told["ListaNfe"][0]["chave_nfe"])) == ("60", "S", 44)
    assert told["valor_total_pedido"] == 100.0
    assert omie.fault(BILLING, "CancelarPedidoVenda", nCodPed=made["codigo_pedido"])[0] == 500


def test_a_cancelled_order_keeps_its_stage(omie: Simulator) -> None:
    made = omie.call(SALE, "IncluirPedido", **order(omie))
    omie.call(BILLING, "CancelarPedidoVenda", cCodIntPed="SO-9")
    shown = omie.call(SALE, "ConsultarPedido", codigo_pedido=made["codigo_pedido"])["pedido_venda_produto"]
    assert (shown["cabecalho"]["etapa"], shown["infoCadastro"]["cancelado"]) == ("10", "S")


def test_a_customer_with_a_known_tax_number_is_refused_with_his_id(omie: Simulator) -> None:
    first = customer(omie)
    text = omie.fault(
        "geral/clientes", "UpsertCliente", codigo_cliente_integracao="C-2", razao_social="Maria", cnpj_cpf="11144477735"
    )[2]
    assert f"com o Id [{first}]" in text


def test_stock_is_the_sum_of_what_moved(omie: Simulator) -> None:
    made = product(omie)
    given = {"id_prod": made, "data": "01/03/2026", "valor": 1, "obs": "-", "origem": "AJU", "motivo": "INV"}
    omie.call("estoque/ajuste", "IncluirAjusteEstoque", **given, tipo="ENT", quan=5, cod_int_ajuste="A-1")
    omie.call("estoque/ajuste", "IncluirAjusteEstoque", **given, tipo="SAI", quan=7.5, cod_int_ajuste="A-2")
    assert omie.call("estoque/consulta", "PosicaoEstoque", id_prod=made)["saldo"] == -2.5
    assert (
        "A-1"
        in omie.fault("estoque/ajuste", "IncluirAjusteEstoque", **given, tipo="SLD", quan=1, cod_int_ajuste="A-1")[2]
    )


def test_a_closing_call_exists_only_where_it_is_switched_on(omie: Simulator) -> None:
    omie.control("switches", closing_call=f"{PURCHASE}/AlterarPedidoCompra")
    omie.control("purchase-orders", number="PO123")
    assert omie.call(PURCHASE, "ConsultarPedidoCompra", cNumero="PO123")["cStatus"] == "Aberto"
    omie.call(PURCHASE, "AlterarPedidoCompra", cNumero="PO123", cStatus="Fechado", cCodItem="001")
    found = omie.call(PURCHASE, "PesquisarPedCompra", nPagina=1, nRegsPorPagina=50, lExibirPedidosEncerrados="T")
    assert found["nTotalRegistros"] == 1
