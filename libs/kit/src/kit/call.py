"""What is known of the call that is being served, for whatever runs below it."""

from contextvars import ContextVar
from dataclasses import dataclass

from kit.contract import Method
from kit.identity import Identity


@dataclass(slots=True)
class Call:
    """One call: who makes it, in which language he reads, and how to find it again."""

    method: Method
    identity: Identity
    language: str
    request_id: str
    address: str
    agent: str
    bearer: str = ""
    """The credential, to call another service on the caller's behalf."""
    replayed: bool = False


current: ContextVar[Call] = ContextVar("call")
