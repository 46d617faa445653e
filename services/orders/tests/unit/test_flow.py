"""Flows: the whole table, and what is refused when one is saved (spec 1A.3)."""

from itertools import product

import pytest
from orders_in import NOW, order_in

from kit.errors import Invalid, Refused
from orders.domain import config as document
from orders.domain import flow, order, presets
from orders.domain.flow import TERMINAL, TRANSITIONS, Flow


@pytest.mark.parametrize(("status", "requested"), list(product(TRANSITIONS, TRANSITIONS)))
def test_o_o1_every_pair_of_the_default_flow_is_allowed_or_refused_by_the_table(status: str, requested: str) -> None:
    if requested in TRANSITIONS[status] and status not in TERMINAL:
        [moved] = order.transition(order_in(status), Flow(), requested, NOW)
        assert (moved.status, moved.last_seq) == (requested, 2)
        return
    with pytest.raises(Refused) as refusal:
        order.transition(order_in(status), Flow(), requested, NOW)
    context = {"current_status": status, "requested_status": requested}
    if status in TERMINAL:
        assert (refusal.value.code, refusal.value.context) == ("terminal_status", context)
    else:
        allowed = list(TRANSITIONS[status])
        assert (refusal.value.code, refusal.value.context) == (
            "invalid_transition",
            {**context, "allowed_transitions": allowed},
        )


def test_the_first_entry_into_a_status_stamps_it_and_later_ones_do_not() -> None:
    again = Flow(transitions={"new": ("ready",), "ready": ("new", "completed")}, terminal=frozenset({"completed"}))
    later = NOW.replace(hour=1)
    moved = order_in("new")
    for status, time in (("ready", NOW), ("new", later), ("ready", later)):
        [moved] = order.transition(moved, again, status, time)
    assert moved.stamps["ready"] == NOW


def test_created_means_the_initial_status_unless_the_flow_has_it() -> None:
    assert Flow().resolve("created") == "new"
    assert Flow(initial="created", transitions={"created": ("completed",)}).resolve("created") == "created"


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"colour": "red"}, "colour"),
        ({"checks": {"stock": {"ttl": 1}}}, "checks.stock.ttl"),
        ({"checks": {"stock": {"hold_ttl_minutes": 0}}}, "checks.stock.hold_ttl_minutes"),
        ({"required_checks_on_commit": "stock"}, "required_checks_on_commit"),
        ({"post_commit_directives": [1]}, "post_commit_directives[0]"),
        ({"order_flow": {"initial_status": "born"}}, "order_flow.initial_status"),
        ({"order_flow": {"transitions": {"new": ["stuck"]}}}, "order_flow.transitions.new"),
        ({"order_flow": {"transitions": {"new": [" "], " ": ["completed"]}}}, "order_flow.transitions.new[0]"),
        (
            {"order_flow": {"initial_status": "n" * 65, "transitions": {"n" * 65: ["completed"]}}},
            "order_flow.initial_status",
        ),
        ({"order_flow": {"transitions": {"": ["completed"]}}}, "order_flow.transitions."),
        (
            {"order_flow": {"transitions": {"new": ["completed"], "island": ["completed"]}}},
            "order_flow.transitions.island",
        ),
        (
            {"order_flow": {"transitions": {"new": ["a", "completed"], "a": ["b"], "b": ["a"]}}},
            "order_flow.transitions.a",
        ),
        ({"order_flow": {"auto_transitions": {"on_tuesday": "confirmed"}}}, "order_flow.auto_transitions.on_tuesday"),
        ({"order_flow": {"auto_transitions": {"on_create": "ready"}}}, "order_flow.auto_transitions.on_create"),
        (
            {"order_flow": {"auto_transitions": {"on_items_ready": "cooked"}}},
            "order_flow.auto_transitions.on_items_ready",
        ),
        (
            {"order_flow": {"auto_transitions": {"on_refund": {"to": "refunded", "from": ["completed"]}}}},
            "order_flow.auto_transitions.on_refund",
        ),
        ({"order_flow": {"auto_transitions": {"on_refund": {"to": "new"}}}}, "order_flow.auto_transitions.on_refund"),
        ({"order_flow": {"shortcuts": {"new": {"ready": "processing"}}}}, "order_flow.shortcuts.new.ready"),
        ({"order_flow": {"terminal_statuses": ["completed", "done"]}}, "order_flow.terminal_statuses"),
        ({"status_labels": {"newish": "Novinho"}}, "status_labels.newish"),
        ({"status_flow": ["new", "cooked"]}, "status_flow.cooked"),
        ({"notifications": {"on_events": ["order.cooked"]}}, "notifications.on_events[0]"),
        ({"notifications": {"backend": "pigeon"}}, "notifications.backend"),
        ({"notifications": {"backend": "Email"}}, "notifications.backend"),
        ({"notifications": {"backend": ["email"]}}, "notifications.backend"),
    ],
)
def test_a_config_that_cannot_be_followed_is_refused_with_its_place(config: dict[str, object], path: str) -> None:
    with pytest.raises(Invalid) as refusal:
        document.check(config)
    assert (refusal.value.code, refusal.value.context["path"]) == ("invalid_config", path)


