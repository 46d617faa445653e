"""The client against the simulator, with its gate in PostgreSQL."""

import asyncio
import json
import time
import tracemalloc
from pathlib import Path

import bridged
import pytest
import simulated
import structlog
from simulated import Simulator, packed

from embedded.ports import free_port
from erp_bridge.domain.attachment import Owner
from erp_bridge.omie import attachments, files, paging, receipts
from erp_bridge.omie.answers import Kind
from erp_bridge.omie.client import Omie, OmieError
from erp_bridge.omie.gate import Gate, tidy
from kit.db import Database

PAYABLE, RECEIPT, ANEXO = "financas/contapagar", "produtos/recebimentonfe", "geral/anexo"


async def consult(client: Omie, key: int) -> dict[str, object]:
    """Asks for a payable."""
    return await client.read(PAYABLE, "ConsultarContaPagar", {"codigo_lancamento_omie": key})


async def refusal(client: Omie, key: int) -> OmieError:
    """Asks for a payable, which must be refused."""
    with pytest.raises(OmieError) as error:
        await consult(client, key)
    return error.value


async def test_a_fault_is_raised_with_its_words(client: Omie) -> None:
    error = await refusal(client, 1)
    assert (error.kind, error.text) == (Kind.NOT_FOUND, "ERROR: Lançamento não cadastrado para o Código!")


async def test_the_same_question_within_a_minute_is_answered_from_memory_and_never_refused(
    client: Omie, omie: Simulator
) -> None:
    key = omie.control("payables")["codigo_lancamento_omie"]
    answers = [await consult(client, key) for _ in range(3)]
    assert answers[0] == answers[2]
    assert (omie.stats()["calls"], omie.stats()["errors"]) == ({"ConsultarContaPagar": 1}, {})


async def test_a_listing_is_asked_anew_in_other_words(client: Omie, omie: Simulator) -> None:
    receipt = omie.control("receipts")["nIdReceb"]
    owner = Owner("com-recebimento", receipt)
    assert await attachments.listed(client, owner) == []
    for name in ("a.pdf", "b.pdf"):
        omie.call(ANEXO, "IncluirAnexo", cTabela="com-recebimento", nId=receipt, **packed(name, b"x"))
    assert [each.name for each in await attachments.listed(client, owner)] == ["a.pdf", "b.pdf"]
    assert omie.stats()["errors"] == {}


async def test_an_answer_without_its_empty_fields_means_the_same(client: Omie, omie: Simulator) -> None:
    omie.control("switches", omit_empty=True)
    receipt = omie.control("receipts", concluded=False, nf_number="100200")["nIdReceb"]
    assert await attachments.listed(client, Owner("com-recebimento", receipt)) == []
    assert await receipts.payables(client, receipt) == ("100200", [])
    omie.control("attachments", table="com-recebimento", id=receipt, name="", content_base64="eA==")
    assert [each.name for each in await attachments.listed(client, Owner("com-recebimento", receipt))] == [""]


async def test_every_page_comes_and_the_end_is_no_error(client: Omie, omie: Simulator) -> None:
    empty = paging.records(client, RECEIPT, "ListarRecebimentos", paging.RECEIPTS, "recebimentos", {})
    assert [each async for each in empty] == []
    made = [omie.control("receipts", concluded=False)["nIdReceb"] for _ in range(101)]
    found = paging.records(client, RECEIPT, "ListarRecebimentos", paging.RECEIPTS, "recebimentos", {})
    assert [each["cabec"]["nIdReceb"] async for each in found] == made


async def test_a_foreign_question_just_before_ours_makes_us_ask_in_other_words(client: Omie, omie: Simulator) -> None:
    receipt = omie.control("receipts")["nIdReceb"]
    omie.call(ANEXO, "ListarAnexo", nPagina=1, nRegPorPagina=100, cTabela="com-recebimento", nId=receipt)
    assert await attachments.listed(client, Owner("com-recebimento", receipt)) == []
    assert omie.stats()["errors"] == {"ListarAnexo": 1}


