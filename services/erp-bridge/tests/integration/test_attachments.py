"""RF-001 through the running bridge, against the simulator (cases B-7 to B-14)."""

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import bridged
import pytest
from bridged import Bridge
from simulated import Simulator, packed

import erp_bridge
from comanda.erp.v1 import attachments_pb2 as pb
from comanda.erp.v1 import status_pb2
from embedded.nats import Nats
from kit.errors import Invalid, NotFound, Refused
from kit.testing import administer, at, eventually

RECEIPT, PAYABLE = "com-recebimento", "conta-pagar"


def receipt(omie: Simulator, *names: str, parcels: int = 1, content: bytes = b"content") -> tuple[int, list[int]]:
    """Imports an invoice with attachments; returns the ids of receipt and payables."""
    text = base64.b64encode(content).decode()
    made = omie.control(
        "receipts", parcels=parcels, attachments=[{"name": name, "content_base64": text} for name in names]
    )
    return made["nIdReceb"], [each["nIdTitulo"] for each in made["parcels"]]


async def transfer(bridge: Bridge, origin: int, destination: int, **more: Any) -> Any:
    """Asks for a transfer."""
    return await bridge.call(pb, "TransferAttachments", origem_id=origin, destino_id=destination, **more)


def there(omie: Simulator, payable: int) -> list[str]:
    """The names of a payable's attachments."""
    return sorted(
        e["cNomeArquivo"] for e in omie.records("attachments") if (e["cTabela"], e["nId"]) == (PAYABLE, payable)
    )


async def test_files_are_copied_once_and_a_second_time_nothing_is(bridge: Bridge, omie: Simulator) -> None:
    origin, [payable] = receipt(omie, "a.pdf", "b.pdf")
    first = await transfer(bridge, origin, payable)
    assert (first.status, first.anexos_transferidos, first.total_anexos, first.mensagem_erro) == ("success", 2, 2, "")
    assert there(omie, payable) == ["a.pdf", "b.pdf"]
    again = await transfer(bridge, origin, payable, destino_tabela="conta-pagar")
    assert (again.status, again.anexos_transferidos, again.detalhes["duplicados"]) == ("success", 0, 2)
    assert (omie.stats()["calls"]["IncluirAnexo"], omie.stats()["errors"]) == (2, {})
    states = await bridge.rows("select state from effects where business_id = $1", bridge.business)
    assert [row["state"] for row in states] == ["confirmed"] * 2
    rows = await bridge.rows("select count(*) n from attachment_maps where business_id = $1", bridge.business)
    assert rows[0]["n"] == 1


async def test_what_was_added_since_is_seen_at_once(bridge: Bridge, omie: Simulator) -> None:
    origin, [payable] = receipt(omie, "a.pdf")
    await transfer(bridge, origin, payable)
    omie.call("geral/anexo", "IncluirAnexo", cTabela=RECEIPT, nId=origin, **packed("c.pdf", b"new"))
    later = await transfer(bridge, origin, payable)
    assert (later.anexos_transferidos, later.detalhes["duplicados"]) == (1, 1)


async def test_empty_nameless_and_forbidden_files_stop_no_other(bridge: Bridge, omie: Simulator) -> None:
    origin, [payable] = receipt(omie, "a.pdf", "virus.exe")
    for name in ("", "empty.pdf"):
        omie.control("attachments", table=RECEIPT, id=origin, name=name)
    done = await transfer(bridge, origin, payable)
    assert (done.status, done.anexos_transferidos, done.total_anexos) == ("failed", 1, 4)
    details = dict(done.detalhes)
    assert (details["sem_conteudo"], details["erros_inclusao"], details["contagem_origem"]) == (1, 1, 4)
    assert "virus.exe" in done.mensagem_erro


async def test_one_refused_file_makes_it_fail_and_the_next_try_moves_only_the_rest_on_the_same_log(
    bridge: Bridge, omie: Simulator
) -> None:
    origin, [payable] = receipt(omie, "a.pdf", "b.pdf", "c.pdf")
    omie.control("faults", call="IncluirAnexo", kind="closed_period", times=1)
    failed = await transfer(bridge, origin, payable)
    assert (failed.status, failed.anexos_transferidos, failed.detalhes["erros_inclusao"]) == ("failed", 2, 1)
    assert "período contábil" in failed.mensagem_erro
    done = await bridge.call(pb, "ProcessPendingTransfers")
    assert (done.total_processados, done.sucessos, done.falhas) == (1, 1, 0)
    log = (await bridge.call(pb, "GetAttachmentTransfer", id=failed.log_id)).transfer
    assert (log.status, log.tentativas, log.anexos_sucesso) == ("success", 2, 3)
    assert there(omie, payable) == ["a.pdf", "b.pdf", "c.pdf"]


