"""An order's flow: which status may follow which (spec 1A.3). Flows are data; a channel may bring its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kit.errors import Invalid, Refused

TRANSITIONS: Mapping[str, tuple[str, ...]] = {
    "new": ("confirmed", "cancelled"),
    "confirmed": ("processing", "ready", "cancelled"),
    "processing": ("ready", "cancelled"),
    "ready": ("dispatched", "completed"),
    "dispatched": ("delivered", "returned"),
    "delivered": ("completed", "returned"),
    "returned": ("completed",),
    "completed": (),
    "cancelled": (),
}
TERMINAL = frozenset({"completed", "cancelled"})
INITIAL = "new"
INITIAL_ALIAS = "created"
TRIGGERS = frozenset(
    [
        "on_create",
        "on_stock_commit",
        "on_payment_confirm",
        "on_items_ready",
        "on_delivery_confirm",
        "on_fulfillment_pending",
        "on_fulfillment_picking",
        "on_fulfillment_packing",
        "on_fulfillment_ready_to_ship",
        "on_fulfillment_shipped",
        "on_fulfillment_fulfilled",
        "on_fulfillment_partially_fulfilled",
        "on_fulfillment_cancelled",
    ]
)
"""What may move an order by itself (`order_flow.auto_transitions`); the last eight are steps of a fulfilment (1D.1)."""
STAMPED = ("confirmed", "processing", "ready", "dispatched", "delivered", "completed", "cancelled", "returned")
"""Statuses whose first entry an order remembers."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Transitions from an initial status to terminal ones."""

    initial: str = INITIAL
    transitions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: TRANSITIONS)
    terminal: frozenset[str] = TERMINAL
    automatic: Mapping[str, str] = field(default_factory=dict)
    """The status that each trigger leads to."""

    def next(self, status: str) -> tuple[str, ...]:
        """Returns the statuses that may follow; none after a terminal one."""
        return () if status in self.terminal else tuple(self.transitions.get(status, ()))

    def check_move(self, status: str, requested: str) -> None:
        """Raises Refused(`terminal_status` or `invalid_transition`) when requested may not follow status."""
        if status in self.terminal:
            raise Refused("terminal_status", current_status=status, requested_status=requested)
        allowed = list(self.next(status))
        if requested not in allowed:
            raise Refused(
                "invalid_transition", current_status=status, requested_status=requested, allowed_transitions=allowed
            )

    def target(self, status: str, trigger: str) -> str:
        """Returns where a trigger leads from the status; nothing where it leads nowhere or the step is not allowed."""
        status_after = self.automatic.get(trigger, "")
        return status_after if status_after in self.next(status) else ""

    def resolve(self, name: str) -> str:
        """Returns the status that a name means: `created` is the initial one unless the flow has it (decision 1)."""
        return self.initial if name == INITIAL_ALIAS and name not in self.statuses else name

    @property
    def statuses(self) -> set[str]:
        """Every status that the flow knows."""
        return {*self.transitions, *(target for targets in self.transitions.values() for target in targets)}


def of(config: Mapping[str, Any]) -> Flow:
    """Returns the flow of a valid channel config; what it names replaces the default whole (O-O7)."""
    given = config.get("order_flow") or {}
    transitions = given.get("transitions")
    return Flow(
        initial=given.get("initial_status") or INITIAL,
        transitions={name: tuple(targets) for name, targets in transitions.items()} if transitions else TRANSITIONS,
        terminal=frozenset(given["terminal_statuses"]) if "terminal_statuses" in given else TERMINAL,
        automatic=given.get("auto_transitions") or {},
    )


def check(flow: Flow, own_map: bool) -> None:
    """Raises Invalid(`invalid_config`) for a flow that cannot work: unknown start, unreachable status, no way out."""
    if flow.initial not in flow.statuses:
        raise _invalid("order_flow.initial_status", f"`{flow.initial}` is not a status of the flow")
    reachable = _reachable(flow, flow.initial)
    if own_map and (lost := sorted(flow.statuses - reachable.keys())):
        raise _invalid(f"order_flow.transitions.{lost[0]}", f"`{lost[0]}` cannot be reached from `{flow.initial}`")
    for status, path in reachable.items():
        if not any(end in flow.terminal for end in _reachable(flow, status)):
            raise _invalid(f"order_flow.transitions.{status}", f"no way out to a terminal status: {' → '.join(path)}")
    for trigger, status in flow.automatic.items():
        _check_trigger(flow, trigger, status)


def _check_trigger(flow: Flow, trigger: str, status: str) -> None:
    """Raises Invalid for a trigger that nothing fires, or one that could never move an order."""
    path = f"order_flow.auto_transitions.{trigger}"
    if trigger not in TRIGGERS:
        raise _invalid(path, f"must be one of {', '.join(sorted(TRIGGERS))}")
    if trigger == "on_create" and status not in flow.next(flow.initial):
        raise _invalid(path, f"`{status}` may not follow `{flow.initial}`")
    if not any(status in flow.next(each) for each in flow.statuses):
        raise _invalid(path, f"no status may be followed by `{status}`")


def _reachable(flow: Flow, start: str) -> dict[str, tuple[str, ...]]:
    """Returns every status that can be reached, each with a shortest path to it."""
    found: dict[str, tuple[str, ...]] = {start: (start,)}
    front = [start]
    while front:
        status = front.pop(0)
        for target in flow.next(status):
            if target not in found:
                found[target] = (*found[status], target)
                front.append(target)
    return found


def _invalid(path: str, reason: str) -> Invalid:
    return Invalid("invalid_config", path=path, reason=reason)