@pytest.mark.parametrize("kind", ["html_502", "soap_broken", "busy", "rate_limited"])
async def test_a_read_outlives_what_passes(database: Database, omie: Simulator, kind: str) -> None:
    omie.control("switches", redundancy=False)
    hurried = bridged.settings(omie, clock_speed=20)
    client = Omie(hurried, Gate(database, hurried.account, hurried.pace))
    key = omie.control("payables")["codigo_lancamento_omie"]
    omie.control("faults", call="ConsultarContaPagar", kind=kind, times=1)
    questions = [{"codigo_lancamento_omie": key}, {"codigo_lancamento_omie": str(key)}]
    found = await client.read(PAYABLE, "ConsultarContaPagar", *questions)
    assert found["codigo_lancamento_omie"] == key
    await client.close()


@pytest.mark.parametrize("kind", ["html_502", "soap_broken", "timeout_after_commit"])
async def test_of_a_write_without_a_readable_answer_nobody_knows_and_it_is_not_repeated(
    client: Omie, omie: Simulator, kind: str
) -> None:
    owner = omie.control("payables")["codigo_lancamento_omie"]
    omie.control("faults", call="IncluirAnexo", kind=kind, times=1, seconds=0)
    with pytest.raises(OmieError) as error:
        await client.write(ANEXO, "IncluirAnexo", {"cTabela": "conta-pagar", "nId": owner, **packed("a.pdf", b"x")})
    assert error.value.kind is Kind.UNKNOWN
    assert omie.stats()["calls"] == {"IncluirAnexo": 1}
    assert omie.stats()["attachments"] == (kind == "timeout_after_commit")


async def test_a_failure_inside_a_200_is_a_failure(client: Omie, omie: Simulator) -> None:
    owner = omie.control("payables")["codigo_lancamento_omie"]
    omie.control("faults", call="IncluirAnexo", kind="status_nonzero", times=1)
    with pytest.raises(OmieError) as error:
        await client.write(ANEXO, "IncluirAnexo", {"cTabela": "conta-pagar", "nId": owner, **packed("a.pdf", b"x")})
    assert error.value.kind is Kind.FAILED


async def test_an_erp_that_is_away_is_unreachable_and_nothing_was_sent(omie: Simulator, database: Database) -> None:
    away = bridged.settings(omie, api_base_url=f"http://127.0.0.1:{free_port()}/api/v1/", max_retries=1)
    client = Omie(away, Gate(database, away.account))
    assert (await refusal(client, 1)).kind is Kind.UNREACHABLE
    await client.close()


async def test_the_breaker_opens_before_the_block_and_an_operator_can_close_it(
    client: Omie, omie: Simulator, database: Database
) -> None:
    kinds = [(await refusal(client, number)).kind for number in range(1, 12)]
    assert kinds == [Kind.NOT_FOUND] * 8 + [Kind.HELD_BACK] * 3
    assert omie.stats()["errors"] == {"ConsultarContaPagar": 8}
    gate = Gate(database, bridged.settings(omie).account)
    [row] = await database.read(gate.standings)
    assert (row["calls"], row["refusals"], row["in_flight"]) == (8, 8, 0)
    await database.run(lambda tx, _: gate.close_breaker(tx, "ConsultarContaPagar"))
    assert (await refusal(client, 12)).kind is Kind.NOT_FOUND
    assert omie.stats()["blocks"] == 0


async def test_a_block_that_omie_announces_is_honoured(client: Omie, omie: Simulator) -> None:
    for number in range(10):
        omie.fault(PAYABLE, "ConsultarContaPagar", codigo_lancamento_omie=100 + number)
    assert (await refusal(client, 1)).kind is Kind.BLOCKED
    held = await refusal(client, 2)
    assert held.kind is Kind.HELD_BACK
    assert 1700 < held.wait <= 1800
    assert omie.stats()["calls"] == {"ConsultarContaPagar": 11}


async def test_four_reads_and_one_write_are_under_way_at_a_time_over_all_processes(
    omie: Simulator, database: Database
) -> None:
    keys = [omie.control("payables")["codigo_lancamento_omie"] for _ in range(12)]
    omie.control("faults", call="*", kind="slow", times=24, seconds=0.15)
    account = bridged.settings(omie)
    clients = [Omie(account, Gate(database, account.account)) for _ in range(3)]
    await asyncio.gather(*(consult(clients[at % 3], key) for at, key in enumerate(keys)))
    files_of = [{"cTabela": "conta-pagar", "nId": key, **packed("a.pdf", b"x")} for key in keys[:5]]
    await asyncio.gather(*(clients[at % 3].write(ANEXO, "IncluirAnexo", each) for at, each in enumerate(files_of)))
    most = omie.stats()["most_parallel"]
    assert 1 < most["ConsultarContaPagar"] <= 4
    assert most["IncluirAnexo"] == 1
    assert omie.stats()["errors"] == {}
    for client in clients:
        await client.close()


