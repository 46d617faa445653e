"""An order of ours as a sales order: amounts add up, whatever discounts and instalments there are."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp_bridge.domain import booking
from erp_bridge.domain.booking import Place, Sale
from erp_bridge.domain.customer import of_order
from erp_bridge.domain.mapping import Mappings
from kit.errors import Refused

ZONE = ZoneInfo("America/Sao_Paulo")
PLACE = Place(1, "1.01", 2, "10", {"A": 11, "B": 12})


def sale(**more: Any) -> Sale:
    """Two of A and one of B, 15.01 in all, made late in the evening of a month's last day."""
    items = [
        {"line_id": "1", "sku": "A", "name": "a", "qty": "2", "unit_price_q": 500, "line_total_q": 1000},
        {"line_id": "2", "sku": "B", "name": "b", "qty": "1", "unit_price_q": 501, "line_total_q": 501},
    ]
    made = datetime(2026, 2, 1, 1, tzinfo=UTC).isoformat()
    content = {
        "external_ref": "", "handle_type": "", "handle_ref": "", "currency": "BRL", "items": items, "discount_q": 0,
        "shipping_q": 0, "tax_q": 0, "total_q": 1501, "data": {}, "created_at": made, **more,
    }  # fmt: skip
    return booking.sale("ORD-1", "web", content, ZONE)


@given(st.integers(0, 4000), st.integers(0, 1000), st.integers(0, 1000))
def test_charges_come_to_the_total_of_the_order(discount_q: int, shipping_q: int, tax_q: int) -> None:
    total_q = max(0, 1501 - discount_q + shipping_q + tax_q)
    sold = sale(discount_q=discount_q, shipping_q=shipping_q, tax_q=tax_q, total_q=total_q)
    left, shipping, tax = booking.charges(sold)
    assert 1501 - left + shipping + tax == total_q


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=9), st.data())
def test_a_discount_is_shared_to_the_last_cent_and_makes_no_line_negative(
    weights: list[int], data: st.DataObject
) -> None:
    amount = data.draw(st.integers(0, sum(weights)))
    shares = booking.shared(weights, amount)
    assert sum(shares) == amount
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))


def test_the_day_of_a_sale_is_the_one_where_the_erp_is() -> None:
    assert booking.order(sale(), PLACE)["cabecalho"]["data_previsao"] == "31/01/2026"


def test_monthly_instalments_end_with_the_month_and_come_to_the_total() -> None:
    wanted = booking.order(sale(data={"payment": {"installments": 3}}), PLACE)
    parcels = wanted["lista_parcelas"]["parcela"]
    assert [each["data_vencimento"] for each in parcels] == ["28/02/2026", "31/03/2026", "30/04/2026"]
    assert [each["valor"] for each in parcels] == [5.0, 5.0, 5.01]
    assert (wanted["cabecalho"]["codigo_parcela"], wanted["cabecalho"]["qtde_parcelas"]) == ("999", 3)


@pytest.mark.parametrize(
    "wanted", [-1, 1000, [{"due_date": "2026-03-01", "amount_q": 1500}], [{"due_date": "soon"}], "two"]
)
def test_instalments_that_do_not_come_to_the_total_are_refused(wanted: Any) -> None:
    with pytest.raises(Refused, match="invalid_instalments"):
        booking.order(sale(data={"payment": {"instalments": wanted}}), PLACE)


def test_an_order_in_another_currency_is_refused() -> None:
    with pytest.raises(Refused, match="currency_not_booked"):
        booking.order(sale(currency="USD"), PLACE)


def test_a_customer_is_known_by_his_handle_then_his_tax_number_then_how_to_reach_him() -> None:
    told = {"customer": {"nome": "Ana", "document": "529.982.247-25", "phone": "+55 13 99999-0000"}}
    assert of_order("customer", "C-9", told).code == "C-9"
    assert of_order("", "", told).code == "52998224725"
    ana = of_order("", "", {"customer": {"name": "Ana", "email": "Ana@x.com"}})
    assert ana.code == of_order("", "", {"customer": {"name": "Ana S.", "email": "ana@X.com"}}).code != ""
    assert of_order("", "", {}).code == ""
    assert dict(of_order("", "", told).fields) | {} == {
        "razao_social": "Ana", "nome_fantasia": "Ana", "cnpj_cpf": "52998224725", "pessoa_fisica": "S",
        "telefone1_ddd": "13", "telefone1_numero": "999990000",
    }  # fmt: skip


def test_a_mapping_of_its_own_goes_before_the_channels_and_that_before_every_channels() -> None:
    values = {
        ("account", "*"): "1",
        ("channel", "web"): {"account": "2"},
        ("account", "app"): "3",
        ("stage", "*/ready"): "40",
    }
    known = Mappings(values)
    assert [known.of_channel("account", each) for each in ("pdv", "web", "app")] == ["1", "2", "3"]
    assert known.of_channel("category", "web") == ""
    assert [known.stage("web", each) for each in ("new", "processing", "ready", "completed")] == ["", "20", "40", "50"]
