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
        "on_refund",
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
"""What may move an order by itself (`order_flow.auto_transitions`): `on_refund` when all that was paid went back; the last
eight are steps of a fulfilment (1D.1)."""
STAMPED = ("confirmed", "processing", "ready", "dispatched", "delivered", "completed", "cancelled", "returned")
"""Statuses whose first entry an order remembers."""
SAME = {"ready_to_ship": "ready", "shipped": "dispatched"}
"""Statuses of order management that are remembered under another name (decision 60)."""


@dataclass(frozen=True, slots=True)
class Automatic:
    """A move that nobody asks for: to a status, from wherever a person might move the order there, or only from some."""

    to: str
    sources: frozenset[str] | None = None
    """The only statuses that it starts from, be they terminal; None: those that the transitions allow."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Transitions from an initial status to terminal ones."""

    initial: str = INITIAL
    transitions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: TRANSITIONS)
    terminal: frozenset[str] = TERMINAL
    automatic: Mapping[str, Automatic] = field(default_factory=dict)
    """What each trigger does."""
    shortcuts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """From a status to a requested one: the status between, so that one request makes both moves."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What people call a status."""

    def next(self, status: str) -> tuple[str, ...]:
        """Returns the statuses that may follow; none after a terminal one."""
        return () if status in self.terminal else tuple(self.transitions.get(status, ()))

    def steps(self, status: str, requested: str) -> tuple[str, ...]:
        """Returns the statuses to go through; raises Refused(`terminal_status` or `invalid_transition`)."""
        between = self.shortcuts.get(status, {}).get(requested)
        if between is None:
            self._check_move(status, requested)
            return (requested,)
        self._check_move(status, between)
        self._check_move(between, requested)
        return between, requested

    def _check_move(self, status: str, requested: str) -> None:
        if status in self.terminal:
            raise Refused("terminal_status", current_status=status, requested_status=requested)
        allowed = list(self.next(status))
        if requested not in allowed:
            raise Refused(
                "invalid_transition", current_status=status, requested_status=requested, allowed_transitions=allowed
            )

    def target(self, status: str, trigger: str) -> str:
        """Returns where a trigger leads from the status; nothing where it leads nowhere or the step is not allowed."""
        move = self.automatic.get(trigger)
        return move.to if move and move.to in self.reach(status, move) else ""

    def reach(self, status: str, move: Automatic) -> tuple[str, ...]:
        """Returns the statuses that an automatic move might lead to from the status."""
        if move.sources is None:
            return self.next(status)
        return (move.to,) if status in move.sources else ()

    def followers(self, status: str) -> tuple[str, ...]:
        """Returns the statuses that may follow, by a request or by itself."""
        sourced = (move for move in self.automatic.values() if move.sources is not None)
        return (*self.next(status), *(target for move in sourced for target in self.reach(status, move)))

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
        automatic={
            trigger: _automatic(move) for trigger, move in (given.get("auto_transitions") or {}).items() if move
        },
        shortcuts=given.get("shortcuts") or {},
        labels=config.get("status_labels") or {},
    )


def _automatic(given: str | Mapping[str, Any]) -> Automatic:
    return Automatic(given) if isinstance(given, str) else Automatic(given["to"], frozenset(given["from"]))


def check(flow: Flow, own_map: bool) -> None:
    """Raises Invalid(`invalid_config`) for a flow that cannot work: unknown start, unreachable status, no way out."""
    if flow.initial not in flow.statuses:
        raise _invalid("order_flow.initial_status", "unknown_status", status=flow.initial)
    if unknown := sorted(flow.terminal - flow.statuses - TERMINAL):
        raise _invalid("order_flow.terminal_statuses", "unknown_status", status=unknown[0])
    for trigger, move in flow.automatic.items():
        _check_trigger(flow, trigger, move)
    for status, shortcuts in flow.shortcuts.items():
        _check_shortcuts(flow, status, shortcuts)
    reachable = _reachable(flow, flow.initial)
    if own_map and (lost := sorted(flow.statuses - reachable.keys())):
        raise _invalid(f"order_flow.transitions.{lost[0]}", "unreachable", status=lost[0], initial=flow.initial)
    for status, path in reachable.items():
        if not any(end in flow.terminal for end in _reachable(flow, status)):
            raise _invalid(f"order_flow.transitions.{status}", "trap", way=" → ".join(path))


def _check_trigger(flow: Flow, trigger: str, move: Automatic) -> None:
    """Raises Invalid for a trigger that nothing fires, or one that could never move an order."""
    path = f"order_flow.auto_transitions.{trigger}"
    if trigger not in TRIGGERS:
        raise _invalid(path, "choice", valid=sorted(TRIGGERS))
    if unknown := sorted({move.to, *(move.sources or ())} - flow.statuses):
        raise _invalid(path, "unknown_status", status=unknown[0])
    if trigger == "on_create" and move.to not in flow.reach(flow.initial, move):
        raise _invalid(path, "may_not_follow", status=move.to, before=flow.initial)
    if not any(move.to in flow.reach(each, move) for each in flow.statuses):
        raise _invalid(path, "follows_nothing", status=move.to)


def _check_shortcuts(flow: Flow, status: str, shortcuts: Mapping[str, str]) -> None:
    for requested, between in shortcuts.items():
        for one, other in ((status, between), (between, requested)):
            if other not in flow.next(one):
                raise _invalid(f"order_flow.shortcuts.{status}.{requested}", "may_not_follow", status=other, before=one)


def _reachable(flow: Flow, start: str) -> dict[str, tuple[str, ...]]:
    """Returns every status that can be reached, each with a shortest path to it."""
    found: dict[str, tuple[str, ...]] = {start: (start,)}
    front = [start]
    while front:
        status = front.pop(0)
        for target in flow.followers(status):
            if target not in found:
                found[target] = (*found[status], target)
                front.append(target)
    return found


def _invalid(path: str, problem: str, **values: Any) -> Invalid:
    return Invalid("invalid_config", path=path, problem=problem, **values)
