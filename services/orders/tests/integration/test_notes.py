"""Notes on orders (acceptance case M-9)."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf import json_format
from order_calls import FREE, committed, line, make_channel, opened, refused

from comanda.orders.v1 import directives_pb2, notes_pb2, notes_pb2_grpc, orders_pb2
from comanda.types.v1 import options_pb2
from kit.errors import Forbidden, Invalid, NotFound


def notes_of(hub: Any) -> Any:
    return notes_pb2_grpc.NoteServiceStub(hub.upstream)


async def ordered(hub: Any, **fields: Any) -> str:
    await make_channel(hub, config=FREE)
    ref: str = (await committed(hub, (await opened(hub, line("A"), **fields)).session_key)).order_ref
    return ref


async def added(hub: Any, ref: str, note: str = "call first", **fields: Any) -> Any:
    request = notes_pb2.AddOrderNoteRequest(ref=ref, note=note, **fields)
    return (await hub.call(notes_of(hub).AddOrderNote, request)).note


async def listed(hub: Any, ref: str, token: str = "", **fields: Any) -> list[str]:
    request = notes_pb2.ListOrderNotesRequest(ref=ref, **fields)
    return [note.note for note in (await hub.call(notes_of(hub).ListOrderNotes, request, token)).items]


async def entries(hub: Any, ref: str) -> list[tuple[str, dict[str, Any]]]:
    events = (await hub.call(hub.orders.ListOrderEvents, orders_pb2.ListOrderEventsRequest(ref=ref))).items
    return [(event.type, json_format.MessageToDict(event.payload)) for event in events]


async def told(hub: Any, ref: str) -> list[Any]:
    request = directives_pb2.ListDirectivesRequest(order_ref=ref, topic=["notification.send"])
    return list((await hub.call(hub.directives.ListDirectives, request)).items)


@pytest.mark.parametrize("text", ["", "x" * 5001])
async def test_m_9_a_note_has_1_to_5000_characters(hub: Any, text: str) -> None:
    assert isinstance(await refused(added(hub, "ORD-1", text)), Invalid)


async def test_m_9_a_note_is_internal_unless_said_otherwise_and_stands_in_the_history(hub: Any) -> None:
    ref = await ordered(hub)
    note = await added(hub, ref, "é" * 5000)
    assert (note.is_internal, note.notify_customer, note.created_by, len(note.note)) == (True, False, "key:test", 5000)
    assert not note.HasField("notified_at")
    expected = {"note_id": note.id, "preview": "é" * 100, "is_internal": True}
    assert (await entries(hub, ref))[1:] == [("note_added", expected)]
    assert await told(hub, ref) == []


async def test_m_9_an_internal_note_is_hidden_from_the_customer(hub: Any) -> None:
    customer = str(uuid4())
    ref = await ordered(hub, handle_type="customer", handle_ref=customer)
    await added(hub, ref, "difficult")
    await added(hub, ref, "on its way", is_internal=False)
    token = hub.token_for(hub.business, options_pb2.ROLE_CUSTOMER, customer)
    assert await listed(hub, ref) == ["on its way", "difficult"]
    assert await listed(hub, ref, is_internal=False) == ["on its way"]
    assert await listed(hub, ref, include_internal=False) == ["on its way"]
    assert await listed(hub, ref, include_internal=True) == ["on its way", "difficult"]
    assert await listed(hub, ref, token) == ["on its way"]
    assert await listed(hub, ref, token, is_internal=True) == ["on its way"]
    other = hub.token_for(hub.business, options_pb2.ROLE_CUSTOMER, str(uuid4()))
    assert isinstance(await refused(listed(hub, ref, other)), NotFound)
    writing = hub.call(notes_of(hub).AddOrderNote, notes_pb2.AddOrderNoteRequest(ref=ref, note="x"), token)
    assert isinstance(await refused(writing), Forbidden)


async def test_a_note_for_the_customer_asks_to_be_told_once(hub: Any) -> None:
    ref = await ordered(hub)
    note = await added(hub, ref, "late by an hour", notify_customer=True)
    assert not note.is_internal
    [task] = await told(hub, ref)
    payload = json_format.MessageToDict(task.payload)
    assert (payload["event"], payload["note_id"], payload["context"]) == (
        "order.note",
        note.id,
        {"note": "late by an hour"},
    )
    await hub.call(notes_of(hub).UpdateNote, notes_pb2.UpdateNoteRequest(id=note.id, note="late by two"))
    assert len(await told(hub, ref)) == 1
    quiet = await added(hub, ref, "parked behind", is_internal=False)
    await hub.call(notes_of(hub).UpdateNote, notes_pb2.UpdateNoteRequest(id=quiet.id, notify_customer=True))
    assert len(await told(hub, ref)) == 2


async def test_an_internal_note_is_never_told(hub: Any) -> None:
    ref = await ordered(hub)
    assert (await refused(added(hub, ref, is_internal=True, notify_customer=True))).code == "internal_note_not_told"
    note = await added(hub, ref)
    change = notes_pb2.UpdateNoteRequest(id=note.id, notify_customer=True)
    assert (await refused(hub.call(notes_of(hub).UpdateNote, change))).code == "internal_note_not_told"
    assert await told(hub, ref) == []


async def test_a_note_is_changed_and_removed_and_history_keeps_both(hub: Any) -> None:
    ref = await ordered(hub)
    note = await added(hub, ref)
    change = notes_pb2.UpdateNoteRequest(id=note.id, note="ring twice", is_internal=False)
    changed = (await hub.call(notes_of(hub).UpdateNote, change)).note
    assert (changed.note, changed.is_internal, changed.created_at) == ("ring twice", False, note.created_at)
    for nothing in (change, notes_pb2.UpdateNoteRequest(id=note.id)):
        assert (await hub.call(notes_of(hub).UpdateNote, nothing)).note == changed
    removals = [hub.call(notes_of(hub).DeleteNote, notes_pb2.DeleteNoteRequest(id=note.id)) for _ in range(3)]
    answers = await asyncio.gather(*removals, return_exceptions=True)
    assert [type(each) for each in answers].count(NotFound) == 2
    assert await listed(hub, ref) == []
    kinds = [kind for kind, _ in await entries(hub, ref)]
    assert kinds == ["created", "note_added", "note_updated", "note_deleted"]


async def test_notes_written_at_once_all_stand_in_the_history_and_pages_lose_none(hub: Any) -> None:
    ref = await ordered(hub)
    await asyncio.gather(*(added(hub, ref, f"n{number}") for number in range(12)))
    assert len(await entries(hub, ref)) == 13
    first = notes_pb2.ListOrderNotesRequest(ref=ref, page_size=5, include_total=True)
    page = await hub.call(notes_of(hub).ListOrderNotes, first)
    found, total = [note.note for note in page.items], page.total
    while page.next_page_token:
        following = notes_pb2.ListOrderNotesRequest(ref=ref, page_size=5, page_token=page.next_page_token)
        page = await hub.call(notes_of(hub).ListOrderNotes, following)
        found += [note.note for note in page.items]
    assert (sorted(found), total) == (sorted(f"n{number}" for number in range(12)), 12)


async def test_another_business_finds_no_note(hub: Any) -> None:
    ref = await ordered(hub)
    note, stranger = await added(hub, ref), hub.token_for(uuid4())
    stub = notes_of(hub)
    for method, request in [
        (stub.ListOrderNotes, notes_pb2.ListOrderNotesRequest(ref=ref)),
        (stub.AddOrderNote, notes_pb2.AddOrderNoteRequest(ref=ref, note="x")),
        (stub.GetNote, notes_pb2.GetNoteRequest(id=note.id)),
        (stub.UpdateNote, notes_pb2.UpdateNoteRequest(id=note.id, note="x")),
        (stub.DeleteNote, notes_pb2.DeleteNoteRequest(id=note.id)),
    ]:
        assert isinstance(await refused(hub.call(method, request, stranger)), NotFound)
    assert (await hub.call(stub.GetNote, notes_pb2.GetNoteRequest(id=note.id))).note.note == "call first"
