"""``python -m loadtest.bench``: the router beside its floor and its peers, every answer checked."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from loadtest.bench import customers, programs, report
from loadtest.bench.load import Load, LoadError, Outcome, at_rate, in_flight
from loadtest.bench.processes import Cores, StartError
from loadtest.bench.rounds import Plan, free_port, measure, prepare
from loadtest.bench.servers import SERVERS, Server
from loadtest.bench.store import fill, store

QUICK = {"rounds": 1, "rates": [500], "joined_rates": [1000], "seconds": 0.3, "customers": 2000}
"""What --quick sets: a smoke run."""


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench", description=__doc__)
    known = ",".join(server.name for server in SERVERS)
    parser.add_argument("--servers", default=known, help=f"which, by name (default: {known})")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rates", type=_numbers, default=[1000, 4000, 8000], metavar="R,R", help="calls/s")
    parser.add_argument(
        "--joined-rates",
        type=_numbers,
        default=[4000, 8000],
        metavar="R,R",
        help="calls/s with each environment in one write, where 25 writes a call are too many",
    )
    parser.add_argument("--in-flight", type=int, default=64, help="calls open at a time in the closed loop")
    parser.add_argument("--seconds", type=float, default=3, help="of each load")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument(
        "--json", type=Path, default=Path("build/bench.json"), help="where to write all figures"
    )
    parser.add_argument(
        "--quick", action="store_true", help="a smoke run of a few seconds; its figures mean nothing"
    )
    options = parser.parse_args(arguments)
    if options.quick:
        vars(options).update(QUICK)
    return options


def _servers(console: Console, names: str) -> list[Server]:
    chosen = []
    for name in names.split(","):
        server = next((server for server in SERVERS if server.name == name), None)
        if server is None:
            sys.exit(f"bench: there is no server {name!r}")
        if server.missing:
            console.print(f"{name} is left out: it needs {', '.join(server.missing)}", style="yellow")
        else:
            chosen.append(server)
    return chosen


def _loads(options: argparse.Namespace) -> list[Load]:
    return [
        *(at_rate(rate) for rate in options.rates),
        *(at_rate(rate, joined=True) for rate in options.joined_rates),
        in_flight(options.in_flight),
    ]


def run(options: argparse.Namespace, console: Console) -> list[Outcome]:
    """Build, fill a store, measure; everything is in a folder that is gone afterwards."""
    cores = Cores.available()
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as name:
        folder = Path(name)
        programs.build(folder)
        base = customers.customers(options.customers)
        customers.write_customers(folder / "customers.csv", base)
        customers.write_calls(folder / "calls.csv", base)
        plan = Plan(
            servers=_servers(console, options.servers),
            loads=_loads(options),
            rounds=options.rounds,
            seconds=options.seconds,
            warm_up=min(1, options.seconds),
            folder=folder,
            store_port=free_port(),
            cores=cores,
            python=sys.executable,
        )
        with store(folder, port=plan.store_port, core=cores.load):
            fill(plan.store_port, base)
            prepare(plan)
            return measure(plan, lambda outcome: _tell(console, outcome))


def _tell(console: Console, outcome: Outcome) -> None:
    console.print(
        f"{outcome.server:12} {outcome.load:14} {outcome.calls:7} calls, p50 {outcome.answer_p50:6} µs, "
        f"p99 {outcome.answer_p99:6} µs, CPU {outcome.cpu_us_per_call:5.0f} µs/call, "
        f"wrong {outcome.wrong}, lost {outcome.lost} {outcome.first_wrong.strip()}",
        style="dim",
        markup=False,
        highlight=False,
    )


def _verdict(outcomes: Sequence[Outcome]) -> int:
    must = {server.name for server in SERVERS if server.must_answer}
    bad = [each for each in outcomes if each.wrong or (each.server in must and each.right < each.calls)]
    return 1 if bad else 0


def main(arguments: Sequence[str]) -> int:
    """Run; 0 only if every answer was right, and none lost by the floor or the router."""
    options = _options(arguments)
    console = Console(width=None if sys.stdout.isatty() else 140)
    try:
        outcomes = run(options, console)
    except (programs.BuildError, StartError, LoadError, subprocess.CalledProcessError) as error:
        console.print(f"bench: {error}", style="red", markup=False)
        return 2
    here = report.machine()
    console.print(", ".join(f"{name} {value}" for name, value in here.items()), highlight=False)
    report.print_table(console, report.rows(outcomes))
    shown = {name: value for name, value in vars(options).items() if name != "json"}
    report.write_json(options.json, outcomes, shown)
    console.print(f"all figures: {options.json}")
    return _verdict(outcomes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
