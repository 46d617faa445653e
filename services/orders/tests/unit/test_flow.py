"""Flows: the whole table, and what is refused when one is saved (spec 1A.3)."""

from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest

from kit.errors import Invalid, Refused
from orders.domain import channel, flow, order
from orders.domain.flow import TERMINAL, TRANSITIONS, Flow
from orders.domain.session import Session

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def order_in(status: str) -> order.Order:
    session = Session(UUID(int=1), "web", "S", "", "", "external", "open", "BRL", NOW, NOW)
    return order.seal(
        session, identifier=UUID(int=2), ref="R", external_ref="", flow=Flow(initial=status), config_version=1, now=NOW
    )


@pytest.mark.parametrize(("status", "requested"), list(product(TRANSITIONS, TRANSITIONS)))
def test_every_pair_of_the_default_flow_is_allowed_or_refused_by_the_table(status: str, requested: str) -> None:
    if requested in TRANSITIONS[status] and status not in TERMINAL:
        moved = order.transition(order_in(status), Flow(), requested, NOW)
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
    moved = order.transition(order_in("new"), again, "ready", NOW)
    moved = order.transition(order.transition(moved, again, "new", later), again, "ready", later)
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
    ],
)
def test_a_config_that_cannot_be_followed_is_refused_with_its_place(config: dict[str, object], path: str) -> None:
    with pytest.raises(Invalid) as refusal:
        channel.check_config(config)
    assert (refusal.value.code, refusal.value.context["path"]) == ("invalid_config", path)


@pytest.mark.parametrize("name", sorted(channel.PRESETS))
def test_every_preset_can_be_followed(name: str) -> None:
    channel.check_config(channel.preset(name))


def test_an_own_map_replaces_the_default_and_is_not_merged_with_it() -> None:
    own = flow.of({"order_flow": {"transitions": {"new": ["completed", "cancelled"]}}})
    assert own.next("new") == ("completed", "cancelled")
    assert own.next("confirmed") == ()


def test_a_trigger_leads_only_where_the_flow_allows_it() -> None:
    automatic = flow.of({"order_flow": {"auto_transitions": {"on_items_ready": "ready"}}})
    assert automatic.target("processing", "on_items_ready") == "ready"
    assert automatic.target("ready", "on_items_ready") == ""
    assert automatic.target("processing", "on_delivery_confirm") == ""
