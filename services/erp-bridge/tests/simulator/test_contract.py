"""The sentences of the simulator's contract (omie-api.md 8) that the ten facts and the calls do not show."""

import base64
import io
import zipfile
from hashlib import md5

import pytest
from simulated import Simulator, packed

ANEXO, PAYABLE, RECEIPT = "geral/anexo", "financas/contapagar", "produtos/recebimentonfe"
PURCHASE, STOCK = "produtos/pedidocompra", "estoque/consulta"


def zipped(*names: str) -> bytes:
    """A zip of files with something in them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return buffer.getvalue()


def test_a_path_without_its_last_slash_or_a_wsdl_is_no_call(omie: Simulator) -> None:
    assert omie.http.post(f"{omie.base_url}/api/v1/{ANEXO}", json={}).status_code == 404
    for method in ("GET", "PUT", "DELETE"):
        answer = omie.http.request(method, f"{omie.base_url}/api/v1/{ANEXO}/")
        assert (answer.status_code, answer.json()["faultstring"]) == (500, "ERROR: Invalid JSON Object")


@pytest.mark.parametrize("param", [[], [{}, {}], {"nPagina": 1}, "x", [1]])
def test_the_parameter_is_a_list_of_one_object(omie: Simulator, param: object) -> None:
    body = {"call": "ListarAnexo", "app_key": "APPKEY", "app_secret": "APPSECRET", "param": param}
    answer = omie.http.post(f"{omie.base_url}/api/v1/{ANEXO}/", json=body)
    assert (answer.status_code, answer.json()["faultstring"]) == (500, "ERROR: Invalid JSON Object")


def test_an_unknown_method_counts_as_an_error_and_a_method_of_another_service_is_unknown(omie: Simulator) -> None:
    for service, call in ((PURCHASE, "CancelarPedido"), (ANEXO, "ConsultarPedCompra")):
        answer = omie.post(service, call, nCodPed=1)
        assert answer.json() == {"status": "error", "message": f"Method {call} not exists"}
    assert omie.stats()["errors"] == {"CancelarPedido": 1, "ConsultarPedCompra": 1}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valor_documento": "100"}, "Client-3102"),
        ({"valor_documento": True}, "Client-3102"),
        ({"codigo_cliente_fornecedor": "²"}, "Client-3102"),
        ({"codigo_cliente_fornecedor": 1.5}, "Client-3102"),
        ({"categorias": {}}, "Client-3102"),
        ({"categorias": [{"codigo": "x"}]}, "Client-5001"),
        ({"servico_tomado": "x"}, "Client-3102"),
        ({"data_vencimento": "31-12-2026"}, "Client-103"),
        ({"valor_documento": None}, "Client-1000"),
        ({"codigo_lancamento_integracao": ""}, "Client-1000"),
    ],
)
def test_tags_and_types_are_read_strictly_and_what_is_null_or_empty_is_missing(
    omie: Simulator, changes: dict[str, object], code: str
) -> None:
    given = {
        "codigo_lancamento_integracao": "CP-1", "codigo_cliente_fornecedor": 1, "data_vencimento": "25/03/2026",
        "valor_documento": 100.0, "codigo_categoria": "2.01.01", "data_previsao": "25/03/2026",
    }  # fmt: skip
    status, found, _ = omie.fault(PAYABLE, "IncluirContaPagar", **{**given, **changes})
    assert (status, found) == (500, code)
    assert omie.records("payables") == []


@pytest.mark.parametrize("content", [b"no zip", zipped(), zipped("a.pdf", "b.pdf")])
def test_an_attachment_is_a_zip_with_one_file(omie: Simulator, content: bytes) -> None:
    owner = {"cTabela": "conta-pagar", "nId": omie.control("payables")["codigo_lancamento_omie"]}
    for text in (base64.b64encode(content).decode(), "not base64!"):
        file = {"cNomeArquivo": "a.pdf", "cArquivo": text, "cMd5": md5(text.encode()).hexdigest()}
        assert omie.fault(ANEXO, "IncluirAnexo", **owner, **file)[1] == "Client-102"
    assert omie.stats()["attachments"] == 0


def test_what_an_attachment_belongs_to_may_be_any_record_and_a_code_comes_before_a_name(omie: Simulator) -> None:
    order = omie.control("purchase-orders")["nCodPed"]
    owner = {"cTabela": "pedido-compra", "nId": order}
    first = omie.call(ANEXO, "IncluirAnexo", **owner, cCodIntAnexo="c-1", **packed("a.pdf", b"x"))["nIdAnexo"]
    omie.call(ANEXO, "IncluirAnexo", **owner, cCodIntAnexo="c-2", **packed("b.pdf", b"y"))
    found = omie.call(ANEXO, "ConsultarAnexo", **owner, cCodIntAnexo="c-1", cNomeArquivo="b.pdf")
    assert (found["nIdAnexo"], found["cNomeArquivo"], found["info"]["cImpAPI"]) == (first, "a.pdf", "S")
    assert not found.keys() & {"bytes", "nTamanho", "cMd5"}
    listed = omie.call(ANEXO, "ListarAnexo", **owner, cOrdenarPor="ARQUIVO", cOrdemDecrescente="S")["listaAnexos"]
    assert [each["cNomeArquivo"] for each in listed] == ["b.pdf", "a.pdf"]
    link = omie.call(ANEXO, "ObterAnexo", **owner, nIdAnexo=first)["cLinkDownload"]
    omie.call(ANEXO, "ExcluirAnexo", **owner, nIdAnexo=first)
    assert omie.http.get(link).status_code == 404
    assert omie.fault(ANEXO, "ConsultarAnexo", **owner, nIdAnexo=first)[1] == "Client-5113"


def test_a_record_without_attachments_answers_an_empty_list_or_a_fault_as_is_switched(omie: Simulator) -> None:
    owner = {"cTabela": "conta-pagar", "nId": omie.control("payables")["codigo_lancamento_omie"]}
    assert omie.call(ANEXO, "ListarAnexo", **owner)["listaAnexos"] == []
    omie.control("switches", empty_attachments_fault=True)
    assert omie.fault(ANEXO, "ListarAnexo", **owner, nPagina=1)[1] == "Client-5113"


def test_positions_of_all_products_come_fifty_a_page_whatever_is_asked_for(omie: Simulator) -> None:
    for number in range(51):
        omie.call(
            "geral/produtos", "IncluirProduto", codigo=f"S{number}", codigo_produto_integracao=f"I{number}",
            descricao="x", unidade="UN", ncm="1", valor_unitario=1,
        )  # fmt: skip
    whole = {"dDataPosicao": "02/07/2026", "nRegPorPagina": 100, "cExibeTodos": "S"}
    found = omie.call(STOCK, "ListarPosEstoque", **whole, nPagina=1)
    assert (found["nRegistros"], found["nTotRegistros"], found["nTotPaginas"]) == (50, 51, 2)


def test_page_zero_is_the_first_and_an_absent_one_too(omie: Simulator) -> None:
    made = [omie.control("payables")["codigo_lancamento_omie"] for _ in range(3)]
    for page in ({"pagina": 0}, {"registros_por_pagina": 2}, {"pagina": "1"}):
        found = omie.call(PAYABLE, "ListarContasPagar", **page)
        assert (found["pagina"], found["conta_pagar_cadastro"][0]["codigo_lancamento_omie"]) == (1, made[0])
    assert omie.fault(PAYABLE, "ListarContasPagar", pagina=2)[1] == "Client-5113"


def test_a_display_number_is_found_with_and_without_its_zeros(omie: Simulator) -> None:
    made = omie.control("purchase-orders")
    bare = made["cNumero"].lstrip("0")
    assert len(made["cNumero"]) == 15
    for number in (bare, f"0{bare}", made["cNumero"]):
        found = omie.call(PURCHASE, "ConsultarPedCompra", cNumero=number)["cabecalho_consulta"]
        assert found["nCodPed"] == made["nCodPed"]


def test_a_purchase_order_is_at_one_of_three_stages_and_an_approver_approves_it(omie: Simulator) -> None:
    for stage in ("10", "15", "20"):
        made = omie.control("purchase-orders", stage=stage)["nCodPed"]
        assert omie.call(PURCHASE, "ConsultarPedCompra", nCodPed=made)["cabecalho_consulta"]["cEtapa"] == stage
    assert omie.http.post(f"{omie.base_url}/_control/purchase-orders", json={"stage": "60"}).status_code == 400
    header = {"nCodFor": 1, "dDtPrevisao": "30/03/2026", "cEmailAprovador": "chefe@example.com"}
    item = {"nCodProd": 1, "nQtde": 1, "nValUnit": 1.0}
    made = omie.call(PURCHASE, "IncluirPedCompra", cabecalho_incluir=header, produtos_incluir=[item])["nCodPed"]
    shown = omie.call(PURCHASE, "ConsultarPedCompra", nCodPed=made, cNumero="")
    assert shown["cabecalho_consulta"]["cEtapa"] == "15"
    assert len(omie.records("purchase_orders")) == 4


def test_answers_leave_empty_fields_out_where_that_is_switched_on(omie: Simulator) -> None:
    omie.control("switches", omit_empty=True)
    made = omie.control("receipts", concluded=False)["nIdReceb"]
    shown = omie.call(RECEIPT, "ConsultarRecebimento", nIdReceb=made)
    assert not shown["itensRecebimento"][0].keys() & {"itensAjustes", "itensInfoAdic"}
    assert "cObs" not in shown["observacoes"]
    owner = {"cTabela": "com-recebimento", "nId": made}
    listed = omie.call(ANEXO, "ListarAnexo", **owner)
    assert (listed["listaAnexos"], "nTotRegistros" in listed) == ([], False)


def test_a_record_may_not_be_seen_yet_when_its_webhook_comes_and_texts_are_escaped(omie: Simulator) -> None:
    made = omie.control("receipts")["nIdReceb"]
    omie.control("faults", call="ConsultarRecebimento", kind="not_visible", times=1)
    answer = omie.post(RECEIPT, "ConsultarRecebimento", nIdReceb=made)
    assert answer.json()["faultcode"] == "SOAP-ENV:Client-5113"
    assert answer.text.isascii()
    assert r"n\u00e3o" in answer.text
    assert omie.call(RECEIPT, "ConsultarRecebimento", nIdReceb=str(made))["cabec"]["nIdReceb"] == made
