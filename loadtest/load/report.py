"""The report of a run as a value and as JSON (docs/load.md has its form). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from pydantic import TypeAdapter, ValidationError

from loadtest.errors import LoadtestError
from loadtest.load import figures
from loadtest.load.figures import Group, Process, Second, Totals
from loadtest.load.judge import Check, judged
from loadtest.load.plan import Plan
from loadtest.load.seen import Seen

FORMAT: Literal["ivr-load/1"] = "ivr-load/1"
"""Changes when a field is renamed, or means something else; new fields do not change it."""
_FAILURES = 200
"""Lines of failures that a report keeps."""


class NoReport(LoadtestError):
    """A file that is no report of a load test, or one of another version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run was, what was measured, and whether it was as expected."""

    format: Literal["ivr-load/1"]
    name: str
    began: datetime
    """When the first second of the plan began."""
    customers: int
    seed: int
    plan: Mapping[str, Any]
    """The run as the plan has it."""
    versions: Mapping[str, str]
    machine: Mapping[str, str]
    passed: bool
    checks: tuple[Check, ...]
    totals: Totals
    segments: tuple[Group, ...]
    queues: tuple[Group, ...]
    processes: tuple[Process, ...]
    series: tuple[Second, ...]
    failures: tuple[str, ...]
    """What went wrong, each in a line; 200 at most."""


_READER: TypeAdapter[Report] = TypeAdapter(Report)


def reported(
    name: str, plan: Plan, seen: Seen, versions: Mapping[str, str], machine: Mapping[str, str]
) -> Report:
    """The report of a run of the plan."""
    run = plan.run(name)
    totals = figures.totals(seen)
    checks = judged(run.expected, totals)
    if seen.troubles:
        lines = f"{len(seen.troubles)}: {seen.troubles[0]}"
        checks.append(Check(name="other troubles", wanted="none", measured=lines[:120], passed=False))
    seconds = figures.series(run, seen)
    return Report(
        format=FORMAT,
        name=name,
        began=datetime.fromtimestamp(seen.began, UTC),
        customers=plan.customers,
        seed=plan.seed,
        plan=run.model_dump(mode="json", by_alias=True),
        versions=versions,
        machine=machine,
        passed=all(check.passed for check in checks),
        checks=tuple(checks),
        totals=totals,
        segments=tuple(figures.by_segment(seen.requests)),
        queues=tuple(figures.by_queue(seen.requests)),
        processes=tuple(figures.processes(seconds, run.seconds)),
        series=tuple(seconds),
        failures=(*seen.troubles, *seen.complaints, *seen.wrong)[:_FAILURES],
    )


def to_json(report: Report) -> bytes:
    """One JSON object, indented."""
    return orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def from_json(text: bytes, file: str) -> Report:
    """The report that `to_json` wrote; ``file`` is its name in messages.

    Raises:
        NoReport: it is none.
    """
    try:
        return _READER.validate_json(text)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise NoReport(f"{file} is no report of {FORMAT}: {place}: {first['msg'].lower()}") from None