async def test_a_listing_that_fails_is_tried_three_times_on_the_same_log_and_then_never(
    bridge: Bridge, omie: Simulator
) -> None:
    _, [payable] = receipt(omie)
    failed = await transfer(bridge, 4711, payable)
    assert failed.status == "failed"
    assert "não cadastrado" in failed.mensagem_erro
    for tries in (2, 3):
        log = (await bridge.call(pb, "GetAttachmentTransfer", id=failed.log_id)).transfer
        assert log.pode_retentar
        assert (await bridge.call(pb, "ProcessPendingTransfers")).falhas == 1
        log = (await bridge.call(pb, "GetAttachmentTransfer", id=failed.log_id)).transfer
        assert (log.tentativas, log.status) == (tries, "failed")
    assert not log.pode_retentar
    assert (await bridge.call(pb, "ProcessPendingTransfers")).total_processados == 0
    assert len((await bridge.call(pb, "ListAttachmentTransfers")).items) == 1


@pytest.mark.parametrize("kind", ["timeout_after_commit", "html_502", "soap_broken"])
async def test_a_lost_answer_neither_doubles_nor_loses_a_file(bridge: Bridge, omie: Simulator, kind: str) -> None:
    origin, [payable] = receipt(omie, "a.pdf", "b.pdf")
    omie.control("faults", call="IncluirAnexo", kind=kind, times=2, seconds=0)
    done = await transfer(bridge, origin, payable)
    assert (done.status, done.anexos_transferidos) == ("success", 2)
    assert there(omie, payable) == ["a.pdf", "b.pdf"]
    assert (omie.stats()["duplicates"], omie.stats()["errors"]) == (0, {})


async def test_several_who_ask_at_the_same_time_share_one_transfer(bridge: Bridge, omie: Simulator) -> None:
    origin, [payable] = receipt(omie, "a.pdf", "b.pdf")
    omie.control("faults", call="ListarAnexo", kind="slow", times=1, seconds=0.5)
    answers = await asyncio.gather(*(transfer(bridge, origin, payable) for _ in range(5)))
    assert {each.log_id for each in answers} == {answers[0].log_id}
    assert {(each.status, each.anexos_transferidos) for each in answers} == {("success", 2)}
    assert omie.stats()["calls"]["IncluirAnexo"] == 2


async def test_a_killed_bridge_goes_on_where_it_was(bridge: Bridge, omie: Simulator) -> None:
    origin, [payable] = receipt(omie, *(f"f{n}.pdf" for n in range(6)))
    started = await transfer(bridge, origin, payable, assincrono=True)
    assert (started.mensagem, started.task_id) == ("Transferência iniciada de forma assíncrona", started.log_id)

    async def some_are_there() -> bool:
        return len(await asyncio.to_thread(there, omie, payable)) >= 2

    await eventually(some_are_there)
    await bridge.kill_and_start_again()

    async def ended() -> bool:
        return (await bridge.call(pb, "GetAttachmentTransfer", id=started.log_id)).transfer.status == "success"

    await eventually(ended, 60)
    log = (await bridge.call(pb, "GetAttachmentTransfer", id=started.log_id)).transfer
    assert (log.anexos_sucesso, log.tentativas) == (6, 1)
    assert len(there(omie, payable)) == 6
    assert omie.stats()["duplicates"] == 0


async def test_b_13_while_the_broker_is_down_a_transfer_is_noted_and_done_and_the_outage_is_visible(
    omie: Simulator, migrated: Callable[[ModuleType], str], postgres_url: str, tmp_path: Path
) -> None:
    name = f"test_bridge_{uuid4().hex[:12]}"
    administer(postgres_url, f'create database "{name}" template "{migrated(erp_bridge)}" strategy file_copy')
    nats = Nats(tmp_path / "nats")
    nats.start()
    environment = {"COMANDA_DATABASE_URL": at(postgres_url, name), "COMANDA_NATS_URL": nats.url}
    with bridged.running(environment | bridged.account(omie), tmp_path) as process:
        async with bridged.visited(process) as bridge:
            await bridge.bind()
            nats.kill()

            async def is_unhealthy() -> bool:
                return not await bridge.healthy()

            await eventually(is_unhealthy, 60)
            origin, [payable] = receipt(omie, "a.pdf", "b.pdf")
            started = await transfer(bridge, origin, payable, assincrono=True)
            assert started.task_id == started.log_id

            async def ended() -> bool:
                return (await bridge.call(pb, "GetAttachmentTransfer", id=started.log_id)).transfer.status == "success"

            await eventually(ended, 60)
            assert there(omie, payable) == ["a.pdf", "b.pdf"]
            assert len(await bridge.rows("select from attachment_maps where business_id = $1", bridge.business)) == 1
            await asyncio.to_thread(nats.start)
            await eventually(bridge.healthy, 60)
    nats.stop()
    administer(postgres_url, f'drop database "{name}" with (force)')


