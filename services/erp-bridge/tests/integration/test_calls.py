"""Methods of Omie's API that the bridge's own work does not need, through its typed client: what they do to the records."""

from typing import Any

import pytest
from simulated import Simulator

from erp_bridge.omie.answers import Kind
from erp_bridge.omie.api import contapagar, estoque, pedido, pedidovenda
from erp_bridge.omie.client import Omie, OmieError

ACCOUNT = 90000003801
DAY = "02/03/2026"
NET = 18.0


def payable(omie: Simulator, code: str, **more: Any) -> contapagar.Payable:
    """A payable to a supplier, not there yet."""
    supplier = omie.records("customers")[0]["codigo_cliente_omie"]
    made: contapagar.Payable = {
        "codigo_lancamento_integracao": code, "codigo_cliente_fornecedor": supplier, "data_vencimento": DAY,
        "data_previsao": DAY, "data_emissao": DAY, "valor_documento": 100.0, "codigo_categoria": "2.01.01",
        "numero_documento_fiscal": code, **more,  # type: ignore[typeddict-item]  # the caller's keys
    }  # fmt: skip
    return made


@pytest.fixture
def product(omie: Simulator) -> int:
    """A product."""
    made = omie.call(
        "geral/produtos", "IncluirProduto", codigo="CAFE", codigo_produto_integracao="I-CAFE", descricao="Café",
        unidade="UN", ncm="9608.20.00", valor_unitario=10,
    )  # fmt: skip
    return int(made["codigo_produto"])


@pytest.fixture
def order(omie: Simulator, product: int) -> pedidovenda.SalesOrder:
    """A sales order of two coffees with a tenth off, not there yet."""
    customer = omie.call(
        "geral/clientes", "IncluirCliente", codigo_cliente_integracao="C-1", razao_social="Maria", estado="SP"
    )  # fmt: skip
    item: pedidovenda.Item = {
        "codigo_item_integracao": "1", "codigo_produto": product, "quantidade": 2, "valor_unitario": 10.0,
        "tipo_desconto": "P", "percentual_desconto": 10,
    }  # fmt: skip
    return {
        "codigo_pedido_integracao": "SO-1", "codigo_cliente": customer["codigo_cliente_omie"], "data_previsao": DAY,
        "etapa": "10", "codigo_parcela": "000", "codigo_categoria": "1.01.01", "codigo_conta_corrente": ACCOUNT,
        "consumidor_final": "S", "itens": [item],
    }  # fmt: skip


async def refusal(call: Any, client: Omie, param: Any) -> OmieError:
    """Calls a method, which must refuse."""
    with pytest.raises(OmieError) as error:
        await call(client, param)
    return error.value


async def test_payables_come_in_batches_of_which_all_or_none_are_added(client: Omie, omie: Simulator) -> None:
    omie.control("payables")
    two = [payable(omie, "CP-1"), payable(omie, "CP-2")]
    await contapagar.incluir_conta_pagar_por_lote(client, {"lote": 7, "conta_pagar_cadastro": two})
    known = {"conta_pagar_cadastro": [payable(omie, "CP-3"), payable(omie, "CP-1")]}
    twice = {"conta_pagar_cadastro": [payable(omie, "CP-3"), payable(omie, "CP-3")]}
    bare = {"conta_pagar_cadastro": [payable(omie, "CP-3"), {"codigo_lancamento_integracao": "CP-4"}]}
    refused = [
        (await refusal(contapagar.incluir_conta_pagar_por_lote, client, each)).kind for each in (known, twice, bare)
    ]
    assert refused == [Kind.DUPLICATE, Kind.VALIDATION, Kind.VALIDATION]
    assert (await refusal(contapagar.upsert_conta_pagar_por_lote, client, bare)).kind is Kind.VALIDATION
    assert len(omie.records("payables")) == 3
    changed = [payable(omie, "CP-2", valor_documento=50.0), payable(omie, "CP-3")]
    await contapagar.upsert_conta_pagar_por_lote(client, {"conta_pagar_cadastro": changed})
    listed = [each async for each in contapagar.listar_contas_pagar(client, {})]
    assert [(each.get("codigo_lancamento_integracao"), each["valor_documento"]) for each in listed[1:]] == [
        ("CP-1", 100.0), ("CP-2", 50.0), ("CP-3", 100.0),
    ]  # fmt: skip


