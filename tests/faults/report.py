"""What each fault came to, as a table: printed at the end, and written where IVR_FAULT_REPORT says."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.calls import Outcome

BEGIN, END = "<!-- measured by make faults -->", "<!-- end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault under one load."""

    fault: str
    load: str
    calls: int
    unrouted: int
    """Calls that the dialplan's default route took."""
    unknown: int
    """Calls that were decided without knowing the caller."""
    worst: float
    """Seconds that the slowest decision took."""
    recovered: float | None
    """Seconds from the end of the fault to the last call that it touched; None: it touched none."""


def row(fault: str, outcomes: Sequence[Outcome], *, rate: float, over_at: float | None = None) -> Row:
    """The row of a fault that was over at a time of the monotonic clock."""
    odd = [outcome for outcome in outcomes if not outcome.is_known]
    late = [outcome.at - over_at for outcome in odd if over_at is not None and outcome.at > over_at]
    return Row(
        fault=fault,
        load=f"{rate:g}/s",
        calls=len(outcomes),
        unrouted=sum(not outcome.is_routed for outcome in outcomes),
        unknown=sum(outcome.is_unknown for outcome in outcomes),
        worst=max(outcome.seconds for outcome in outcomes),
        recovered=max(late, default=0.0) if odd and over_at is not None else None,
    )


HEAD = (
    "| fault | load | calls | by default route | as unknown | worst decision | recovered in |",
    "|---|---|--:|--:|--:|--:|--:|",
)


def lines(rows: Sequence[Row]) -> list[str]:
    """The table in Markdown."""
    return [
        *HEAD,
        *(
            f"| {each.fault} | {each.load} | {each.calls} | {each.unrouted} | {each.unknown} | "
            f"{each.worst * 1000:.0f} ms | {'' if each.recovered is None else f'{each.recovered:.1f} s'} |"
            for each in rows
        ),
    ]


def write(path: Path, rows: Sequence[Row]) -> None:
    """Put the table into a document, between its marks.

    Raises:
        ValueError: the document has no marks.
    """
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{path} has no {BEGIN} and {END}")
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    machine = f"{cpu}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"
    text = "\n".join([BEGIN, "", f"Machine: {machine}.", "", *lines(rows), "", END])
    path.write_text(before + text + after, encoding="utf-8")
