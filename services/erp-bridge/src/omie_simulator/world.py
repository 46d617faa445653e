"""What every call can reach: records, time, switches, and the webhooks that a change sets off."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from omie_simulator import faults
from omie_simulator.clock import Clock
from omie_simulator.store import Record, Store
from omie_simulator.tags import Shape

ACCOUNT = 90_000_003_801
LOCATION = 90_000_006_692
NUMBER_LENGTH = 15


@dataclass
class Switches:
    """Behaviour of the real service that is not documented, or that a test wants otherwise."""

    redundancy: bool = True
    """The same question within sixty seconds is refused."""
    empty_attachments_fault: bool = False
    """ListarAnexo of a record without attachments answers 5113 and not an empty list."""
    closing_call: str = ""
    """Service and name of a call that closes purchase orders, where an account has one; ConsultarPedidoCompra then exists
    too (decision 62)."""
    html_entities: bool = False
    """Texts come with HTML entities."""
    omit_empty: bool = False
    """Empty fields of answers are left out."""
    accented_number: bool = False
    """Purchase-order events spell `cNumero` as `cNúmero`."""
    zipped_links: bool = False
    """A download link yields the zip and not the file."""


@dataclass
class World:
    """One Omie account."""

    store: Store
    clock: Clock
    app_key: str
    switches: Switches = field(default_factory=Switches)
    counters: dict[str, int] = field(default_factory=dict)
    base_url: str = ""
    closing_call: str = ""
    """What the switch of that name is set to after a reset."""
    link_is_expired: Callable[[], bool] = lambda: False

    def new(self, table: str, record: Mapping[str, Any], identifier: str) -> Record:
        """Adds a record, whose id goes under that name."""
        key = self.store.next_id()
        return self.store.put(table, key, {identifier: key, **record})

    def count(self, name: str) -> None:
        """Counts something for the statistics."""
        self.counters[name] = self.counters.get(name, 0) + 1

    def duplicate(self, text: str, number: int = 102) -> faults.Fault:
        """Returns the fault for something that exists already, and counts it."""
        self.count("duplicates")
        return faults.client(number, text)

    def number(self, counter: str) -> str:
        """Returns the next display number, padded as write answers have it."""
        return str(self.store.next_id(counter, 1)).zfill(NUMBER_LENGTH)

    def stamp(self, who: str = "WEBSERVICE") -> Record:
        """Returns the `info` of a record that came in by the API."""
        date, time = self.clock.date(), self.clock.time()
        return {"dInc": date, "hInc": time, "uInc": who, "dAlt": date, "hAlt": time, "uAlt": who, "cImpAPI": "S"}

    def emit(self, topic: str, event: Any) -> None:
        """Queues an event for every endpoint that listens to its topic."""
        message = {
            "messageId": str(uuid.uuid4()),
            "topic": topic,
            "event": event,
            "author": {"email": "no-reply@omie.com.br", "name": "Integração", "userId": 89},
            "appKey": self.app_key,
            "appHash": "empresa-simulada",
            "origin": "omie-connect-2.0",
        }
        for endpoint in self.store.rows("endpoints"):
            if not endpoint["topics"] or topic in endpoint["topics"]:
                key = self.store.next_id("deliveries", 1)
                self.store.put("deliveries", key, {"id": key, "endpoint": endpoint["id"], "message": message})


Handle = Callable[[World, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Call:
    """One method of a service."""

    service: str
    name: str
    shape: Shape
    handle: Handle
    writes: bool
    needs: tuple[str | tuple[str, ...], ...]
    """Fields that must be there; of each tuple one will do."""


CALLS: dict[tuple[str, str], Call] = {}


def need(given: Mapping[str, Any], wanted: Iterable[str | tuple[str, ...]]) -> None:
    """Raises Fault 1000 for a field that is absent or empty; of a tuple of fields one will do."""
    for each in wanted:
        tags = (each,) if isinstance(each, str) else each
        if all(given.get(tag) in (None, "", 0, [], {}) for tag in tags):
            raise faults.required(*tags)


def call(
    service: str, name: str, shape: Shape, *needs: str | tuple[str, ...], writes: bool = False
) -> Callable[[Handle], Handle]:
    """Makes a function a method of a service (`geral/anexo`)."""

    def register(handle: Handle) -> Handle:
        CALLS[service, name] = Call(service, name, shape, handle, writes, needs)
        return handle

    return register


def stripped(number: object) -> str:
    """Returns a display number without its leading zeros: the only form in which two of them may be compared."""
    return str(number or "").strip().lstrip("0")


def within(day: Any, lower: Any, upper: Any) -> bool:
    """Tells whether a date lies between two, each of which may be absent; no date lies between any."""
    if not (lower or upper):
        return True
    return bool(day) and (date_of(lower) or "0") <= date_of(day) <= (date_of(upper) or "9")


def date_of(text: Any) -> str:
    """Returns a dd/mm/yyyy date in an order in which dates compare."""
    parts = str(text or "").split("/")
    return "".join(reversed(parts)) if len(parts) == len(("dd", "mm", "yyyy")) else ""
