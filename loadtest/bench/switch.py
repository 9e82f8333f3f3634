"""``python -m loadtest.bench.switch``: calls a second that Asterisk sustains, asking nobody, us and a peer.

Each round every way, one after the other: a fresh switch with the shipped dialplan, callers who go straight
to an agent, more of them with every second until they are not answered in time. "Nobody" is the same dialplan
with the variables set by itself. No observer, no menu; prompts are silent, agents take any number of calls.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from loadtest.agents import Crew
from loadtest.asterisk import Asterisk, site_on
from loadtest.bench.customers import customers, write_customers
from loadtest.bench.processes import Cores, running, wait_until_listening, wait_until_settled
from loadtest.bench.report import machine
from loadtest.bench.rounds import free_port
from loadtest.bench.servers import SERVERS, Server, filled
from loadtest.bench.store import fill, store
from loadtest.errors import LoadtestError
from loadtest.load.arrivals import curve
from loadtest.load.figures import percentile
from loadtest.load.placing import Placing
from loadtest.load.plan import Kind, Ramp, Run
from loadtest.load.seen import Phone, Sample
from loadtest.load.traffic import traffic
from loadtest.load.usage import used
from loadtest.mix import destination
from loadtest.ports import BLOCK, Ports
from loadtest.prompts import silence
from loadtest.run_folder import CONFIGURATION
from loadtest.sipp import Agents

NOBODY = "nobody"
IN_TIME = 0.5
"""Seconds from INVITE to the answer within which 95 % of a second's calls must be answered."""
BEYOND = 3
"""Seconds in a row in which they are not: then the switch is beyond what it sustains."""
TALK = 0.2
_STATIC = """\
; In place of the shipped file: what a router would say of a senior, and no router.
[ivr-route]
exten => s,1,MSet(IVR_ACTION=queue,IVR_QUEUE=elder-care,IVR_PRIORITY=20,QUEUE_PRIO=20)
 same => n,MSet(IVR_OVERFLOW=30:general:30)
 same => n,MSet(IVR_HOTLINE=10010,IVR_RULE=static,IVR_SEGMENT=senior,IVR_POLICY=none,IVR_OK=1)
 same => n,Return()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sustained:
    """What one way came to in one round."""

    way: str
    rate: float
    """Calls a second, the most that were answered in time."""
    is_bound: bool
    """The ramp went on until they were not; else it sustains at least so much."""
    unanswered: int
    """Calls placed up to then that were never answered."""
    cores: dict[str, float]
    """What each process used at that rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all rounds have in common."""

    folder: Path
    store_port: int
    numbers: Sequence[str]
    recordings: Path
    static: Path
    run: Run


def sustained(way: str, phones: Sequence[Phone], began: float, samples: Sequence[Sample]) -> Sustained:
    """The most calls a second that were answered in time, before `BEYOND` seconds with others. Pure."""
    by_second: dict[int, list[Phone]] = {}
    for phone in phones:
        if phone.placed is not None:
            by_second.setdefault(int(phone.due - began), []).append(phone)
    best, bad, last = 0, 0, -1
    for second in sorted(by_second):
        made = by_second[second]
        if _is_in_time(made):
            bad = 0
            if len(made) > best:
                best, last = len(made), second
        else:
            bad += 1
        if bad == BEYOND:
            break
    lost = [phone for second in range(last + 1) for phone in by_second.get(second, ())]
    return Sustained(
        way=way,
        rate=float(best),
        is_bound=bad == BEYOND,
        unanswered=sum(phone.answered is None for phone in lost),
        cores=_cores(samples, began + last),
    )


def _is_in_time(phones: Sequence[Phone]) -> bool:
    took = sorted(
        phone.answered - phone.due if phone.answered is not None else float("inf") for phone in phones
    )
    return percentile(took, 0.95) <= IN_TIME


def _cores(samples: Sequence[Sample], at: float) -> dict[str, float]:
    for before, after in pairwise(samples):
        if before.at <= at + 0.5 < after.at:
            took = after.at - before.at
            return {
                name: round((after.cpu[name] - before.cpu[name]) / took, 2)
                for name in after.cpu
                if name in before.cpu
            }
    return {}


def measured(way: str, bench: Bench) -> Sustained:
    """One round of one way, on a switch of its own."""
    with (
        tempfile.TemporaryDirectory(dir=bench.folder) as name,
        Ports(1 + -(-4 * _most(bench) // BLOCK)) as ports,
    ):
        folder = Path(name)
        crowd = Crew(
            name="crowd",
            agents=1,
            queues=dict.fromkeys(("elder-care", "vip", "truck", "default"), 0),
            many_calls=True,
        )
        agents = crowd.at(ports.take())
        server = next((server for server in SERVERS if server.name == way), None)
        with (
            _asked(server, bench, folder) as (address, router),
            Asterisk(
                site_on(ports, [address], agents=agents, rtp_ports=4 * _most(bench)),
                folder=folder / "asterisk",
                recordings=bench.recordings,
                configuration=CONFIGURATION if server else bench.static,
            ) as asterisk,
            Agents(agents, folder, ports, talk=TALK) as seated,
        ):
            calls = traffic(bench.run, {"direct": bench.numbers}, seed=10010)
            with Placing(
                bench.run, calls, switch=asterisk.address, folder=folder / "callers", ports=ports
            ) as placing:
                pids = {**router, "Asterisk": asterisk.pid, "agents": seated.pid, **placing.pids}
                return _watched(way, placing, pids, bench.run.seconds)


def _most(bench: Bench) -> int:
    """Calls at a time that media ports are kept for: those of four seconds, where one lasts half a second."""
    return round(4 * max(rate for _, rate in curve(bench.run.arrivals, bench.run.seconds)))


def _watched(way: str, placing: Placing, pids: dict[str, int], seconds: float) -> Sustained:
    samples: list[Sample] = []
    while True:
        samples.append(used(pids, time.time()))
        placing.read()
        now = time.time() - placing.began
        # a second's calls are judged when they have had their time
        judged = [phone for phone in placing.phones if phone.due - placing.began < int(now - IN_TIME)]
        found = sustained(way, judged, placing.began, samples)
        if found.is_bound or now > seconds + 2:
            return found
        time.sleep(max(0.0, placing.began + int(now) + 1 - time.time()))


@contextmanager
def _asked(server: Server | None, bench: Bench, folder: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """Whom the dialplan asks: an address and a process; of nobody a port on which nobody is."""
    port = free_port()
    if server is None:
        yield f"127.0.0.1:{port}", {}
        return
    metrics = free_port()
    places = {
        "folder": bench.folder,
        "port": port,
        "metrics_port": metrics,
        "store_port": bench.store_port,
        "python": sys.executable,
    }
    log = folder / "server.log"
    # on no core of its own: it shares the machine with the switch, as everywhere
    with running(filled(server.command, places), core=None, log=log) as pid:
        wait_until_listening(pid, port, log)
        if server.settled:
            wait_until_settled(metrics, server.settled, log)
        yield f"127.0.0.1:{port}", {server.name: pid}


def _static(folder: Path) -> Path:
    """The shipped configuration, whose dialplan asks nobody."""
    shutil.copytree(CONFIGURATION, folder / "static")
    (folder / "static/extensions/ivr-route.conf").write_text(_STATIC)
    return folder / "static"


def run(options: argparse.Namespace, console: Console) -> list[Sustained]:
    """All rounds."""
    outcomes = []
    ramp = Run(
        description="",
        seconds=options.seconds,
        arrivals=Ramp(shape="ramp", start=options.start, to=options.to),
        callers={"direct": Kind(weight=1, plays="a_caller_waits_for_a_person")},
        controls=0,
    )
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as name:
        folder = Path(name)
        count = round((options.start + options.to) / 2 * options.seconds)
        base = customers(6 * count)
        write_customers(folder / "customers.csv", base)
        direct = [one.number for one in base if destination(one.columns()).startswith("queue:")]
        bench = Bench(
            folder=folder,
            store_port=free_port(),
            numbers=direct,
            recordings=silence(folder / "silence", 0.1),
            static=_static(folder),
            run=ramp,
        )
        with store(folder, port=bench.store_port, core=Cores.available().load):
            fill(bench.store_port, base)
            for server in SERVERS:
                if server.name in options.ways:
                    for command in server.prepare:
                        places = {"folder": folder, "store_port": bench.store_port}
                        subprocess.run(filled(command, places), check=True, capture_output=True)
            for _ in range(options.rounds):
                for way in options.ways:
                    outcomes.append(measured(way, bench))
                    console.print(_line(outcomes[-1]), style="dim", highlight=False)
    return outcomes


def _line(one: Sustained) -> str:
    cores = ", ".join(f"{name} {value:.2f}" for name, value in one.cores.items())
    rate = f"{'' if one.is_bound else '≥ '}{one.rate:.0f}/s"
    return f"{one.way:12} {rate}, unanswered {one.unanswered}; cores: {cores}"


def print_table(console: Console, outcomes: Sequence[Sustained]) -> None:
    """Medians of the rounds, and ratios to asking nobody."""
    ways = dict.fromkeys(one.way for one in outcomes)
    medians = {way: statistics.median(one.rate for one in outcomes if one.way == way) for way in ways}
    table = Table("the dialplan asks", "calls/s sustained", "of that with nobody", "rounds")
    for way, median in medians.items():
        floor = medians.get(NOBODY)
        rounds = ", ".join(f"{one.rate:.0f}" for one in outcomes if one.way == way)
        table.add_row(way, f"{median:.0f}", f"{median / floor:.2f}" if floor else "", rounds)
    console.print(table)


def main(arguments: Sequence[str]) -> int:
    """Run; 1 where a call that came in time was never answered, 2 where it could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench.switch", description=__doc__)
    parser.add_argument("--ways", default=f"{NOBODY},ivr,panoramisk", type=lambda text: text.split(","))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--start", type=float, default=50, help="calls/s at the beginning of a ramp")
    parser.add_argument("--to", type=float, default=600, help="calls/s at its end")
    parser.add_argument("--seconds", type=float, default=40, help="of a ramp")
    parser.add_argument("--json", type=Path, default=Path("build/switch.json"))
    options = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 140)
    try:
        outcomes = run(options, console)
    except (LoadtestError, subprocess.CalledProcessError) as error:
        console.print(f"bench: {error}", style="red", markup=False)
        return 2
    here = machine()
    console.print(", ".join(f"{name} {value}" for name, value in here.items()), highlight=False)
    print_table(console, outcomes)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    found = {"machine": here, "rounds": [asdict(one) for one in outcomes]}
    options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 1 if any(one.unanswered for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
