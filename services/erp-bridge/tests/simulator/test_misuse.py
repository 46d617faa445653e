"""Gate, faults on demand, webhooks, and records that outlive a kill."""

import asyncio
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import simulated
from aiohttp import web
from simulated import Simulator, packed

from kit.testing import eventually
from omie_simulator import page

PAYABLE, ANEXO = "financas/contapagar", "geral/anexo"
SECONDS = 100.0


def consult(omie: Simulator, key: int) -> httpx.Response:
    """Asks for a payable."""
    return omie.post(PAYABLE, "ConsultarContaPagar", codigo_lancamento_omie=key)


def test_wrong_credentials_are_403(omie: Simulator) -> None:
    answer = omie.post(PAYABLE, "ListarContasPagar", secret="wrong", pagina=1)
    assert (answer.status_code, answer.json()["faultcode"]) == (403, "SOAP-ENV:Server")


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"call": "x", "app_key": "k", "app_secret": "s", "param": {}}'])
def test_a_body_that_is_no_envelope_is_refused(omie: Simulator, body: str) -> None:
    answer = omie.http.post(f"{omie.base_url}/api/v1/{ANEXO}/", content=body)
    assert (answer.status_code, answer.json()["faultstring"]) == (500, "ERROR: Invalid JSON Object")


def test_the_checks_of_a_parameter_come_in_order(omie: Simulator) -> None:
    assert omie.fault(ANEXO, "ListarAnexo")[1] == "Client-71"
    assert omie.fault(ANEXO, "ListarAnexo", nId="x", cTabela="cliente")[1] == "Client-3102"
    assert omie.fault(ANEXO, "ListarAnexo", nId=1)[2] == "ERROR: O preenchimento da tag [cTabela] é obrigatório!"
    assert omie.fault(PAYABLE, "ListarContasPagar", pagina=1, filtrar_por_data_de="2026-03-01")[1] == "Client-103"
    assert omie.fault(PAYABLE, "ListarContasPagar", pagina=1, filtrar_por_data_de="01/03/1899")[1] == "Client-104"


def test_the_fifth_call_at_the_same_time_is_refused(omie: Simulator) -> None:
    keys = [omie.control("payables")["codigo_lancamento_omie"] for _ in range(5)]
    omie.control("faults", call="ConsultarContaPagar", kind="slow", times=5, seconds=0.5)
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda key: consult(omie, key), keys))
    refused = [each.json()["faultcode"] for each in answers if each.status_code == 500]
    assert set(refused) == {"SOAP-ENV:Client-1880"}
    assert all(each.headers["X-Omie-ParallelRateLimit"].endswith("/4") for each in answers)


def test_an_answer_can_be_lost_after_the_act(omie: Simulator) -> None:
    owner = omie.control("payables")["codigo_lancamento_omie"]
    omie.control("faults", call="IncluirAnexo", kind="timeout_after_commit", times=1, seconds=0)
    file = {"cTabela": "conta-pagar", "nId": owner, **packed("a.pdf", b"x")}
    with pytest.raises(httpx.RemoteProtocolError):
        omie.post(ANEXO, "IncluirAnexo", **file)
    assert omie.stats()["attachments"] == 1
    assert omie.fault(ANEXO, "IncluirAnexo", **file)[1] == "Client-6"


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("html_502", 502, "Bad Gateway"),
        ("soap_broken", 500, "SOAP-ERROR: Broken response"),
        ("status_nonzero", 200, '"cCodStatus": "103"'),
        ("busy", 500, "Client-1880"),
        ("in_process", 500, "Client-8020"),
        ("rate_limited", 429, "Too Many Requests"),
        ("closed_period", 500, "foi bloqueado"),
    ],
)
def test_a_fault_comes_on_demand_as_often_as_was_asked_and_nothing_is_done(
    omie: Simulator, kind: str, status: int, words: str
) -> None:
    owner = omie.control("payables")["codigo_lancamento_omie"]
    omie.control("faults", call="IncluirAnexo", kind=kind, times=1)
    omie.control("switches", redundancy=False)
    file = {"cTabela": "conta-pagar", "nId": owner, **packed("a.pdf", b"x")}
    answer = omie.post(ANEXO, "IncluirAnexo", **file)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert omie.stats()["attachments"] == 0
    assert omie.post(ANEXO, "IncluirAnexo", **file).status_code == 200


def test_faults_by_chance_are_the_same_ones_with_the_same_seed(omie: Simulator) -> None:
    def statuses() -> list[int]:
        omie.control("reset")
        omie.control("faults", call="*", kind="html_502", probability=0.5, seed=7)
        return [omie.post(PAYABLE, "ListarContasPagar", pagina=n).status_code for n in range(1, 9)]

    assert statuses() == statuses()
    assert set(statuses()) == {500, 502}


