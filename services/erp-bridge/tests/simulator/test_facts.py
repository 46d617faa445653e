"""The ten facts that break naive code (omie-api.md 0), and the golden vector of 2.1."""

import pytest
from simulated import Simulator, packed

ANEXO, RECEIPT, PAYABLE = "geral/anexo", "produtos/recebimentonfe", "financas/contapagar"
ORDER = "produtos/pedidocompra"
GOLDEN = (
    "UEsDBBQAAAAAAAAAIQBZ5I2lCQAAAAkAAAAIAAAAbm90YS50eHRvbGEgb21pZQpQSwECFAAUAAAAAAAAACEAWeSNpQkAAAAJAAAACAAAAAAAAAAAAAAAgAEAAAAA"
    "bm90YS50eHRQSwUGAAAAAAEAAQA2AAAALwAAAAAA"
)
GOLDEN_MD5 = "9e354d7e06d01d03367255a457499546"


def receipt(omie: Simulator, **given: object) -> tuple[int, list[int]]:
    """Imports an invoice; returns its id and its payables'."""
    made = omie.control("receipts", **given)
    return made["nIdReceb"], [each["nIdTitulo"] for each in made["parcels"]]


def test_1_a_business_error_is_http_500_with_the_words_in_the_body(omie: Simulator) -> None:
    answer = omie.post(PAYABLE, "ConsultarContaPagar", codigo_lancamento_omie=1)
    assert (answer.status_code, answer.json()["faultcode"]) == (500, "SOAP-ENV:Client-105")
    assert answer.headers["OmieAPI-Error"].startswith("105 - ")
    assert r"n\u00e3o cadastrado" in answer.text


def test_2_nothing_found_is_an_error_too(omie: Simulator) -> None:
    assert omie.fault(RECEIPT, "ListarRecebimentos", nPagina=1, nRegistrosPorPagina=50) == (
        500, "Client-5113", "ERROR: Não existem registros para a página [1]!",
    )  # fmt: skip


def test_3_the_tenth_error_blocks_the_method_for_thirty_minutes_and_calling_on_renews_it(omie: Simulator) -> None:
    statuses = [omie.post(PAYABLE, "ConsultarContaPagar", codigo_lancamento_omie=n).status_code for n in range(1, 12)]
    assert statuses == [500] * 10 + [425]
    omie.control("clock", advance_seconds=1700)
    status, code, text = omie.fault(PAYABLE, "ConsultarContaPagar", codigo_lancamento_omie=20)
    assert (status, code) == (425, "MISUSE_API_PROCESS")
    assert "Tente novamente em 1800 segundos" in text
    omie.control("clock", advance_seconds=1790)
    assert omie.fault(PAYABLE, "ConsultarContaPagar", codigo_lancamento_omie=21)[0] == 425
    omie.control("clock", advance_seconds=1801)
    assert omie.fault(PAYABLE, "ConsultarContaPagar", codigo_lancamento_omie=22)[0] == 500
    assert omie.fault(RECEIPT, "ConsultarRecebimento", nIdReceb=1)[0] == 500
    assert omie.stats()["blocks"] == 1


def test_3_errors_are_forgotten_after_half_an_hour(omie: Simulator) -> None:
    for number in range(9):
        omie.fault(PAYABLE, "ConsultarContaPagar", codigo_lancamento_omie=1 + number)
    omie.control("clock", advance_seconds=1801)
    statuses = [omie.fault(PAYABLE, "ConsultarContaPagar", codigo_lancamento_omie=50 + n)[0] for n in range(9)]
    assert statuses == [500] * 9


def test_4_the_same_question_within_a_minute_is_refused_with_the_seconds_that_are_left(omie: Simulator) -> None:
    found, _ = receipt(omie)
    omie.call(RECEIPT, "ConsultarRecebimento", nIdReceb=found)
    omie.control("clock", advance_seconds=10)
    status, code, text = omie.fault(RECEIPT, "ConsultarRecebimento", nIdReceb=found)
    assert (status, code) == (500, "Client-6")
    assert text.startswith("ERROR: Consumo redundante detectado. Aguarde ")
    assert int(text.split("Aguarde ")[1].split()[0]) in (49, 50)
    omie.control("clock", advance_seconds=61)
    assert omie.call(RECEIPT, "ConsultarRecebimento", nIdReceb=found)["cabec"]["nIdReceb"] == found


