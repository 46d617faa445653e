"""What a fleet consists of: programs that are kept running, and steps that run once on the way."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# How long a program may take to end when it is asked to, before it is killed.
PATIENCE_SECONDS = 12.0


@dataclass(frozen=True)
class Program:
    """A program to run as a process of its own; argv is tethered to the supervisor already.

    Programs are ended in the order of their rank, those of one rank together.
    """

    name: str
    argv: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_rank: int = 1
    is_ready: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Step:
    """Programs that run once, at the same time, and must all succeed before the start goes on."""

    doing: str
    programs: list[Program]


@dataclass(frozen=True)
class Plan:
    """The start of a fleet: servers until they are ready, then the steps, then the services, then the opening.

    The opening waits until everything is healthy; greeting is what the user is told then.
    """

    servers: list[Program]
    steps: list[Step]
    services: list[Program]
    opening: Step
    greeting: list[str]
