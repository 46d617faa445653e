"""What an answer means."""

from datetime import date

import orjson
import pytest

from erp_bridge.omie import answers, values
from erp_bridge.omie.answers import Kind


def fault(code: str, text: str, status: int = 500) -> answers.Answer:
    """Reads a fault, as Omie writes it: escaped."""
    body = f'{{"faultstring": "ERROR: {text.encode("ascii", "backslashreplace").decode()}", "faultcode": "SOAP-ENV:{code}"}}'
    return answers.read(status, {}, body.replace("\\x", "\\u00").encode())


@pytest.mark.parametrize(
    ("code", "text", "status", "kind"),
    [
        ("Client-5113", "Não existem registros para a página [1]!", 500, Kind.NOT_FOUND),
        ("Client-105", "Pedido não cadastrado para o Código [1] !", 500, Kind.NOT_FOUND),
        ("Client-206", "Pedido de compra não cadastrado para o Número [000000000000001]", 500, Kind.NOT_FOUND),
        (
            "Client-102",
            "Cliente já cadastrado para o Código de Integração [X] com o nCod [2274524288] !",
            500,
            Kind.DUPLICATE,
        ),
        ("Client-102", "O período contábil de 03 de 2026 foi bloqueado por x", 500, Kind.CLOSED_PERIOD),
        ("Client-5001", "Tag [X] não faz parte da estrutura do tipo complexo [Y]!", 500, Kind.VALIDATION),
        ("Client-1000", "O preenchimento da tag [x] é obrigatório!", 500, Kind.VALIDATION),
        ("Client-1880", "Já existe uma requisição desse método sendo executada (1)", 500, Kind.BUSY),
        ("Client-8020", "Esta requisição já foi processada ou está sendo processada", 500, Kind.BUSY),
        ("Client-8", "qualquer", 500, Kind.REDUNDANT),
        ("Server", "A chave de acesso está inválida ou o aplicativo está suspenso.", 403, Kind.AUTH),
        ("Client-1", "SOAP-ERROR: Broken response from Application Server", 500, Kind.TRANSIENT),
    ],
)
def test_a_fault_is_known_by_its_number_and_then_by_its_words(code: str, text: str, status: int, kind: Kind) -> None:
    assert fault(code, text, status).kind is kind


def test_the_time_to_wait_is_read_from_the_words() -> None:
    redundant = fault(
        "Client-6", "Consumo redundante detectado. Aguarde 57 segundos para tentar novamente (REDUNDANT)."
    )
    assert (redundant.kind, redundant.wait) == (Kind.REDUNDANT, 57)
    words = "ERROR: API bloqueada por consumo indevido. Tente novamente em 1678 segundos."
    blocked = answers.read(425, {}, orjson.dumps({"faultstring": words, "faultcode": "MISUSE_API_PROCESS"}))
    assert (blocked.kind, blocked.wait) == (Kind.BLOCKED, 1678)
    assert answers.read(425, {}, b'{"faultstring": "?", "faultcode": "MISUSE_API_PROCESS"}').wait == 1800
    assert answers.read(429, {"retry-after": "9"}, b'{"error_code": 429}').wait == 9


@pytest.mark.parametrize(
    ("status", "raw", "kind"),
    [
        (200, b'{"cCodStatus": "0", "cDesStatus": "ok"}', Kind.OK),
        (200, b'{"listaAnexos": []}', Kind.OK),
        (200, b'{"cCodStatus": "103", "cDesStatus": "no"}', Kind.FAILED),
        (200, b'{"codigo_status": 1, "descricao_status": "no"}', Kind.FAILED),
        (200, b'{"faultstring": "ERROR: x", "faultcode": "SOAP-ENV:Client-1"}', Kind.VALIDATION),
        (500, b'{"status": "error", "message": "Method X not exists"}', Kind.VALIDATION),
        (502, b"<html>Bad Gateway</html>", Kind.TRANSIENT),
        (500, b"SOAP-ERROR: Broken response", Kind.TRANSIENT),
        (503, b"{}", Kind.TRANSIENT),
        (200, b"", Kind.TRANSIENT),
    ],
)
def test_an_answer_is_judged_by_its_body_on_every_status(status: int, raw: bytes, kind: Kind) -> None:
    assert answers.read(status, {}, raw).kind is kind


def test_html_entities_are_undone_wherever_they_stand() -> None:
    raw = orjson.dumps({"a": [{"b": "Caf&eacute; &amp; Cia", "c": 90000000242}]})
    assert answers.read(200, {}, raw).body == {"a": [{"b": "Café & Cia", "c": 90000000242}]}


def test_dates_flags_and_numbers() -> None:
    assert values.to_date(date(2026, 3, 1)) == "01/03/2026"
    assert (values.from_flag("S"), values.from_flag("T"), values.from_flag(None)) == (True, True, False)
    assert values.bare_number("000000000000901") == values.bare_number("901") == "901"