def test_an_expired_link_a_zipped_one_and_entities_come_on_demand(omie: Simulator) -> None:
    owner = {"cTabela": "conta-pagar", "nId": omie.control("payables")["codigo_lancamento_omie"]}
    omie.call(ANEXO, "IncluirAnexo", **owner, **packed("a&b.pdf", b"x"))
    omie.control("faults", call="ObterAnexo", kind="expired_link", times=1)
    omie.control("switches", zipped_links=True, redundancy=False, html_entities=True)
    links = [omie.call(ANEXO, "ObterAnexo", **owner, cNomeArquivo="a&b.pdf") for _ in range(2)]
    first, second = [omie.http.get(each["cLinkDownload"]) for each in links]
    assert (first.status_code, second.content[:4]) == (403, b"PK\x03\x04")
    assert links[0]["cNomeArquivo"] == "a&amp;b.pdf"


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("faults", {"kind": "nonsense"}), ("clock", {"advance_seconds": -1}), ("clock", {}),
        ("switches", {"nonsense": True}), ("receipts", {"parcels": -1}),
        ("attachments", {"table": "conta-pagar", "id": 1}), ("webhooks", {"url": "http://127.0.0.1:9/"}),
    ],
)  # fmt: skip
def test_a_control_request_that_makes_no_sense_is_refused(omie: Simulator, path: str, given: dict[str, Any]) -> None:
    assert omie.http.post(f"{omie.base_url}/_control/{path}", json=given).status_code == 400


def test_records_and_time_outlive_a_kill_and_a_reset_repeats_no_id(omie: Simulator) -> None:
    kept = omie.control("payables")["codigo_lancamento_omie"]
    owner = {"cTabela": "conta-pagar", "nId": kept}
    omie.call(ANEXO, "IncluirAnexo", **owner, **packed("a.pdf", b"x"))
    now = omie.control("clock", advance_seconds=10_000)["now"]
    omie.kill()
    with omie.journal.open("ab") as journal:
        journal.write(b'[["payables",1,{"codigo_lan')
    omie.start_again()
    assert omie.control("clock", advance_seconds=0)["now"] >= now
    link = omie.call(ANEXO, "ObterAnexo", **owner, cNomeArquivo="a.pdf")["cLinkDownload"]
    assert omie.http.get(link).content == b"x"
    omie.control("reset")
    assert omie.records("payables") == []
    assert omie.control("payables")["codigo_lancamento_omie"] > kept
    assert omie.records("accounts")[0]["nCodCC"] == 90000003801


def test_a_person_can_look_at_the_records(omie: Simulator) -> None:
    key = omie.control("payables", supplier="<b>Loja</b>")["codigo_lancamento_omie"]
    front = omie.http.get(omie.base_url).text
    assert "payables" in front
    # Else a browser asks for /favicon.ico, and logs an error for each page.
    assert '<link rel="icon" href="data:,">' in front
    assert str(key) in omie.http.get(f"{omie.base_url}/records/payables").text
    assert "<b>" not in omie.http.get(f"{omie.base_url}/records/customers").text
    for table in page.TABLES:
        assert omie.http.get(f"{omie.base_url}/records/{table}").status_code == 200
    assert omie.http.get(f"{omie.base_url}/records/links").status_code == 404


def test_records_come_newest_first_a_page_at_a_time_and_those_with_a_text_alone(omie: Simulator) -> None:
    made = [omie.control("payables", value=1000 + at)["codigo_lancamento_omie"] for at in range(page.PAGE + 1)]

    def shown(**query: object) -> list[int]:
        text = omie.http.get(f"{omie.base_url}/records/payables", params=query).text
        return [int(each) for each in re.findall(r"<tr><td>(\d+)</td>", text)]

    assert shown() == shown(page="x") == shown(page=0) == made[:0:-1]
    assert shown(page=2) == shown(page=99) == made[:1]
    assert (shown(q="1007.0"), shown(q="webservice"), shown(q="valor_documento")) == ([made[7]], made[:0:-1], [])
    assert shown(q='"><script>') == []
    assert "<script>" not in omie.http.get(f"{omie.base_url}/records/payables", params={"q": '"><script>'}).text


