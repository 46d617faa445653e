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
STAMPED = ("confirmed", "processing", "ready", "dispatched", "delivered", "completed", "cancelled", "returned")
"""Statuses whose first entry an order remembers."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Transitions from an initial status to terminal ones."""

    initial: str = INITIAL
    transitions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: TRANSITIONS)
    terminal: frozenset[str] = TERMINAL

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
