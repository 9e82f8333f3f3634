"""A store with customers, routers, and calls to them; each test has its own of everything."""

import csv
import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from loadtest.ports import Ports
from loadtest.stack import Ivr
from router.settings import Address
from tests.faults import report
from tests.faults.calls import PATIENCE, Calls, Known, Outcome
from tests.faults.redis_server import RedisServer

PROVINCES = ("anhui", "beijing", "chongqing", "fujian", "gansu", "guangdong", "guangxi", "guizhou", "hainan")
KINDS = (
    ({"age": "70"}, "queue:elder-care"),
    ({"occupation": "truck_driver"}, "queue:truck"),
    ({"star": "5"}, "queue:vip"),
    ({}, "menu:main"),
)
CUSTOMERS = tuple(
    Known(
        number=f"1390001{number:04}",
        customer={**KINDS[number % len(KINDS)][0], "province": PROVINCES[number % len(PROVINCES)]},
        destination=KINDS[number % len(KINDS)][1],
    )
    for number in range(180)
)
RATE = 60.0
ROWS: list[report.Row] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table; IVR_FAULT_REPORT names a file for it."""
    if not ROWS:
        return
    terminalreporter.section("faults")
    for line in report.lines(ROWS):
        terminalreporter.line(line)
    if path := os.environ.get("IVR_FAULT_REPORT"):
        report.write(Path(path), ROWS)


def held_socket(address: str) -> socket.socket:
    """A socket that listens there, with the unit's backlog (deploy/systemd/ivr-router@.socket)."""
    where = Address.parse(address)
    return socket.create_server((where.host, where.port), backlog=512)


def resident(pid: int) -> int:
    """Bytes of memory."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


@dataclass
class Rig:
    """A folder, ports, a key, and what was started; all of it ends with the test."""

    folder: Path
    ports: Ports
    filled: Path
    """With the customers as Redis keeps them, and their key."""
    _stack: ExitStack = field(default_factory=ExitStack)
    _routers: list[Ivr] = field(default_factory=list)

    @property
    def key(self) -> Path:
        """The key that the customers were imported with."""
        return self.filled / "key"

    def redis(self, name: str, *options: str, sentinel: bool = False) -> RedisServer:
        """Start a Redis."""
        server = RedisServer(self.folder / name, self.ports.take(), *options, sentinel=sentinel)
        return self._stack.enter_context(server)

    def store(self, *options: str) -> RedisServer:
        """Start a Redis that has the customers."""
        shutil.copytree(self.filled / "store", self.folder / "store")
        return self.redis("store", *options)

    def router(
        self,
        url: str,
        *options: str,
        prefix: Sequence[str] = (),
        ready: bool = True,
        held: bool = False,
        workers: int = 1,
    ) -> Ivr:
        """Start a router, on ports of its own; ``prefix`` is a command that runs it.

        Without ``ready`` it need not have a store that answers. ``held``: it is handed its listening socket,
        which outlives it, as systemd does. Each of its ``workers`` has a port for metrics.
        """
        agi, metrics = (f"127.0.0.1:{self.ports.take(count)}" for count in (1, workers))
        options = (*options, "--workers", str(workers))
        listening = self._stack.enter_context(held_socket(agi)) if held else None
        given = ("serve", "--agi", agi, "--store", url, "--key-file", str(self.key), *options)
        log = self.folder / f"router-{len(self._routers)}.log"
        page = "readyz" if ready else "healthz"
        router = Ivr(given, metrics=metrics, log=log, prefix=prefix, page=page, held=listening)
        self._stack.callback(router.stop)
        self._routers.append(router)
        return router

    def calls(self, *, rate: float = RATE, patience: float = PATIENCE) -> Calls:
        """Calls to all routers, in their order."""
        routers = [Address.parse(router.agi) for router in self._routers]
        return Calls(routers, CUSTOMERS, rate=rate, patience=patience)

    def close(self) -> None:
        self._stack.close()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the customers, as Redis keeps them, and their key."""
    folder = tmp_path_factory.mktemp("filled")
    file, key = folder / "customers.csv", folder / "key"
    with file.open("w", newline="") as text:
        table = csv.DictWriter(text, ("number", "age", "occupation", "star", "province"))
        table.writeheader()
        for each in CUSTOMERS:
            table.writerow({"number": each.number, **each.customer})
    ivr = (sys.executable, "-m", "router", "customers")
    with Ports(1) as ports, RedisServer(folder / "store", ports.take(), "--appendfsync", "always") as server:
        subprocess.run((*ivr, "key", str(key)), check=True, capture_output=True)
        options = ("--store", server.url, "--key-file", str(key))
        subprocess.run((*ivr, "import", str(file), *options), check=True, capture_output=True)
    return folder


@pytest.fixture
def rig(tmp_path: Path, filled: Path) -> Iterator[Rig]:
    """Everything that a test may start."""
    with Ports(1) as ports:
        made = Rig(tmp_path, ports, filled)
        yield made
        made.close()


def told(
    fault: str, outcomes: list[Outcome], *, over_at: float | None = None, rate: float = RATE
) -> report.Row:
    """Put a fault into the table."""
    ROWS.append(report.row(fault, outcomes, rate=rate, over_at=over_at))
    return ROWS[-1]