@pytest.mark.parametrize("backend", ["", "console", "email", "webhook"])
def test_a_config_names_a_backend_that_there_is_or_none(backend: str) -> None:
    document.check({"notifications": {"backend": backend}})


@pytest.mark.parametrize("name", sorted(presets.PRESETS))
def test_every_preset_can_be_followed(name: str) -> None:
    document.check(presets.preset(name))


def test_o_o7_an_own_map_replaces_the_default_and_is_not_merged_with_it() -> None:
    own = flow.of({"order_flow": {"transitions": {"new": ["completed", "cancelled"]}}})
    assert own.next("new") == ("completed", "cancelled")
    assert own.next("confirmed") == ()


def test_a_trigger_leads_only_where_the_flow_allows_it() -> None:
    automatic = flow.of({"order_flow": {"auto_transitions": {"on_items_ready": "ready"}}})
    assert automatic.target("processing", "on_items_ready") == "ready"
    assert automatic.target("ready", "on_items_ready") == ""
    assert automatic.target("processing", "on_delivery_confirm") == ""


def test_a_shortcut_takes_both_steps_and_stamps_the_last() -> None:
    managed = flow.of(presets.preset("order_management"))
    moved = order.transition(order_in("draft"), managed, "confirmed", NOW)
    assert [(each.status, each.last_seq) for each in moved] == [("pending", 2), ("confirmed", 3)]
    assert moved[-1].stamps == {"confirmed": NOW}
    assert managed.next("draft") == ("pending", "cancelled")


def test_shipped_is_remembered_as_dispatched_and_ready_to_ship_as_ready() -> None:
    managed, moved = flow.of(presets.preset("order_management")), order_in("confirmed")
    [moved] = order.transition(moved, managed, "processing", NOW)
    for status in ("ready_to_ship", "shipped"):
        [moved] = order.transition(moved, managed, status, NOW)
    assert set(moved.stamps) == {"confirmed", "processing", "ready", "dispatched"}


@pytest.mark.parametrize("status", ["delivered", "completed", "returned", "cancelled"])
def test_what_was_paid_back_whole_is_refunded_by_itself_and_by_nobody_else(status: str) -> None:
    managed = flow.of(presets.preset("order_management"))
    [moved] = order.triggered(order_in(status), managed, "on_refund", NOW)
    assert moved.status == "refunded"
    with pytest.raises(Refused):
        order.transition(order_in(status), managed, "refunded", NOW)
    assert order.triggered(order_in("shipped"), managed, "on_refund", NOW) == []


def test_the_refusal_of_a_trap_shows_the_path_into_it() -> None:
    trap = {"order_flow": {"transitions": {"new": ["a", "completed"], "a": ["b"], "b": ["a"]}}}
    with pytest.raises(Invalid) as refusal:
        document.check(trap)
    assert (refusal.value.context["problem"], refusal.value.context["way"]) == ("trap", "new → a")


def test_a_trigger_that_says_nothing_does_nothing() -> None:
    quiet = {"order_flow": {"auto_transitions": {"on_create": None}}}
    document.check(quiet)
    assert flow.of(quiet).target("new", "on_create") == ""