async def test_the_lease_of_a_killed_call_ends_by_itself_and_is_tidied(omie: Simulator, database: Database) -> None:
    gate = Gate(database, "account")
    entry = await gate.enter("IncluirAnexo", [b"1"], writes=True)
    assert entry.lease
    assert (await gate.enter("IncluirAnexo", [b"2"], writes=True)).wait > 0
    await database.pool.execute("update omie_leases set expires_at = now() - interval '2 minutes'")
    assert (await gate.enter("IncluirAnexo", [b"2"], writes=True)).lease
    await tidy(database)
    assert await database.pool.fetchval("select count(*) from omie_leases") == 1


async def test_a_large_file_goes_through_in_pieces(client: Omie, omie: Simulator, tmp_path: Path) -> None:
    size = 20 * 1024 * 1024
    source = tmp_path / "source"
    block = bytes(range(256)) * 4096
    with source.open("wb") as file:
        for _ in range(size // len(block)):
            file.write(block)
    payable = Owner("conta-pagar", omie.control("payables")["codigo_lancamento_omie"])
    tracemalloc.start()
    try:
        zipped = await asyncio.to_thread(files.pack, source, "grande.bin", tmp_path / "zip")
        await attachments.include(client, payable, "grande.bin", "c-1", zipped)
        [listed] = await attachments.listed(client, payable)
        fetched = await attachments.download(client, payable, listed, tmp_path / "fetched", size)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert fetched is not None
    assert fetched.stat().st_size == size
    assert fetched.read_bytes() == source.read_bytes()
    assert peak < 20 * 1024 * 1024
    with pytest.raises(OmieError, match="passa de"):
        await attachments.download(client, payable, listed, tmp_path / "again", 1024 * 1024)


async def test_a_link_that_has_ended_is_asked_for_again(client: Omie, omie: Simulator, tmp_path: Path) -> None:
    payable = Owner("conta-pagar", omie.control("payables")["codigo_lancamento_omie"])
    omie.call(ANEXO, "IncluirAnexo", **payable.key, **packed("a.pdf", b"content"))
    [listed] = await attachments.listed(client, payable)
    omie.control("faults", call="ObterAnexo", kind="expired_link", times=1)
    fetched = await attachments.download(client, payable, listed, tmp_path / "a", 100)
    assert fetched is not None
    assert fetched.read_bytes() == b"content"
    assert omie.stats()["errors"] == {}


async def test_no_secret_is_in_a_log_an_error_or_a_row(omie: Simulator, database: Database) -> None:
    wrong = bridged.settings(omie, app_secret="a-wrong-and-secret-word")
    client = Omie(wrong, Gate(database, wrong.account))
    with structlog.testing.capture_logs() as logged:
        error = await refusal(client, 1)
    assert error.kind is Kind.AUTH
    rows = [
        dict(row)
        for table in ("omie_methods", "omie_questions")
        for row in await database.pool.fetch(f"select * from {table}")
    ]
    seen = json.dumps([logged, rows, str(error), repr(wrong)], default=str)
    assert simulated.KEY not in seen
    assert "secret-word" not in seen
    await client.close()


async def test_waiting_ends_with_the_callers_patience(omie: Simulator, database: Database) -> None:
    account = bridged.settings(omie, patience_seconds=0.5)
    client = Omie(account, Gate(database, account.account))
    question = {"cTabela": "conta-pagar", "nId": omie.control("payables")["codigo_lancamento_omie"], "nIdAnexo": 1}
    started = time.monotonic()
    for kind in (Kind.NOT_FOUND, Kind.HELD_BACK):
        with pytest.raises(OmieError) as error:
            await client.read(ANEXO, "ObterAnexo", question, remember=False)
        assert error.value.kind is kind
    assert time.monotonic() - started < 5
    await client.close()
