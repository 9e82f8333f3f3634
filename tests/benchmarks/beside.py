"""Decisions beside a busy observer: answer times with it idle and fed, and how far behind the switch it is.

python -m tests.benchmarks.beside [CALLS_A_SECOND]

The router has one core; load, store, observer and what feeds it share the other. The observer is fed lines
of queue_log, of as many calls a second as the router decides.
"""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import redis

from loadtest.bench import customers, programs
from loadtest.bench.load import LoadTool, Outcome, Target, at_rate, in_flight
from loadtest.bench.processes import Cores, running, wait_until_listening, wait_until_settled
from loadtest.bench.rounds import free_port
from loadtest.bench.servers import SERVERS, filled
from loadtest.bench.store import fill, store
from router.events import CallEnded
from router.store.stream import read
from tests.benchmarks.observer import CALL

SECONDS = 10.0
ROUNDS = 3
TICK = 0.01
(ROUTER,) = (server for server in SERVERS if server.name == "ivr")


class Feed:
    """Writes what became of so many calls a second, and sees when their ends come out of the store."""

    def __init__(self, log: Path, store_port: int, rate: int) -> None:
        self._log = log
        self._client = redis.Redis(port=store_port)
        self._rate = rate
        self._written: dict[str, float] = {}
        self._over = threading.Event()
        self.lags: list[float] = []
        """Seconds from a line's writing to its event in the store."""

    @contextmanager
    def flows(self) -> Iterator[None]:
        """Write and look, until the block ends."""
        threads = [threading.Thread(target=each) for each in (self._write, self._look)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _write(self) -> None:
        number, began = 0, time.monotonic()
        with self._log.open("a") as log:
            while not self._over.wait(TICK):
                for _ in range(int((time.monotonic() - began) * self._rate) - number):
                    number += 1
                    now = time.time()
                    values = {"at": int(now), "id": f"bench-{now:.3f}.{number}", "number": number % 10_000}
                    log.writelines(f"{line.format_map(values)}\n" for line in CALL)
                    self._written[values["id"]] = time.monotonic()
                log.flush()

    def _look(self) -> None:
        place = f"{int(time.time() * 1000)}-0"
        while not self._over.wait(TICK):
            place, events = read(self._client, place)
            now = time.monotonic()
            ended = [event.call_id for event in events if isinstance(event, CallEnded)]
            self.lags += [now - self._written.pop(call_id) for call_id in ended if call_id in self._written]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """A router that runs, and the load for it."""

    tool: LoadTool
    target: Target
    metrics_port: int

    def at(self, rate: int, seconds: float) -> Outcome:
        """So many decisions a second."""
        return self.tool.offer(at_rate(rate), self.target, seconds=seconds, skip=0)


@contextmanager
def deciding(folder: Path, places: Mapping[str, object], cores: Cores) -> Iterator[Deciding]:
    """A new router, which has proved its policies and decided for a second."""
    port, metrics_port, log = free_port(), free_port(), folder / "serve.log"
    places = {**places, "port": port, "metrics_port": metrics_port}
    tool = LoadTool(program=folder / "agi_load", calls=folder / "calls.csv", core=cores.load)
    with running(filled(ROUTER.command, places), core=cores.server, log=log) as pid:
        wait_until_listening(pid, port, log)
        wait_until_settled(metrics_port, ROUTER.settled, log)
        target = Target(server=ROUTER.name, pid=pid, port=port)
        tool.offer(in_flight(4), target, seconds=1, skip=0)
        yield Deciding(tool=tool, target=target, metrics_port=metrics_port)


@contextmanager
def observer(folder: Path, store_port: int, cores: Cores) -> Iterator[Path]:
    """A running one, with its queue_log and without a switch, which yields to load and store."""
    port, queue_log, log = free_port(), folder / "queue_log", folder / "watch.log"
    queue_log.touch()
    os.environ["IVR_AMI_SECRET"] = "nobody's"
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        command = [
            *("nice", "-n", "10", ROUTER.command[0], "watch", "--queue-log", str(queue_log)),
            *("--ami", f"127.0.0.1:{nobody.getsockname()[1]}", "--metrics", f"127.0.0.1:{port}"),
            *("--state", str(folder / "watch"), "--key-file", str(folder / "key")),
            *("--store", f"redis://127.0.0.1:{store_port}/0"),
        ]
        with running(command, core=cores.load, log=log) as pid:
            wait_until_listening(pid, port, log)
            yield queue_log


@contextmanager
def prepared(cores: Cores) -> Iterator[tuple[Path, dict[str, object]]]:
    """A folder with the load tool and a store with customers; what commands of the router are filled with."""
    store_port = free_port()
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as name:
        folder = Path(name)
        places = {"folder": folder, "store_port": store_port, "python": sys.executable}
        programs.build(folder)
        base = customers.customers(10_000)
        customers.write_customers(folder / "customers.csv", base)
        customers.write_calls(folder / "calls.csv", base)
        with store(folder, port=store_port, core=cores.load):
            fill(store_port, base)
            for command in ROUTER.prepare:
                subprocess.run(filled(command, places), check=True, capture_output=True)
            yield folder, places


def main(rate: int) -> None:
    """Rounds of idle and fed, interleaved; medians."""
    cores = Cores.available()
    os.sched_setaffinity(0, {cores.load})
    idle, fed, lags = list[Outcome](), list[Outcome](), list[float]()
    with prepared(cores) as (folder, places), ExitStack() as stack:
        store_port = int(str(places["store_port"]))
        queue_log = stack.enter_context(observer(folder, store_port, cores))
        for _ in range(ROUNDS):
            with deciding(folder, places, cores) as router:
                idle.append(router.at(rate, SECONDS))
            feed = Feed(queue_log, store_port, rate)
            with deciding(folder, places, cores) as router, feed.flows():
                fed.append(router.at(rate, SECONDS))
            lags += feed.lags
    for state, outcomes in (("idle", idle), ("fed", fed)):
        p50, p99 = (
            median(getattr(outcome, figure) for outcome in outcomes)
            for figure in ("answer_p50", "answer_p99")
        )
        lost = sum(outcome.wrong + outcome.lost for outcome in outcomes)
        print(
            f"observer {state}: {rate} decisions/s, p50 {p50:.0f} µs, p99 {p99:.0f} µs, {lost} wrong or lost"
        )
    lags.sort()
    print(
        f"line to event in the store: {len(lags)} calls, p50 {1000 * median(lags):.0f} ms, "
        f"p99 {1000 * lags[int(len(lags) * 0.99)]:.0f} ms, max {1000 * lags[-1]:.0f} ms"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 600)
