"""Answers calls in the order in which Omie checks them (omie-api.md 8): gate, tags, what is required, business."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import orjson

from omie_simulator import calls, faults, tags
from omie_simulator.calls import seed_dialect
from omie_simulator.guard import PARALLEL, Guard, Place
from omie_simulator.knobs import Knobs
from omie_simulator.world import CALLS, Call, World, need

assert calls.__all__, "importing the modules makes their methods known"
BAD_GATEWAY = (
    b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
)
BROKEN = b"SOAP-ERROR: Broken response from Application Server"
EMPTY: tuple[Any, ...] = ("", 0, None, {})
SECOND_C_MISSING = ("geral/anexo", "estoque/local")
CAMEL = ("produtos/pedidocompra", "produtos/recebimentonfe", "produtos/pedidovendafat")


@dataclass
class Reply:
    """What goes back; with `dropped` the connection ends in the middle of it."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    dropped: bool = False


@dataclass(frozen=True)
class Envelope:
    """A request's body."""

    call: str
    app_key: str
    app_secret: str
    param: Any

    @classmethod
    def read(cls, raw: bytes) -> "Envelope":
        """Reads a body; raises Fault when it is not an object with the four members."""
        try:
            body = orjson.loads(raw)
            param = body["param"]
            if not isinstance(param, list) or len(param) != 1 or not isinstance(param[0], dict):
                raise faults.malformed()
            return cls(str(body["call"]), str(body["app_key"]), str(body["app_secret"]), param[0])
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise faults.malformed() from error


class Desk:
    """Answers one call after the other, each at one stroke: nothing waits between reading and writing a record."""

    def __init__(self, world: World, guard: Guard, knobs: Knobs) -> None:
        self.world, self.guard, self.knobs = world, guard, knobs
        self.calls: dict[str, int] = {}
        self.errors: dict[str, int] = {}
        self.most_parallel: dict[str, int] = {}

    async def answer(self, address: str, service: str, raw: bytes) -> Reply:
        """Answers a request to a service (`geral/anexo`) from an address."""
        try:
            envelope = Envelope.read(raw)
        except faults.Fault as fault:
            return _refused(fault)
        name = envelope.call
        self.calls[name] = self.calls.get(name, 0) + 1
        standing = self.guard.of((address, envelope.app_key, name))
        standing.in_flight += 1
        self.most_parallel[name] = max(standing.in_flight, self.most_parallel.get(name, 0))
        try:
            reply = await self._within((address, envelope.app_key, name), service, envelope)
            reply.headers["X-Omie-ParallelRateLimit"] = f"{standing.in_flight}/{PARALLEL}"
            return reply
        finally:
            standing.in_flight -= 1

    async def _within(self, place: Place, service: str, envelope: Envelope) -> Reply:
        name = envelope.call
        if slow := self.knobs.strike(name, "slow"):
            await asyncio.sleep(slow.seconds)
        if self.knobs.strike(name, "html_502"):
            return Reply(502, BAD_GATEWAY, content_type="text/html")
        if self.knobs.strike(name, "soap_broken"):
            return Reply(500, BROKEN, content_type="text/plain")
        try:
            body = self._act(place, service, envelope)
        except faults.Fault as fault:
            self.errors[name] = self.errors.get(name, 0) + 1
            self.guard.note_error(place)
            return _refused(fault)
        finally:
            self.world.store.commit()
        if late := self.knobs.strike(name, "timeout_after_commit"):
            await asyncio.sleep(late.seconds)
            return Reply(200, b"", dropped=True)
        return Reply(200, _json(_with_entities(body) if self.world.switches.html_entities else body))

    def _act(self, place: Place, service: str, envelope: Envelope) -> Any:
        self.guard.admit(place, envelope.app_key, envelope.app_secret)
        method = CALLS.get((service, envelope.call)) or seed_dialect.find(self.world, service, envelope.call)
        if method is None:
            raise faults.NoMethod(envelope.call)
        if self.world.switches.redundancy:
            self.guard.ask(place, service, envelope.param)
        self._refuse_on_demand(method)
        if not envelope.param:
            raise faults.no_parameter()
        param = tags.present(envelope.param)
        tags.check(param, method.shape)
        need(param, method.needs)
        if self.knobs.strike(method.name, "status_nonzero"):
            return _failure(service)
        body = method.handle(self.world, param)
        return _without_empty(body) if self.world.switches.omit_empty else body

    def _refuse_on_demand(self, method: Call) -> None:
        clock, name = self.world.clock, method.name
        if self.knobs.strike(name, "rate_limited"):
            raise faults.TooMany
        if self.knobs.strike(name, "busy"):
            raise faults.busy()
        if self.knobs.strike(name, "in_process"):
            raise faults.in_process(clock.time())
        if method.writes and self.knobs.strike(name, "closed_period"):
            raise faults.closed_period(clock.now().strftime("%m de %Y"))
        if not method.writes and self.knobs.strike(name, "not_visible"):
            raise faults.client(5113, "Registro não encontrado!")


def _refused(fault: faults.Fault) -> Reply:
    return Reply(fault.status, _json(fault.body()), fault.headers())


def _failure(service: str) -> dict[str, str]:
    """Returns a failure inside a 200, spelled as the service spells it."""
    text = "Não foi possível executar a operação."
    if service in SECOND_C_MISSING:
        return {"cCodStatus": "103", "cDesStatus": text}
    if service in CAMEL:
        return {"cCodStatus": "103", "cDescStatus": text}
    return {"codigo_status": "103", "descricao_status": text}


def _without_empty(value: Any) -> Any:
    """Leaves out fields that say nothing; a list of records stays, also an empty one."""
    if isinstance(value, dict):
        return {name: _without_empty(each) for name, each in value.items() if each not in EMPTY}
    return [_without_empty(each) for each in value] if isinstance(value, list) else value


def _with_entities(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_entities(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_entities(each) for each in value]
    return value.replace("&", "&amp;").replace('"', "&quot;") if isinstance(value, str) else value


def _json(value: Any) -> bytes:
    # As the real service: everything beyond ASCII as \uXXXX, and short codes as text.
    return json.dumps(value).encode()