class Endpoint:
    """Takes webhooks; refuses as many as it is told to."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.refuse = 0
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        message = await request.json()
        if "ping" not in message and self.refuse:
            self.refuse -= 1
            return web.Response(status=503)
        self.taken.append(message)
        return web.Response(text="{}")


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """An endpoint for webhooks."""
    made, app = Endpoint(), web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


async def test_webhooks_come_in_order_and_a_failing_one_holds_up_all_behind_it(
    omie: Simulator, endpoint: Endpoint
) -> None:
    await asyncio.to_thread(omie.control, "webhooks", url=endpoint.url, topics=["Financas.ContaPagar.Incluido"])
    assert endpoint.taken == [{"ping": "omie"}]
    looked = (await asyncio.to_thread(omie.http.get, f"{omie.base_url}/records/endpoints")).text
    assert (endpoint.url.removesuffix("hook") in looked, "hook" in looked) == (True, False)
    endpoint.refuse = 3
    made = [(await asyncio.to_thread(omie.control, "payables"))["codigo_lancamento_omie"] for _ in range(3)]

    async def all_refused() -> bool:
        await asyncio.to_thread(omie.control, "clock", advance_seconds=4)
        return endpoint.refuse == 0

    await eventually(all_refused, SECONDS)
    assert len(endpoint.taken) == 1

    async def all_taken() -> bool:
        await asyncio.to_thread(omie.control, "clock", advance_seconds=601)
        return len(endpoint.taken) == 4

    await eventually(all_taken, SECONDS)
    assert [each["event"]["codigo_lancamento_omie"] for each in endpoint.taken[1:]] == made
    assert {each["appKey"] for each in endpoint.taken[1:]} == {simulated.KEY}


async def test_an_event_is_given_up_after_five_days_and_those_behind_it_come_through(
    omie: Simulator, endpoint: Endpoint
) -> None:
    await asyncio.to_thread(omie.control, "switches", accented_number=True)
    await asyncio.to_thread(omie.control, "webhooks", url=endpoint.url, topics=["CompraProduto.Incluida"])
    endpoint.refuse = 1_000_000
    lost, kept = [(await asyncio.to_thread(omie.control, "purchase-orders"))["nCodPed"] for _ in range(2)]

    async def is_given_up() -> bool:
        await asyncio.to_thread(omie.control, "clock", advance_seconds=86_400)
        return len(await asyncio.to_thread(omie.records, "deliveries")) == 1

    await eventually(is_given_up, SECONDS)
    endpoint.refuse = 0

    async def is_taken() -> bool:
        await asyncio.to_thread(omie.control, "clock", advance_seconds=601)
        return len(endpoint.taken) == 2

    await eventually(is_taken, SECONDS)
    header = endpoint.taken[1]["event"]["cabecalho"]
    assert (header["nCodPed"], header["nCodPed"] == lost, "cN\u00famero" in header) == (kept, False, True)


async def test_a_webhook_comes_twice_on_demand_with_the_same_id(omie: Simulator, endpoint: Endpoint) -> None:
    await asyncio.to_thread(omie.control, "webhooks", url=endpoint.url)
    await asyncio.to_thread(
        omie.control, "faults", call="Financas.ContaPagar.Incluido", kind="duplicate_webhook", times=1
    )
    await asyncio.to_thread(omie.control, "payables")

    async def twice() -> bool:
        return [each.get("topic") for each in endpoint.taken].count("Financas.ContaPagar.Incluido") == 2

    await eventually(twice, SECONDS)
    assert (
        len({each["messageId"] for each in endpoint.taken if each.get("topic") == "Financas.ContaPagar.Incluido"}) == 1
    )


async def test_a_webhook_that_is_late_keeps_those_behind_it_waiting(omie: Simulator, endpoint: Endpoint) -> None:
    topic = "Financas.ContaPagar.Incluido"
    key = (await asyncio.to_thread(omie.control, "webhooks", url=endpoint.url, topics=[topic]))["id"]
    await asyncio.to_thread(omie.control, "faults", call=topic, kind="late_webhook", probability=1.0, seconds=600)
    made = [(await asyncio.to_thread(omie.control, "payables"))["codigo_lancamento_omie"] for _ in range(2)]

    async def first_is_late() -> bool:
        waiting = await asyncio.to_thread(omie.records, "deliveries")
        return [each.get("late", False) for each in waiting if each["endpoint"] == key] == [True, False]

    await eventually(first_is_late, SECONDS)
    assert endpoint.taken == [{"ping": "omie"}]

    async def all_taken() -> bool:
        await asyncio.to_thread(omie.control, "clock", advance_seconds=601)
        return [each["event"]["codigo_lancamento_omie"] for each in endpoint.taken[1:]] == made

    await eventually(all_taken, SECONDS)


def test_the_clock_runs_as_fast_as_it_is_told_and_never_back(omie: Simulator) -> None:
    now = omie.control("clock", speed=1000)["now"]
    try:
        while omie.control("clock", advance_seconds=0)["now"] < now + 61:
            pass
    finally:
        then = omie.control("clock", speed=1)["now"]
    assert then <= omie.control("clock", advance_seconds=0)["now"]
    for wrong in ({}, {"speed": 0.5}, {"advance_seconds": -1}):
        assert omie.http.post(f"{omie.base_url}/_control/clock", json=wrong).status_code == 400
