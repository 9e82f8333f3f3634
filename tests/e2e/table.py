"""What faults cost real SIP calls, as a table: printed at the end, written where IVR_FAULT_REPORT says."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.e2e.load import Flow

BEGIN = "<!-- SIP calls, measured by make faults -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault under one load, as SIPp and the switch's queue_log count it."""

    fault: str
    load: str
    calls: int
    failed: int
    """By SIPp: without an answer, or ended in another way than the scenario says."""
    by_default: int
    """Calls that the dialplan's default route took."""
    astray: int
    """Calls that other people answered than those who are there for this caller."""
    usual: float
    """Seconds from INVITE to the answer, of the call in the middle."""
    worst: float
    """The same of the slowest."""


def row(fault: str, calls: Flow, rate: float) -> Row:
    """The row of a fault, when its flow is over."""
    waits = calls.sipp.answer_times
    return Row(
        fault=fault,
        load=f"{rate:g}/s",
        calls=calls.totals.created,
        failed=calls.totals.failed,
        by_default=calls.by_default_route(),
        astray=calls.astray().total(),
        usual=median(waits),
        worst=max(waits),
    )


HEAD = (
    "| fault | load | calls | failed | by default route | other people | answered in | slowest answer |",
    "|---|---|--:|--:|--:|--:|--:|--:|",
)


def lines(rows: Sequence[Row]) -> list[str]:
    """The table in Markdown."""
    return [
        *HEAD,
        *(
            f"| {each.fault} | {each.load} | {each.calls} | {each.failed} | "
            f"{each.by_default} | {each.astray} | {each.usual * 1000:.0f} ms | {each.worst * 1000:.0f} ms |"
            for each in rows
        ),
    ]
