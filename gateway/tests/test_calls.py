"""Requests through the gateway, on real sockets."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import grpc
import httpx
import pytest
from google.api.httpbody_pb2 import HttpBody

from comanda.erp.v1 import attachments_pb2
from comanda.orders.v1 import orders_pb2, sessions_pb2
from comanda.sales.v1 import receipts_pb2
from gateway import bodies, upstream
from kit.errors import Exhausted, Invalid, NotFound, Refused, Violation
from kit.testing import eventually

from .standin import API_KEY, House

ORDER = orders_pb2.GetOrderResponse(order=orders_pb2.Order(ref="ORD-1", total_q=2**53 + 1))
PROBLEM = {"type", "title", "status", "detail", "code", "message", "context", "request_id"}


async def test_a_post_that_creates_answers_201_with_the_resource_and_its_revision(house: House) -> None:
    session = sessions_pb2.Session(session_key="S-1", rev=1, state="SESSION_STATE_OPEN")
    house.services.on["OpenSession"] = sessions_pb2.OpenSessionResponse(session=session, created=True)
    answer = await house.client.post("/api/v1/sessions", json={"channel_code": "web"})
    assert (answer.status_code, answer.headers["etag"], answer.json()["state"]) == (201, '"1"', "open")
    session.rev = 4
    house.services.on["OpenSession"] = sessions_pb2.OpenSessionResponse(session=session, created=False)
    answer = await house.client.post("/api/v1/sessions", json={"channel_code": "web"})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"4"')


async def test_a_document_goes_out_as_it_is_and_without_one_the_answer_is_json(house: House) -> None:
    page = HttpBody(content_type="application/pdf", data=b"%PDF-\0\xff")
    receipt = receipts_pb2.Receipt(receipt_number="R-1")
    house.services.on["GetReceipt"] = receipts_pb2.GetReceiptResponse(receipt=receipt, document=page)
    path = f"/api/v1/sales/{uuid4()}/receipt"
    answer = await house.client.get(path, params={"format": "pdf"})
    assert (answer.headers["content-type"], answer.content) == ("application/pdf", b"%PDF-\0\xff")
    house.services.on["GetReceipt"] = receipts_pb2.GetReceiptResponse(receipt=receipt)
    answer = await house.client.get(path)
    assert (answer.headers["content-type"], answer.json()["receipt_number"]) == ("application/json", "R-1")
    assert [request.format for _, request, _ in house.services.asked] == [receipts_pb2.RECEIPT_FORMAT_PDF, 0]


async def test_services_are_told_who_asks_in_what_language_and_under_which_id(house: House) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {"x-request-id": "mine", "accept-language": "pt-BR", "traceparent": trace, "user-agent": "till/2"}
    answer = await house.client.get("/api/v1/orders/ORD-1", headers=headers)
    [(_, request, metadata)] = house.services.asked
    assert request.ref == "ORD-1"
    assert answer.headers["x-request-id"] == metadata["x-request-id"] == "mine"
    assert (metadata["accept-language"], metadata["x-client-agent"]) == ("pt-BR", "till/2")
    assert (metadata["traceparent"], metadata["x-client-address"]) == (trace, "127.0.0.1")
    assert metadata["authorization"].count(".") == 2


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "ação".encode()])
async def test_a_request_id_that_is_not_sane_is_replaced(house: House, given: Any) -> None:
    answer = await house.client.get("/api/v1/orders/ORD-1", headers={"x-request-id": given})
    assert len(answer.headers["x-request-id"]) == 36


async def test_headers_in_any_script_and_of_any_length_break_nothing(house: House) -> None:
    given = {"user-agent": "Loja São João\t2", "accept-language": "é" * 5_000, "x-forwarded-for": "ã"}
    headers = [(name.encode(), value.encode()) for name, value in given.items()]
    assert (await house.client.get("/api/v1/orders/ORD-1", headers=headers)).status_code == 200
    [(_, _, metadata)] = house.services.asked
    assert metadata["x-client-agent"] == "Loja S??o Jo??o?2"


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE\r\n\r\n",
        b"FOO /api/v1/orders HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /api/v1/orders?search=João HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: two\r\n\r\n{}",
    ],
)
async def test_what_is_no_http_is_refused_as_a_problem(house: House, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(sent)
    head, _, body = (await asyncio.wait_for(reader.read(), 30)).partition(b"\r\n\r\n")
    writer.close()
    problem = json.loads(body)
    assert (head.split()[1], set(problem), problem["code"]) == (b"400", PROBLEM, "invalid_http")
    assert f"content-type: application/problem+json\r\ncontent-length: {len(body)}\r\n".encode() in head
    assert f"x-request-id: {problem['request_id']}".encode() in head


async def test_numbers_beyond_what_a_double_holds_stay_exact(house: House) -> None:
    house.services.on["GetOrder"] = ORDER
    assert '"total_q":9007199254740993' in (await house.client.get("/api/v1/orders/ORD-1")).text


async def test_a_refusal_is_a_problem_with_code_context_and_violations(house: House) -> None:
    lines = [{"sku": "A", "requested": 3, "available": 1.5}]
    house.services.on["GetOrder"] = Refused("insufficient_stock", message="Acabou.", lines=lines)
    answer = await house.client.get("/api/v1/orders/ORD-1")
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert set(problem) == PROBLEM
    assert (problem["code"], problem["message"], problem["detail"]) == ("insufficient_stock", "Acabou.", "Acabou.")
    assert problem["context"] == {"lines": lines}
    assert "3.0" not in answer.text
    house.services.on["GetOrder"] = Invalid("invalid_argument", violations=[Violation("ref", "rule", "is wrong")])
    problem = (await house.client.get("/api/v1/orders/ORD-1")).json()
    assert problem["violations"] == [{"field": "ref", "rule": "rule", "message": "is wrong"}]


async def test_what_waiting_helps_against_says_how_long(house: House) -> None:
    house.services.on["GetOrder"] = Exhausted("too_many", retry_after=2.2)
    answer = await house.client.get("/api/v1/orders/ORD-1")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")


async def test_what_nobody_planned_tells_nothing_but_the_request_id(house: House) -> None:
    house.services.on["GetOrder"] = RuntimeError("the password is hunter2")
    answer = await house.client.get("/api/v1/orders/ORD-1", headers={"x-request-id": "R"})
    assert (answer.status_code, answer.json()["code"], answer.json()["request_id"]) == (500, "internal", "R")
    assert "hunter2" not in answer.text
    assert answer.json()["context"] == {}


async def test_a_service_that_is_away_is_503_and_one_that_is_slow_is_504(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "DEADLINE", 0.05)
    house.services.on["GetOrder"] = lambda *_: asyncio.sleep(5, ORDER)
    answer = await house.client.get("/api/v1/orders/ORD-1")
    assert (answer.status_code, answer.json()["code"]) == (504, "deadline_exceeded")
    monkeypatch.setattr(upstream, "DEADLINE", 5)
    await house.server.stop(None)
    answer = await house.client.get("/api/v1/orders/ORD-1")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "1")
    assert answer.json()["message"] == "Um componente necessário está indisponível."


@pytest.mark.parametrize(("key", "calls"), [("K", 2), (None, 1)])
async def test_only_a_call_that_is_safe_to_repeat_is_repeated(house: House, key: str | None, calls: int) -> None:
    async def away_at_first(_: Any, context: grpc.aio.ServicerContext) -> sessions_pb2.ModifySessionResponse:
        if len(house.services.asked) == 1:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        return sessions_pb2.ModifySessionResponse()

    house.services.on["ModifySession"] = away_at_first
    headers = {"idempotency-key": key} if key else {}
    body = {"channel_code": "web", "ops": [{"op": "add_line"}]}
    answer = await house.client.post("/api/v1/sessions/S/modify", json=body, headers=headers)
    assert (answer.status_code, len(house.services.asked)) == (200 if key else 503, calls)


async def test_a_repeated_answer_says_so(house: House) -> None:
    async def replayed(_: Any, context: grpc.aio.ServicerContext) -> sessions_pb2.CommitSessionResponse:
        context.set_trailing_metadata((("idempotency-replayed", "true"),))
        return sessions_pb2.CommitSessionResponse(created=True)

    house.services.on["CommitSession"] = replayed
    answer = await house.client.post("/api/v1/sessions/S/commit", headers={"idempotency-key": "K"})
    assert (answer.status_code, answer.headers["idempotency-replayed"]) == (201, "true")
    assert house.services.asked[0][1].idempotency_key == "K"


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Basic abc", "Bearer ck_other_key", "Bearer ção".encode()]
)
async def test_without_a_good_key_nothing_is_answered(house: House, authorization: Any) -> None:
    async with httpx.AsyncClient(base_url=house.client.base_url) as stranger:
        headers = {} if authorization is None else {"authorization": authorization}
        answer = await stranger.get("/api/v1/orders/ORD-1", headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["code"] == "unauthenticated"
    assert not house.services.asked


async def test_a_credential_that_sales_does_not_even_look_at_is_no_good_key(house: House) -> None:
    answer = await house.client.get("/api/v1/orders/ORD-1", headers={"authorization": "Bearer " + "x" * 9_000})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_many_requests_at_once_exchange_their_key_once(house: House) -> None:
    await asyncio.gather(*(house.client.get("/api/v1/orders/ORD-1") for _ in range(20)))
    assert (house.services.authenticated, len(house.services.asked)) == (1, 20)


async def test_rules_are_checked_before_anybody_is_asked(house: House) -> None:
    answer = await house.client.post("/api/v1/sessions", json={})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")
    assert answer.json()["violations"][0]["field"] == "channel_code"
    assert not house.services.asked


@pytest.mark.parametrize(
    ("verb", "path", "status", "allow"),
    [
        ("GET", "/api/v1/nothing", 404, None),
        ("GET", "/", 404, None),
        ("GET", "/api/v1//orders", 404, None),
        ("GET", "/api/v1/orders/%ff", 400, None),
        ("DELETE", "/api/v1/orders", 405, "GET, HEAD, OPTIONS"),
        ("POST", "/docs", 405, "GET, HEAD, OPTIONS"),
        ("OPTIONS", "/api/v1/sessions", 204, "GET, HEAD, OPTIONS, POST"),
        ("OPTIONS", "/health", 204, "GET, HEAD, OPTIONS"),
        ("OPTIONS", "/api/v1/nothing", 404, None),
    ],
)
async def test_unknown_paths_and_methods_get_what_http_says(
    house: House, verb: str, path: str, status: int, allow: str | None
) -> None:
    answer = await house.client.request(verb, path)
    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)
    if status != 204:
        assert set(answer.json()) == PROBLEM


async def test_head_is_get_without_the_body(house: House) -> None:
    house.services.on["GetOrder"] = ORDER
    get, head = [await house.client.request(verb, "/api/v1/orders/ORD-1") for verb in ("GET", "HEAD")]
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_a_body_that_is_too_large_is_refused_while_it_streams_in(house: House) -> None:
    async def endless() -> Any:
        for _ in range(bodies.LIMIT // 65536 + 1):
            yield b" " * 65536

    for content in (endless(), b" " * (bodies.LIMIT + 1)):
        answer = await house.client.post(
            "/api/v1/sessions", content=content, headers={"content-type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("headers", [{"content-type": "text/plain"}, {}, {"content-encoding": "gzip"}])
async def test_a_body_that_is_no_plain_json_is_refused(house: House, headers: dict[str, str]) -> None:
    answer = await house.client.post("/api/v1/sessions", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_names_that_no_text_can_hold_do_not_break_the_refusal(house: House) -> None:
    for body in (b'{"\\ud800": 1}', b'{"\xff": 1}', b'{"data": {"\\u0000": 1}}'):
        answer = await house.client.post("/api/v1/sessions", content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


async def test_the_gateway_speaks_portuguese_to_those_who_ask_for_it(house: House) -> None:
    body = {"channel_code": 1}
    answer = await house.client.post("/api/v1/sessions", json=body, headers={"accept-language": "pt-BR,en;q=0.5"})
    assert answer.json()["message"] == "channel_code deve ser um texto."
    assert answer.json()["context"] == {"field": "channel_code", "expected": "text"}


@pytest.mark.parametrize(
    ("path", "language", "words"),
    [
        ("/api/v1/sessions", "", "Não existe o campo x aqui."),
        ("/api/v1/purchase-orders/encerrar", "de", "Não existe o campo x aqui."),
        ("/api/v1/sessions", "en", "There is no field x here."),
        ("/api/v1/sales", "", "There is no field x here."),
        ("/api/v1/nothing", "", "There is nothing at /api/v1/nothing."),
    ],
)
async def test_who_names_no_language_is_told_in_that_of_the_service_behind(
    house: House, path: str, language: str, words: str
) -> None:
    answer = await house.client.post(path, json={"x": 1}, headers={"accept-language": language})
    assert answer.json()["message"] == words


async def test_a_client_that_hangs_up_ends_the_call_behind(house: House) -> None:
    ended = asyncio.Event()

    async def patient(*_: Any) -> orders_pb2.GetOrderResponse:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError("waits for ever")

    house.services.on["GetOrder"] = patient
    _, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(f"GET /api/v1/orders/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {API_KEY}\r\n\r\n".encode())
    await eventually(lambda: _asked(house))
    writer.close()
    await asyncio.wait_for(ended.wait(), 100)


async def test_health_names_every_service_and_is_503_when_one_is_away(house: House) -> None:
    answer = await house.client.get("/health")
    names = ("orders", "inventory", "sales", "erp")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    assert answer.json()["services"] == dict.fromkeys(names, "healthy")
    await house.server.stop(None)
    await eventually(lambda: _status(house, "/health", 503))
    assert (await house.client.get("/health/live")).json() == {"status": "alive"}, (
        "and is not to be started again for that"
    )
    assert (await house.client.get("/health")).json()["services"]["orders"] == "unhealthy"


async def test_pages_need_no_key(house: House) -> None:
    async with httpx.AsyncClient(base_url=house.client.base_url) as stranger:
        for path, kind in (("/docs", "text/html; charset=utf-8"), ("/openapi.json/", "application/json")):
            answer = await stranger.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (200, kind)


async def test_not_found_is_not_found(house: House) -> None:
    house.services.on["GetOrder"] = NotFound("not_found")
    assert (await house.client.get("/api/v1/orders/X")).status_code == 404


async def _asked(house: House) -> bool:
    return bool(house.services.asked)


async def _status(house: House, path: str, status: int) -> bool:
    return (await house.client.get(path)).status_code == status


@pytest.mark.parametrize("body", [{}, {"origem_id": 1}, {"origem_id": "x", "destino_id": 2}, {"nonsense": 1}, None])
async def test_older_clients_find_their_sentence_in_a_bad_request(house: House, body: Any) -> None:
    answer = await house.client.post("/api/attachments/transferir/", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["erro"] == "origem_id e destino_id são obrigatórios"


async def test_older_clients_find_other_refusals_in_the_same_place(house: House) -> None:
    house.services.on["IncludeAttachment"] = Refused("omie_refused", message="O ERP recusou: não existe.")
    file = {"tabela": "conta-pagar", "n_id": 1, "nome_arquivo": "a.pdf", "arquivo_base64": "eA=="}
    answer = await house.client.post("/api/v1/attachments/incluir", json=file)
    assert (answer.status_code, answer.json()["erro"]) == (500, "O ERP recusou: não existe.")


async def test_a_method_may_take_a_larger_body(house: House) -> None:
    house.services.on["IncludeAttachment"] = attachments_pb2.IncludeAttachmentResponse()
    file = {"tabela": "conta-pagar", "n_id": 1, "nome_arquivo": "a.pdf", "arquivo_base64": "A" * (28 * 1024 * 1024)}
    assert (await house.client.post("/api/v1/attachments/incluir", json=file, timeout=60)).status_code == 200
    file["arquivo_base64"] *= 2
    answer = await house.client.post("/api/v1/attachments/incluir", json=file, timeout=60)
    assert (answer.status_code, answer.json()["context"]["limit"]) == (413, 32 * 1024 * 1024)
