"""RF-002 through the running bridge, against the simulator (cases B-1 to B-6)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from bridged import Bridge
from simulated import Simulator

from comanda.erp.v1 import attachments_pb2, status_pb2
from comanda.erp.v1 import purchase_orders_pb2 as pb
from kit.errors import Invalid, NotFound
from kit.testing import eventually

SERVICE = "produtos/pedidocompra"


async def close(bridge: Bridge, number: str, **more: Any) -> Any:
    """Asks to close an order."""
    place = {"numero_pedido": number, "numero_nf_servico": "NF1", "id_nf_servico": 77, **more}
    return await bridge.call(pb, "ClosePurchaseOrder", **place)


async def log(bridge: Bridge, answer: Any) -> Any:
    """Reads the log that an answer names."""
    return (await bridge.call(pb, "GetClosure", id=answer.log_id)).closure


async def test_an_open_order_waits_for_a_person_and_ends_when_the_erp_shows_it_closed(
    bridge: Bridge, omie: Simulator
) -> None:
    made = omie.control("purchase-orders")
    asked = await close(bridge, made["cNumero"])
    assert (asked.status, asked.numero_pedido) == ("processing", made["cNumero"])
    assert "escolha Encerrar" in asked.mensagem_erro
    waiting = await log(bridge, asked)
    assert (waiting.aguarda_pessoa, waiting.tentativas, waiting.HasField("processado_em")) == (True, 1, False)
    omie.control(f"purchase-orders/{made['nCodPed']}/close", reason="NF de serviço NF1")

    async def ended() -> bool:
        return (await log(bridge, asked)).status == "success"

    await eventually(ended)
    done = await log(bridge, asked)
    assert (done.detalhes["status_anterior"], done.detalhes["status_novo"], done.mensagem_erro) == (
        "Aberto",
        "Encerrado",
        "",
    )
    assert (done.aguarda_pessoa, done.tentativas, done.HasField("processado_em")) == (False, 1, True)
    [effect] = await bridge.rows("select kind, state from effects where business_id = $1", bridge.business)
    assert tuple(effect) == ("purchase_order.close", "confirmed")


async def test_who_asks_again_gets_the_same_case_looked_at_anew(bridge: Bridge, omie: Simulator) -> None:
    made = omie.control("purchase-orders")
    first = await close(bridge, made["cNumero"])
    assert (await close(bridge, f" {made['cNumero'].lstrip('0')} ")).log_id == first.log_id
    omie.control(f"purchase-orders/{made['nCodPed']}/close", reason="NF1")
    again = await close(bridge, made["cNumero"])
    assert (again.log_id, again.status) == (first.log_id, "success")
    assert omie.stats()["blocks"] == 0


async def test_an_order_that_is_closed_already_succeeds_at_once_and_nothing_is_called(
    bridge: Bridge, omie: Simulator
) -> None:
    omie.control("purchase-orders")
    made = omie.control("purchase-orders")
    omie.control(f"purchase-orders/{made['nCodPed']}/close", reason="engano")
    done = await close(bridge, made["cNumero"])
    assert (done.status, done.detalhes["mensagem"]) == ("success", "Pedido já estava encerrado")
    assert set(omie.stats()["calls"]) == {"ConsultarPedCompra", "PesquisarPedCompra"}


async def test_a_cancelled_order_cannot_be_closed(bridge: Bridge, omie: Simulator) -> None:
    made = omie.control("purchase-orders")
    omie.control(f"purchase-orders/{made['nCodPed']}/cancel", reason="engano")
    failed = await close(bridge, made["cNumero"])
    assert (failed.status, failed.mensagem_erro) == ("failed", "O pedido de compra está cancelado na Omie.")


async def test_an_order_that_is_cancelled_while_its_case_waits_ends_the_case_as_failed(
    bridge: Bridge, omie: Simulator
) -> None:
    made = omie.control("purchase-orders")
    asked = await close(bridge, made["cNumero"])
    omie.control(f"purchase-orders/{made['nCodPed']}/cancel", reason="engano")

    async def failed() -> bool:
        return bool((await log(bridge, asked)).status == "failed")

    await eventually(failed, 60)
    [effect] = await bridge.rows("select state, error from effects where business_id = $1", bridge.business)
    assert tuple(effect) == ("failed", "O pedido de compra está cancelado na Omie.")


async def test_an_order_whose_goods_came_with_the_invoice_is_closed_by_booking_their_receipt(
    bridge: Bridge, omie: Simulator
) -> None:
    made = omie.control("purchase-orders")
    receipt = omie.control("receipts", concluded=False, nf_number="100200")["nIdReceb"]
    omie.control("faults", call="AlterarRecebimento", kind="timeout_after_commit", times=1, seconds=0)
    omie.control("faults", call="ConcluirRecebimento", kind="timeout_after_commit", times=1, seconds=0)
    done = await close(bridge, made["cNumero"], numero_nf_servico="000100200", id_nf_servico=receipt)
    assert (done.status, done.detalhes["status_novo"], done.detalhes["id_recebimento"]) == (
        "success",
        "Recebido",
        receipt,
    )
    calls = omie.stats()["calls"]
    assert (calls["AlterarRecebimento"], calls["ConcluirRecebimento"]) == (1, 1)
    effects = await bridge.rows("select kind, state from effects where business_id = $1 order by 1", bridge.business)
    assert [tuple(each) for each in effects] == [("receipt.associate", "confirmed"), ("receipt.conclude", "confirmed")]


async def test_a_receipt_of_another_invoice_is_left_alone(bridge: Bridge, omie: Simulator) -> None:
    made = omie.control("purchase-orders")
    receipt = omie.control("receipts", concluded=False, nf_number="100200")["nIdReceb"]
    asked = await close(bridge, made["cNumero"], numero_nf_servico="5", id_nf_servico=receipt)
    assert asked.status == "processing"
    assert "AlterarRecebimento" not in omie.stats()["calls"]


async def test_an_unknown_order_fails_with_omies_words_three_times_on_the_same_log_and_then_never(
    bridge: Bridge, omie: Simulator
) -> None:
    failed = await close(bridge, "4711")
    assert (failed.status, failed.mensagem_erro) == (
        "failed", "ERROR: Pedido de compra não cadastrado para o Número [000000000004711]",
    )  # fmt: skip
    assert failed.HasField("detalhes")
    for tries in (2, 3):
        again = await bridge.call(pb, "ReprocessFailedClosures")
        assert (again.total_reprocessados, again.sucessos, again.falhas) == (1, 0, 1)
        assert (await log(bridge, failed)).tentativas == tries
    assert (await bridge.call(pb, "ReprocessFailedClosures")).total_reprocessados == 0
    assert not (await log(bridge, failed)).pode_retentar
    assert omie.stats()["errors"]["ConsultarPedCompra"] == 3


async def test_nothing_to_reprocess_is_no_error(bridge: Bridge) -> None:
    nothing = await bridge.call(pb, "ReprocessFailedClosures")
    assert (nothing.total_reprocessados, nothing.sucessos, nothing.falhas) == (0, 0, 0)


@pytest.mark.parametrize(
    "wrong", [{"numero_pedido": ""}, {"numero_pedido": " "}, {"numero_nf_servico": " "}, {"id_nf_servico": 0}]
)
async def test_a_bad_request_leaves_no_log(bridge: Bridge, wrong: dict[str, Any]) -> None:
    fields = {"numero_pedido": "1", "numero_nf_servico": "NF1", "id_nf_servico": 77, **wrong}
    with pytest.raises(Invalid):
        await bridge.call(pb, "ClosePurchaseOrder", **fields)
    assert not (await bridge.call(pb, "ListClosures")).items


@pytest.mark.parametrize(("context", "rpc"), [(pb, "ListClosures"), (attachments_pb2, "ListAttachmentTransfers")])
async def test_a_list_is_refused_for_a_status_that_there_is_not(bridge: Bridge, context: Any, rpc: str) -> None:
    for status in ("pending", "processing", "success", "failed"):
        assert not (await bridge.call(context, rpc, status=[status])).items
    with pytest.raises(Invalid, match="invalid_argument"):
        await bridge.call(context, rpc, status=["success", "asleep"])


async def test_many_who_ask_at_the_same_time_open_one_case(bridge: Bridge, omie: Simulator) -> None:
    made = omie.control("purchase-orders")
    answers = await asyncio.gather(*(close(bridge, made["cNumero"]) for _ in range(5)))
    assert len({each.log_id for each in answers}) == 1
    assert {each.status for each in answers} == {"processing"}


async def test_without_waiting_the_answer_tells_where_to_look(bridge: Bridge, omie: Simulator) -> None:
    made = omie.control("purchase-orders")
    asked = await close(bridge, made["cNumero"], assincrono=True)
    assert (asked.mensagem, asked.task_id) == ("Encerramento iniciado de forma assíncrona", asked.log_id)

    async def waits() -> bool:
        return bool((await log(bridge, asked)).aguarda_pessoa)

    await eventually(waits)
    assert [each.id for each in (await bridge.call(pb, "ListClosures", aguarda_pessoa=True)).items] == [asked.log_id]
    assert not (await bridge.call(pb, "ListClosures", business=UUID(int=7))).items
    with pytest.raises(NotFound):
        await bridge.call(pb, "GetClosure", business=UUID(int=7), id=asked.log_id)


async def test_many_closures_of_orders_that_stay_open_provoke_no_error_at_all(bridge: Bridge, omie: Simulator) -> None:
    numbers = [omie.control("purchase-orders")["cNumero"] for _ in range(8)]
    await asyncio.gather(*(close(bridge, number, assincrono=True) for number in numbers))

    async def all_wait() -> bool:
        return len((await bridge.call(pb, "ListClosures", aguarda_pessoa=True)).items) == 8

    await eventually(all_wait, 60)
    # That 77 is no receipt is found out once.
    assert omie.stats()["errors"] == {"ConsultarRecebimento": 1}


async def test_a_receipt_that_was_not_asked_for_lest_the_erp_block_is_booked_when_there_are_errors_to_spare(
    bridge: Bridge, omie: Simulator
) -> None:
    for missing in range(1, 5):
        await close(bridge, omie.control("purchase-orders")["cNumero"], id_nf_servico=missing)
    made = omie.control("purchase-orders")
    receipt = omie.control("receipts", concluded=False, nf_number="100200")["nIdReceb"]
    asked = await close(bridge, made["cNumero"], numero_nf_servico="100200", id_nf_servico=receipt)

    async def waits() -> bool:
        return bool((await log(bridge, asked)).aguarda_pessoa)

    await eventually(waits, 60)
    assert (await log(bridge, asked)).detalhes["recebimento_consultado"] is False
    assert omie.stats()["errors"] == {"ConsultarRecebimento": 4}
    await bridge.call(status_pb2, "CloseBreaker", method="ConsultarRecebimento")
    await bridge.rows("update purchase_order_closures set updated_at = now() - interval '2 minutes'")

    async def ended() -> bool:
        return bool((await log(bridge, asked)).status == "success")

    await eventually(ended, 60)
    done = await log(bridge, asked)
    assert (done.detalhes["status_novo"], done.tentativas) == ("Recebido", 1)
    effects = await bridge.rows("select kind, state from effects where code = $1", str(done.id))
    assert [tuple(each) for each in effects] == [("purchase_order.close", "confirmed")]


async def test_an_account_with_a_closing_call_gets_the_documented_direct_way(second: Bridge, branch: Simulator) -> None:
    branch.control("switches", closing_call="produtos/requisicaocompra/FecharPedido")
    branch.control("purchase-orders", number="PO123")
    done = await close(second, "PO123", item_pedido="001")
    assert (done.status, done.numero_pedido) == ("success", "PO123")
    details = dict(done.detalhes)
    assert (details["status_anterior"], details["status_novo"], details["item_encerrado"]) == (
        "Aberto",
        "Fechado",
        "001",
    )
    assert branch.records("purchase_orders")[0]["status"] == "Fechado"
    assert (await log(second, done)).tentativas == 1

    for number, status in (("PO2", "FECHADO"), ("PO3", "finalizado")):
        branch.control("purchase-orders", number=number, status=status)
        already = await close(second, number)
        assert (already.status, already.detalhes["mensagem"]) == ("success", "Pedido já estava encerrado")
    assert branch.stats()["calls"]["FecharPedido"] == 1

    branch.control("purchase-orders", number="4")
    branch.control("faults", call="FecharPedido", kind="timeout_after_commit", times=1, seconds=0)
    assert (await close(second, "4")).status == "success"
    assert branch.stats()["calls"]["FecharPedido"] == 2

    branch.control("purchase-orders", number="5")
    branch.control("faults", call="FecharPedido", kind="closed_period", times=1)
    failed = await close(second, "5")
    assert (failed.status, "foi bloqueado" in failed.mensagem_erro) == ("failed", True)
    branch.control("clock", advance_seconds=61)
    assert (await second.call(pb, "ReprocessFailedClosures")).sucessos == 1
