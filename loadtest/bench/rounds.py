"""Interleaved rounds: every server alone, one after the other, again and again."""

import os
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.bench.load import Load, LoadTool, Outcome, Target, in_flight
from loadtest.bench.processes import Cores, running, wait_until_listening
from loadtest.bench.servers import Server, filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure, and where."""

    servers: Sequence[Server]
    loads: Sequence[Load]
    rounds: int
    seconds: float
    """Of each load."""
    warm_up: float
    """Seconds of load before the first one that counts."""
    folder: Path
    """With the C programs, calls.csv and customers.csv."""
    store_port: int
    cores: Cores
    python: str


def free_port() -> int:
    """Find a TCP port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare(plan: Plan) -> None:
    """Let every server that has a copy of its own of the customers make it.

    Raises:
        subprocess.CalledProcessError: it could not.
    """
    for server in plan.servers:
        places = _places(plan, port=0)
        for command in server.prepare:
            subprocess.run(filled(command, places), check=True, env=_environment(server, places))


def measure(plan: Plan, told: Callable[[Outcome], None]) -> list[Outcome]:
    """Run all rounds; ``told`` hears of each outcome as it comes."""
    outcomes: list[Outcome] = []
    for turn in range(plan.rounds):
        for server in plan.servers:
            for outcome in _turn(plan, server, turn):
                outcomes.append(outcome)
                told(outcome)
    return outcomes


def _turn(plan: Plan, server: Server, turn: int) -> list[Outcome]:
    port = free_port()
    places = _places(plan, port)
    log = plan.folder / f"{server.name}.log"
    command = filled(server.command, places)
    with running(command, core=plan.cores.server, log=log, env=_environment(server, places)) as pid:
        wait_until_listening(pid, port, log)

        target = Target(server=server.name, pid=pid, port=port)
        tool = LoadTool(
            program=plan.folder / "agi_load", calls=plan.folder / "calls.csv", core=plan.cores.load
        )
        tool.offer(in_flight(4), target, seconds=plan.warm_up, skip=0)
        # each load starts elsewhere in the list; all servers at the same place in the same turn
        return [
            tool.offer(load, target, seconds=plan.seconds, skip=7919 * (turn + 1) * (place + 1))
            for place, load in enumerate(plan.loads)
        ]


def _places(plan: Plan, port: int) -> dict[str, object]:
    return {
        "folder": plan.folder,
        "port": port,
        "metrics_port": free_port(),
        "store_port": plan.store_port,
        "python": plan.python,
    }


def _environment(server: Server, places: dict[str, object]) -> dict[str, str]:
    return {**os.environ, **{name: value.format_map(places) for name, value in server.env.items()}}