async def test_movements_of_titles_find_a_payable_by_the_number_of_its_invoice(client: Omie, omie: Simulator) -> None:
    omie.control("payables")
    made = await contapagar.incluir_conta_pagar(client, payable(omie, "NF-9", chave_nfe="3526"))
    key = made["codigo_lancamento_omie"]
    paid = await contapagar.lancar_pagamento(client, {"codigo_lancamento": key, "valor": 30.5, "data": DAY})

    async def movements(**wanted: Any) -> list[dict[str, Any]]:
        return [each async for each in contapagar.listar_movimentos(client, wanted)]  # type: ignore[arg-type]  # as above

    [title] = await movements(cTpLancamento="CP", cNumDocFiscal="NF-9")
    assert (title["detalhes"]["nCodTitulo"], title["detalhes"]["cChaveNFe"]) == (key, "3526")
    assert title["resumo"] == {"cLiquidado": "N", "nValPago": 30.5, "nValAberto": 69.5}
    [payment] = await movements(cTpLancamento="BXCP", nCodTitulo=key, dDtPagtoDe=DAY, dDtPagtoAte=DAY)
    assert (payment["detalhes"]["nCodBaixa"], payment["resumo"]["nValPago"]) == (paid["codigo_baixa"], 30.5)
    assert len(await movements(dDtVencDe="01/01/2026", cNatureza="P")) == 2
    assert await movements(cTpLancamento="CP", dDtVencAte="01/03/2026") == []
    assert await movements(cTpLancamento="CR") == []
    await contapagar.cancelar_pagamento(client, {"codigo_baixa": paid["codigo_baixa"]})
    assert await movements(cTpLancamento="BX") == []
    with pytest.raises(OmieError, match="Valores aceitos"):
        await movements(cTpLancamento="XX")


async def test_stock_tells_what_moved_what_is_to_come_and_how_much_there_should_be(
    client: Omie, omie: Simulator, product: int
) -> None:
    given: estoque.Adjustment = {
        "id_prod": product, "data": DAY, "valor": 1, "obs": "-", "origem": "AJU", "motivo": "INV", "tipo": "ENT", "quan": 5,
    }  # fmt: skip
    await estoque.incluir_ajuste_estoque(client, {**given, "quan": 5, "cod_int_ajuste": "A-1"})
    later: estoque.Adjustment = {**given, "data": "03/03/2026", "tipo": "SLD", "quan": 0, "cod_int_ajuste": "A-2"}
    await estoque.incluir_ajuste_estoque(client, later)
    omie.control("purchase-orders", items=[{"code": "CAFE", "quantity": 8, "unit_price": 1}])
    period: estoque.MovementKey = {"id_prod": product, "dataInicial": DAY, "dataFinal": "31/03/2026"}
    moved = (await estoque.movimento_estoque(client, period))["movProduto"]
    assert [[(step["tipo"], step["qtde"]) for step in each["movPeriodo"]] for each in moved] == [
        [("Anterior", 0), ("Entrada", 5), ("Atual", 5)], [("Anterior", 5), ("Saída", 5), ("Atual", 0)],
    ]  # fmt: skip
    one_day: estoque.MovementFilter = {"idProd": product, "dDtInicial": DAY, "dDtFinal": DAY}
    [line] = [each async for each in estoque.listar_movimento_estoque(client, one_day)]
    assert (line["tipo"], line["qtde"], line["saldo"], line["operacao"]) == ("entrada", 5, 5, "00")
    pending = [each async for each in estoque.listar_saldo_pendente(client, {"tipo": "ENTRADA"})]
    assert [(each["id_prod"], each["qtde_entrada"], each["qtde_saida"]) for each in pending] == [(product, 8, 0)]
    assert [each async for each in estoque.listar_saldo_pendente(client, {"tipo": "saida"})] == []
    await estoque.alterar_estoque_minimo(client, {"cod_int": "I-CAFE", "quan_min": 3})
    assert (await estoque.posicao_estoque(client, {"id_prod": product}))["estoque_minimo"] == 3


async def test_an_order_is_made_and_changed_item_by_item(
    client: Omie, product: int, order: pedidovenda.SalesOrder
) -> None:
    made = await pedidovenda.adicionar_pedido(client, order)
    key: pedidovenda.Key = {"codigo_pedido": made["codigo_pedido"]}

    async def shown() -> tuple[float, list[float]]:
        asked = await pedido.consultar_pedido(client, key, {**key, "numero_pedido": ""}, remember=False)
        found = asked["pedido_venda_produto"]
        return found["total_pedido"]["valor_total_pedido"], [each["produto"]["quantidade"] for each in found["det"]]

    assert await shown() == (NET, [2])
    second: pedidovenda.Inclusion = {**key, "codigo_item_integracao": "2", "codigo_produto": product, "quantidade": 1,
                                     "valor_unitario": 5.0, "obs_item": "sem açúcar"}  # fmt: skip
    item = await pedidovenda.incluir_item_pedido(client, second)
    assert (await refusal(pedidovenda.incluir_item_pedido, client, {**second, "quantidade": 9})).kind is Kind.DUPLICATE
    await pedidovenda.alterar_item_pedido(client, {**key, "codigo_item": item["codigo_item"], "quantidade": 3})
    assert (await pedidovenda.totalizar_pedido(client, key))["codigo_status"] == "0"
    assert await shown() == (NET + 15, [2, 3])
    await pedidovenda.excluir_item_pedido(client, {**key, "codigo_item_integracao": "1"})
    assert (await refusal(pedidovenda.excluir_item_pedido, client, {**key, "codigo_item": 1})).kind is Kind.NOT_FOUND
    await pedidovenda.excluir_itens_pedido(client, key)
    status = await pedido.status_pedido(client, key)
    assert status["valor_total_pedido"] == 0