def test_5_an_attachment_is_base64_of_a_zip_and_its_md5_that_of_the_text(omie: Simulator) -> None:
    _, [payable] = receipt(omie)
    file = {"cTabela": "conta-pagar", "nId": payable, "cNomeArquivo": "nota.txt", "cArquivo": GOLDEN}
    for wrong in ("0c0e0cb790cfe4f0c7ef413eefed6b64", "6beffbb0e9b378c63e995af5b2a748f3", ""):
        assert f"Esperado o MD5 [{GOLDEN_MD5}]" in omie.fault(ANEXO, "IncluirAnexo", **file, cMd5=wrong)[2]
    assert omie.call(ANEXO, "IncluirAnexo", **file, cMd5=GOLDEN_MD5)["cCodStatus"] == "0"
    link = omie.call(ANEXO, "ObterAnexo", cTabela="conta-pagar", nId=payable, cNomeArquivo="nota.txt")["cLinkDownload"]
    assert omie.http.get(link).content == b"ola omie\n"


def test_6_the_download_is_a_link_that_ends(omie: Simulator) -> None:
    _, [payable] = receipt(omie)
    made = omie.call(ANEXO, "IncluirAnexo", cTabela="conta-pagar", nId=payable, **packed("a.pdf", b"content"))
    given = omie.call(ANEXO, "ObterAnexo", cTabela="conta-pagar", nId=payable, nIdAnexo=made["nIdAnexo"])
    assert "cArquivo" not in given
    assert omie.http.get(given["cLinkDownload"]).content == b"content"
    omie.control("clock", advance_seconds=3600)
    assert omie.http.get(given["cLinkDownload"]).status_code == 403


def test_7_the_table_of_payables_is_spelled_with_a_hyphen(omie: Simulator) -> None:
    _, [payable] = receipt(omie)
    file = packed("a.pdf", b"x")
    assert omie.fault(ANEXO, "IncluirAnexo", cTabela="conta_a_pagar", nId=payable, **file)[1] == "Client-105"
    assert omie.call(ANEXO, "IncluirAnexo", cTabela="conta-pagar", nId=payable, **file)["cTabela"] == "conta-pagar"


@pytest.mark.parametrize("name", ["EncerrarPedCompra", "AlterarPedidoCompra", "CancelarPedCompra"])
def test_8_no_call_closes_a_purchase_order(omie: Simulator, name: str) -> None:
    answer = omie.post(ORDER, name, nCodPed=1)
    assert (answer.status_code, answer.json()) == (
        500, {"status": "error", "message": f"Method {name} not exists"}
    )  # fmt: skip


def test_9_the_stage_of_a_purchase_order_does_not_tell_that_it_is_closed(omie: Simulator) -> None:
    made = omie.control("purchase-orders")["nCodPed"]
    omie.control(f"purchase-orders/{made}/close", reason="a compra não vai acontecer")
    assert omie.call(ORDER, "ConsultarPedCompra", nCodPed=made)["cabecalho_consulta"]["cEtapa"] == "10"
    page = {"nPagina": 1, "nRegsPorPagina": 50}
    found = omie.call(ORDER, "PesquisarPedCompra", **page, lExibirPedidosEncerrados="S")
    assert [each["cabecalho_consulta"]["nCodPed"] for each in found["pedidos_pesquisa"]] == [made]
    assert omie.fault(ORDER, "PesquisarPedCompra", **page, lExibirPedidosPendentes="S")[1] == "Client-5113"
    assert omie.fault(ORDER, "PesquisarPedCompra", **page)[1] == "Client-5113"


@pytest.mark.parametrize(
    ("service", "call", "tag", "structure"),
    [
        (RECEIPT, "ListarRecebimentos", "nRegPorPagina", "rcbtoListarRequest"),
        (ANEXO, "ListarAnexo", "nRegistrosPorPagina", "docListarAnexosRequest"),
        (ORDER, "PesquisarPedCompra", "pagina", "com_pedido_pesquisar_request"),
        ("produtos/pedido", "ListarPedidos", "nPagina", "pvpListarRequest"),
        (PAYABLE, "ConsultarContaPagar", "nCodTitulo", "conta_pagar_cadastro_chave"),
        ("estoque/consulta", "ListarPosEstoque", "nCodProd", "ListarEstPosRequest"),
    ],
)
def test_10_a_tag_of_another_service_is_refused(
    omie: Simulator, service: str, call: str, tag: str, structure: str
) -> None:
    text = f"ERROR: Tag [{tag.upper()}] não faz parte da estrutura do tipo complexo [{structure}]!"
    assert omie.fault(service, call, **{tag: 1}) == (500, "Client-5001", text)
