"""Interleaved rounds: under each load every server, alone, one after the other, again and again."""

import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.bench.load import Load, LoadTool, Outcome, Target, in_flight
from loadtest.bench.processes import Cores, running, wait_until_listening, wait_until_settled
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
    places = _places(plan, port=0)
    for server in plan.servers:
        for command in server.prepare:
            subprocess.run(filled(command, places), check=True)


def measure(plan: Plan, told: Callable[[Outcome], None]) -> list[Outcome]:
    """Run all rounds; ``told`` hears of each outcome as it comes.

    Servers change places under every load, so that what else the machine does meets all of them. Each
    load finds a new process: some do not recover from the load before.
    """
    outcomes: list[Outcome] = []
    for turn in range(plan.rounds):
        for place, load in enumerate(plan.loads):
            # each load starts elsewhere in the list of calls; all servers at the same place
            skip = 7919 * (turn * len(plan.loads) + place)
            for server in plan.servers:
                outcomes.append(_run(plan, server, load, skip))
                told(outcomes[-1])
    return outcomes


def _run(plan: Plan, server: Server, load: Load, skip: int) -> Outcome:
    port = free_port()
    places = _places(plan, port)
    log = plan.folder / f"{server.name}.log"
    command = filled(server.command, places)
    tool = LoadTool(program=plan.folder / "agi_load", calls=plan.folder / "calls.csv", core=plan.cores.load)
    with running(command, core=plan.cores.server, log=log) as pid:
        wait_until_listening(pid, port, log)
        if server.settled:
            wait_until_settled(int(str(places["metrics_port"])), server.settled, log)
        target = Target(server=server.name, pid=pid, port=port)
        tool.offer(in_flight(4), target, seconds=plan.warm_up, skip=0)
        return tool.offer(load, target, seconds=plan.seconds, skip=skip)


def _places(plan: Plan, port: int) -> dict[str, object]:
    return {
        "folder": plan.folder,
        "port": port,
        "metrics_port": free_port(),
        "store_port": plan.store_port,
        "python": plan.python,
    }
