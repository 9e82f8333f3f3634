"""One run of the load tool against one server, and what it found."""

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtest.bench.processes import cpu_us, pinned


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How calls are offered."""

    name: str
    options: tuple[str, ...]
    """Of agi_load."""


def at_rate(rate: int, *, joined: bool = False) -> Load:
    """Offer ``rate`` calls a second whatever the server does; ``joined``: environments in one write each."""
    if joined:
        return Load(name=f"{rate}/s joined", options=("--rate", str(rate), "--joined"))
    return Load(name=f"{rate}/s", options=("--rate", str(rate)))


def in_flight(calls: int) -> Load:
    """Keep ``calls`` open at any time, environments in one write each: what the server can take."""
    return Load(name=f"{calls} in flight", options=("--in-flight", str(calls), "--joined"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run found; latencies in microseconds, -1 where no call got so far."""

    server: str
    load: str
    seconds: float
    planned: int
    calls: int
    right: int
    wrong: int
    lost: int
    """Not answered: refused, declined, no command, or a session without an end."""
    right_per_second: float
    cpu_us_per_call: float
    answer_p50: int
    """From the intended start of a call to the whole command."""
    answer_p90: int
    answer_p99: int
    answer_max: int
    session_p50: int
    """To the end of the session."""
    session_p99: int
    late_p50: int
    """By how much calls started after their intended start: the load tool's own delay."""
    first_wrong: str

    @property
    def is_load_bound(self) -> bool:
        """The load tool could not offer the rate: these latencies are its own, not the server's."""
        return self.calls < self.planned * 0.99 or self.late_p50 > 500

    def as_json(self) -> dict[str, Any]:
        """All fields, and whether the load tool was the limit."""
        return {**asdict(self), "is_load_bound": self.is_load_bound}


class LoadError(Exception):
    """The load tool itself could not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server that listens."""

    server: str
    pid: int
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadTool:
    """The load tool, its list of calls, and the core it runs on."""

    program: Path
    calls: Path
    core: int

    def offer(self, load: Load, target: Target, *, seconds: float, skip: int) -> Outcome:
        """Offer calls for ``seconds``, beginning with the ``skip``-th of the list.

        Raises:
            LoadError: the tool could not start (a wrong or lost call is no error here but an outcome).
        """
        command = [
            *(str(self.program), "--port", str(target.port), "--callers", str(self.calls)),
            *("--seconds", str(seconds), "--skip", str(skip), *load.options),
        ]
        before = cpu_us(target.pid)
        ran = subprocess.run(pinned(self.core, command), capture_output=True, text=True, check=False)
        used = cpu_us(target.pid) - before
        if ran.returncode not in {0, 1}:
            raise LoadError(ran.stderr)
        return _outcome(json.loads(ran.stdout), load, target, used)


def _outcome(found: dict[str, Any], load: Load, target: Target, used: float) -> Outcome:
    answer, session, late = found["answer_us"], found["session_us"], found["late_us"]
    return Outcome(
        server=target.server,
        load=load.name,
        seconds=found["seconds"],
        planned=found["planned"],
        calls=found["calls"],
        right=found["right"],
        wrong=found["wrong"],
        lost=sum(found[why] for why in ("declined", "unanswered", "failed", "unclosed")),
        right_per_second=found["right_per_second"],
        cpu_us_per_call=used / max(1, found["calls"]),
        answer_p50=answer["p50"],
        answer_p90=answer["p90"],
        answer_p99=answer["p99"],
        answer_max=answer["max"],
        session_p50=session["p50"],
        session_p99=session["p99"],
        late_p50=late["p50"],
        first_wrong=found["first_wrong"],
    )