async def test_a_billed_order_can_be_followed_and_given_back_in_parts(
    client: Omie, omie: Simulator, product: int, order: pedidovenda.SalesOrder
) -> None:
    key = (await pedidovenda.adicionar_pedido(client, order))["codigo_pedido"]
    assert (await refusal(pedido.validar_pedido_venda, client, {"nCodPed": key})).kind is Kind.FAILED
    customer = {"codigo_cliente_integracao": "C-1", "cnpj_cpf": "111.444.777-35"}
    omie.call("geral/clientes", "AlterarCliente", **customer)
    assert (await pedido.validar_pedido_venda(client, {"cCodIntPed": "SO-1"}))["cCodStatus"] == "0"
    tracked: pedido.BilledAlteration = {"codigo_pedido": key, "codigo_rastreio": "BR123", "obs_venda": "na portaria"}
    assert (await refusal(pedido.alterar_ped_faturado, client, tracked)).kind is Kind.VALIDATION
    await pedido.faturar_pedido_venda(client, {"nCodPed": key})
    await pedido.alterar_ped_faturado(client, {**tracked, "previsao_entrega": DAY})
    back: pedido.Return = {"codigo_pedido": key, "itens": {"codigo_produto": product, "quantidade": 1}}
    assert (await pedido.devolver_pedido(client, back))["cCodStatus"] == "0"
    found = omie.call("produtos/pedido", "ConsultarPedido", codigo_pedido=key)["pedido_venda_produto"]
    assert (found["frete"]["codigo_rastreio"], found["observacoes"]["obs_venda"]) == ("BR123", "na portaria")
    flags = found["infoCadastro"]
    assert (flags["faturado"], flags["devolvido"], flags["devolvido_parcial"]) == ("S", "N", "S")
    too_much = {**back, "itens": {"codigo_produto": product, "quantidade": 2}}
    assert (await refusal(pedido.devolver_pedido, client, too_much)).kind is Kind.VALIDATION
    await pedido.devolver_pedido(client, {"codigo_pedido": key})
    assert omie.call("estoque/consulta", "PosicaoEstoque", id_prod=product)["saldo"] == 0
    returned = [each async for each in pedido.listar_pedidos(client, {"status_pedido": "DEVOLVIDO"})]
    assert [each["cabecalho"]["codigo_pedido"] for each in returned] == [key]


async def test_an_order_is_copied_named_and_its_taxes_asked_for(
    client: Omie, omie: Simulator, product: int, order: pedidovenda.SalesOrder
) -> None:
    key = (await pedidovenda.adicionar_pedido(client, order))["codigo_pedido"]
    copy = (await pedido.duplicar_pedido_venda(client, {"nCodPed": key}))["nCodPed"]
    taken: pedido.InvoicingKey = {"nCodPed": copy, "cCodIntPed": "SO-1"}
    assert (await refusal(pedido.associar_cod_int_pedido_venda, client, taken)).kind is Kind.DUPLICATE
    await pedido.associar_cod_int_pedido_venda(client, {"nCodPed": copy, "cCodIntPed": "SO-2"})
    status = await pedido.status_pedido(client, {"codigo_pedido_integracao": "SO-2"})
    assert (status["codigo_pedido"], status["valor_total_pedido"]) == (copy, NET)
    items = [each["det"][0]["ide"]["codigo_item"] for each in omie.records("sales_orders")]
    assert items[0] != items[1]
    sold: pedido.SimulatedProduct = {"codigo_produto": product, "quantidade": 2, "valor_unitario": 10.0}
    question: pedido.TaxQuestion = {
        "codigo_cliente_integracao": "C-1", "consumidor_final": "S", "det_simul": [{"produto_simul": sold}],
    }  # fmt: skip
    answer = await pedido.simular_impostos(client, question)
    assert answer["det_simul_resp"][0]["produto_simul_resp"]["valor_total"] == 20.0
    assert len(omie.records("sales_orders")) == 2
