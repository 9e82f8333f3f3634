"""What a run found: medians, ratios to the floor, the machine it was found on."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from loadtest.bench.load import Outcome
from loadtest.bench.servers import FLOOR

_FIGURES = ("p50 µs", "p99 µs", "session µs", "CPU µs", "1/CPU", "right/s", "p50 ×", "CPU ×", "wrong", "lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One server under one load: medians over the rounds, sums of what went wrong."""

    load: str
    server: str
    answer_p50: float
    answer_p99: float
    session_p50: float
    cpu_us_per_call: float
    right_per_second: float
    calls: int
    wrong: int
    lost: int
    is_load_bound: bool
    p50_ratio: float | None
    """To the floor under the same load; None without a floor, or where the load tool was the limit."""
    cpu_ratio: float | None


def machine() -> dict[str, str]:
    """Name the machine: figures from different ones do not compare."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    return {
        "cpu": cpu,
        "cores": str(len(os.sched_getaffinity(0))),
        "kernel": platform.release(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "load_average": Path("/proc/loadavg").read_text().split()[0],
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """Make one row a load and server, in the order they were measured."""
    groups: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.load, outcome.server), []).append(outcome)
    floors = {load: group for (load, server), group in groups.items() if server == FLOOR}
    loads = dict.fromkeys(outcome.load for outcome in outcomes)
    order = sorted(groups, key=lambda key: list(loads).index(key[0]))
    return [_row(groups[key], floors.get(key[0])) for key in order]


def _median(group: Sequence[Outcome], field: str) -> float:
    values: list[float] = [getattr(outcome, field) for outcome in group]
    return statistics.median(values)


def _row(group: Sequence[Outcome], floor: Sequence[Outcome] | None) -> Row:
    is_load_bound = _mostly_load_bound(group)
    comparable = floor is not None and not is_load_bound and not _mostly_load_bound(floor)

    def ratio(field: str) -> float | None:
        below = _median(floor, field) if floor and comparable else 0
        return _median(group, field) / below if below > 0 and _median(group, field) > 0 else None

    return Row(
        load=group[0].load,
        server=group[0].server,
        answer_p50=_median(group, "answer_p50"),
        answer_p99=_median(group, "answer_p99"),
        session_p50=_median(group, "session_p50"),
        cpu_us_per_call=_median(group, "cpu_us_per_call"),
        right_per_second=_median(group, "right_per_second"),
        calls=sum(outcome.calls for outcome in group),
        wrong=sum(outcome.wrong for outcome in group),
        lost=sum(outcome.lost for outcome in group),
        is_load_bound=is_load_bound,
        p50_ratio=ratio("answer_p50"),
        cpu_ratio=ratio("cpu_us_per_call"),
    )


def _mostly_load_bound(group: Sequence[Outcome]) -> bool:
    return sum(outcome.is_load_bound for outcome in group) * 2 > len(group)


def print_table(console: Console, table_rows: Sequence[Row]) -> None:
    """Print the rows, a section a load."""
    table = Table(title="From connection to command; medians of the rounds; × is to the floor")
    for name in ("load", "server"):
        table.add_column(name, no_wrap=True)
    for name in _FIGURES:
        table.add_column(name, justify="right", no_wrap=True)
    before = None
    for row in table_rows:
        if before not in {None, row.load}:
            table.add_section()
        table.add_row(row.load if row.load != before else "", *_cells(row))
        before = row.load
    console.print(table)
    console.print("joined, in flight: an environment in one write; else a write a line, as Asterisk does")
    console.print("1/CPU: calls a second that a whole core would take at this cost a call")
    if any(row.is_load_bound for row in table_rows):
        console.print("†: the load tool could not offer this rate here, so the latencies are its own")


def _cells(row: Row) -> list[str]:
    late = row.is_load_bound
    return [
        row.server,
        "†" if late else _whole(row.answer_p50),
        "†" if late else _whole(row.answer_p99),
        "†" if late else _whole(row.session_p50),
        _whole(row.cpu_us_per_call),
        _whole(1e6 / row.cpu_us_per_call) if row.cpu_us_per_call else "",
        _whole(row.right_per_second),
        _ratio(row.p50_ratio),
        _ratio(row.cpu_ratio),
        f"[red]{row.wrong}[/red]" if row.wrong else "0",
        f"[red]{row.lost}[/red]" if row.lost else "0",
    ]


def _whole(value: float) -> str:
    return "–" if value < 0 else f"{value:,.0f}"


def _ratio(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if value < 100 else "> 100"


def write_json(path: Path, outcomes: Sequence[Outcome], options: dict[str, object]) -> None:
    """Write the machine, the options, every run and the medians."""
    found = {
        "machine": machine(),
        "options": options,
        "rows": [asdict(row) for row in rows(outcomes)],
        "runs": [outcome.as_json() for outcome in outcomes],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