async def test_a_receipt_of_several_parcels_starts_a_transfer_for_each_payable_and_only_once(
    bridge: Bridge, omie: Simulator
) -> None:
    origin, payables = receipt(omie, "a.pdf", parcels=3)
    first = await bridge.call(pb, "TriggerTransferByIntegration", origem_id=origin)
    assert [each.destino_id for each in first.items] == payables

    async def all_there() -> bool:
        found = await bridge.call(pb, "ListAttachmentTransfers", status=["success"], origem_id=origin)
        return len(found.items) == 3

    await eventually(all_there)
    again = await bridge.call(pb, "TriggerTransferByIntegration", origem_id=origin)
    assert [each.id for each in again.items] == [each.id for each in first.items]
    assert {each.numero_nf for each in again.items} == {omie.records("receipts")[0]["cabec"]["cNumeroNFe"]}
    assert omie.stats()["calls"]["IncluirAnexo"] == 3


async def test_a_repeated_call_with_a_key_gets_the_first_ones_answer(bridge: Bridge, omie: Simulator) -> None:
    origin, [payable] = receipt(omie, "a.pdf")
    first, again = [await transfer(bridge, origin, payable, request_id="key-1") for _ in range(2)]
    assert first == again
    with pytest.raises(Refused, match="idempotency_key_reuse"):
        await transfer(bridge, origin, payable + 1, request_id="key-1")


async def test_a_file_can_be_added_by_base64_and_the_same_one_is_added_once(bridge: Bridge, omie: Simulator) -> None:
    _, [payable] = receipt(omie)
    file = {"tabela": "conta_a_pagar", "n_id": payable, "nome_arquivo": "Nota 1.pdf",
            "arquivo_base64": base64.b64encode(b"x").decode(), "descricao": "ignored"}  # fmt: skip
    reply = (await bridge.call(pb, "IncludeAttachment", **file)).reply
    assert (reply["cCodStatus"], reply["cNomeArquivo"], reply["nId"]) == ("0", "Nota_1.pdf", payable)
    again = (await bridge.call(pb, "IncludeAttachment", **file)).reply
    assert again["nIdAnexo"] == reply["nIdAnexo"]
    assert omie.stats()["calls"]["IncluirAnexo"] == 1


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"arquivo_base64": "not base64!"}, "invalid_base64"),
        ({"nome_arquivo": "a.exe"}, "file_type_refused"),
        ({"tabela": "nonsense"}, "unknown_table"),
        ({"n_id": 0}, "invalid_argument"),
    ],
)
async def test_a_file_that_cannot_be_added_is_refused_before_the_erp_hears_of_it(
    bridge: Bridge, omie: Simulator, wrong: dict[str, Any], code: str
) -> None:
    file = {"tabela": PAYABLE, "n_id": 5, "nome_arquivo": "a.pdf", "arquivo_base64": "eA==", **wrong}
    with pytest.raises(Invalid, match=code):
        await bridge.call(pb, "IncludeAttachment", **file)
    assert omie.stats()["calls"] == {}


async def test_what_the_erp_says_of_an_added_file_comes_back_in_its_words(bridge: Bridge, omie: Simulator) -> None:
    with pytest.raises(Refused) as error:
        await bridge.call(pb, "IncludeAttachment", tabela=PAYABLE, n_id=5, nome_arquivo="a.pdf", arquivo_base64="eA==")
    assert "não cadastrado para o Código [5]" in error.value.message


async def test_another_business_sees_nothing_of_it(bridge: Bridge, omie: Simulator) -> None:
    origin, [payable] = receipt(omie, "a.pdf")
    done = await transfer(bridge, origin, payable)
    stranger = UUID(int=7)
    assert not (await bridge.call(pb, "ListAttachmentTransfers", business=stranger)).items
    with pytest.raises(NotFound):
        await bridge.call(pb, "GetAttachmentTransfer", business=stranger, id=done.log_id)


async def test_the_status_tells_how_each_method_stands_and_a_breaker_can_be_closed(
    bridge: Bridge, omie: Simulator
) -> None:
    _, [payable] = receipt(omie)
    await transfer(bridge, 4711, payable)
    told = (await bridge.call(status_pb2, "GetErpStatus")).methods
    assert [(each.method, each.calls, each.recent_errors, each.breaker) for each in told] == [
        ("ListarAnexo", 2, 1, "closed")
    ]
    await bridge.call(status_pb2, "CloseBreaker", method="ListarAnexo")
    assert (await bridge.call(status_pb2, "GetErpStatus")).methods[0].recent_errors == 0
    with pytest.raises(NotFound):
        await bridge.call(status_pb2, "CloseBreaker", method="Nonsense")
