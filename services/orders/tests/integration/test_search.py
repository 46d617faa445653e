"""Orders are found by words, and by whom they belong to."""

from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.struct_pb2 import Value
from order_calls import FREE, committed, document, line, make_channel, op, opened, order_of, refused

from comanda.orders.v1 import orders_pb2
from comanda.types.v1 import options_pb2
from kit.errors import Invalid, NotFound
from orders.queries import orders as queries

MARIA = {"name": "María José da Silva", "email": "mjsilva@example.com", "phone": "+55 11 98765-4321"}


async def placed(hub: Any, *skus: str, external_ref: str = "", **fields: Any) -> str:
    session = await opened(hub, *map(line, skus), **fields)
    ref: str = (await committed(hub, session.session_key, external_ref=external_ref)).order_ref
    return ref


async def found(hub: Any, search: str, token: str = "", **asked: Any) -> list[str]:
    request = orders_pb2.ListOrdersRequest(search=search, include_total=True, **asked)
    page = await hub.call(hub.orders.ListOrders, request, token)
    assert page.total == len(page.items)
    return [order.ref for order in page.items]


async def test_a_search_looks_into_refs_customer_and_skus_whatever_the_case_and_the_accents(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    mine = await placed(hub, "CAFE-500", "PAO", external_ref="IF-0042", data=document({"customer": MARIA}))
    other = await placed(hub, "PAO", data=document({"customer": {"name": "Joana_100% Silva"}}))
    for words in (
        "maria JOSE",
        "Silva José",
        "mjsilva@example",
        "IF-0042",
        "if-0042",
        "café-500",
        "98765",
        mine,
        mine[-8:],
        mine.removeprefix("ORD-"),
        "example.com",
    ):
        assert await found(hub, words) == [mine], words
    assert await found(hub, "silva") == await found(hub, "pao") == [other, mine]
    assert await found(hub, "silva", order_by="created_at") == [mine, other]
    assert await found(hub, "silva", status=["confirmed"]) == []
    assert await found(hub, "joana maria") == await found(hub, "nobody") == []


async def test_signs_that_mean_something_to_the_database_mean_themselves(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    ref = await placed(hub, "A", data=document({"customer": {"name": "Joana_100% O'Neil"}}))
    for words in ("joana_", "joana_100%", "100", "o'neil", "neil"):
        assert await found(hub, words) == [ref], words
    for words in ("0%0", "joa_a", "\\", "oana", "'", "':*", "!joana", "joana | x", "o''neil"):
        assert await found(hub, words) == [], words


async def test_a_word_with_digits_after_its_letters_is_found_by_either_wherever_it_stands(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    data = document({"customer": {"name": "Ana7 Souza", "email": "silva77.lima88@example.com", "phone": "x99"}})
    ref = await placed(hub, "PAO500", "BOLO250-ML", data=data)
    for words in (
        "silva",
        "silva7",
        "silva77",
        "silva77.lima",
        "lima88",
        "lima88@ex",
        "lima",
        "ana7",
        "x99",
        "pao5",
        "bolo250",
        "bolo250-ml",
        "ml",
    ):
        assert await found(hub, words) == [ref], words
    for words in ("silva8", "silva77@", "lima9", "77", "bolo25-", "ana8"):
        assert await found(hub, words) == [], words


@pytest.mark.parametrize("order_by", ["-created_at", "created_at", "-total_q", "total_q"])
async def test_of_several_words_each_counts_however_short(
    hub: Any, monkeypatch: pytest.MonkeyPatch, order_by: str
) -> None:
    monkeypatch.setattr(queries, "FOR_A_NAME", 0)
    monkeypatch.setattr(queries, "LOOKED_THROUGH", 0)
    await make_channel(hub, config=FREE)
    names = "Ana Maria Costa", "Rui Mario Costa", "Ana Maria Silva", "Rui Maria Costas"
    refs = [await placed(hub, "A", data=document({"customer": {"name": name}})) for name in names]
    assert await found(hub, "ana maria costa", order_by=order_by) == [refs[0]]
    assert await found(hub, "costa maria RU", order_by=order_by) == [refs[3]]
    assert await found(hub, "an costa mari a", order_by=order_by) == [refs[0]]
    assert set(await found(hub, "maria costa mar cos c", order_by=order_by)) == {refs[0], refs[3]}
    assert await found(hub, "xi maria costa", order_by=order_by) == []


async def test_words_that_were_kept_before_those_with_signs_stood_apart_are_found(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    ref = await placed(hub, "A", external_ref="IF-0042")
    mark = hub.business.hex[-12:]
    await hub.rows(
        "update order_search set words = array_to_tsvector($1)", [f"{mark}/if-0042", f"{mark}/if", f"{mark}/0042"]
    )
    assert [await found(hub, words) for words in ("IF-0042", "if-00", "0042", "42")] == [[ref], [ref], [ref], []]


async def test_a_customer_in_another_shape_breaks_nothing(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    for customer in ("Maria", ["Maria"], {"name": {"first": "Maria"}}, 7):
        await placed(hub, "ODD", data=document({"customer": customer}))
    assert len(await found(hub, "odd")) == 4
    assert await found(hub, "maria") == []


async def test_a_page_of_a_search_goes_on_where_it_ended(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    refs = [await placed(hub, "A") for _ in range(3)]
    first = await hub.call(hub.orders.ListOrders, orders_pb2.ListOrdersRequest(search="a", page_size=2))
    more = orders_pb2.ListOrdersRequest(search="a", page_size=2, page_token=first.next_page_token)
    second = await hub.call(hub.orders.ListOrders, more)
    assert [order.ref for order in (*first.items, *second.items)] == refs[::-1]
    assert not second.next_page_token


async def test_a_search_of_another_business_finds_nothing(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    await placed(hub, "A", data=document({"customer": MARIA}))
    stranger = hub.token_for(uuid4())
    assert await found(hub, "maria", stranger) == []


async def test_a_search_that_is_too_long_is_refused(hub: Any) -> None:
    error = await refused(hub.call(hub.orders.ListOrders, orders_pb2.ListOrdersRequest(search="x" * 201)))
    assert (type(error), error.violations[0].field) == (Invalid, "search")


async def test_a_customer_sees_the_orders_whose_handle_he_is_and_no_others(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    own = await placed(hub, "A", handle_type="customer", handle_ref="C-1")
    others = [await placed(hub, "A", handle_type="customer", handle_ref="C-2"), await placed(hub, "A")]
    token = hub.token_for(hub.business, options_pb2.ROLE_CUSTOMER, "C-1")
    assert await found(hub, "", token) == [own]
    assert await found(hub, "", token, handle_type="customer", handle_ref="C-2") == []
    assert (await hub.call(hub.orders.GetOrder, orders_pb2.GetOrderRequest(ref=own), token)).order.ref == own
    for ref in others:
        error = await refused(hub.call(hub.orders.GetOrder, orders_pb2.GetOrderRequest(ref=ref), token))
        assert type(error) is NotFound


async def test_a_session_that_takes_its_customer_later_is_found_by_him(hub: Any) -> None:
    await make_channel(hub, config=FREE)
    session = await opened(hub, line("A"), op("set_data", path="customer", value=Value(struct_value=document(MARIA))))
    ref = (await committed(hub, session.session_key)).order_ref
    assert await found(hub, "maria") == [ref]
    assert (await order_of(hub, ref)).data["customer"]["name"] == MARIA["name"]
