"""What each fault came to, as a table: printed at the end, and written where IVR_FAULT_REPORT says."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests import document
from tests.faults.calls import Outcome

BEGIN = "<!-- measured by make faults -->"


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
    document.write(path, BEGIN, lines(rows))
