"""Whether a run was as expected: one check for each expectation. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from loadtest.load.figures import Spread, Totals
from loadtest.load.plan import Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One expectation: what was wanted, what was measured."""

    name: str
    wanted: str
    """With its sign and unit, like ``≤ 5 ms``."""
    measured: str
    passed: bool


def judged(expected: Expected, totals: Totals) -> list[Check]:
    """The checks of a run, those of counts first. What could not be measured has not passed."""
    return [*_counts(expected, totals), *_times(expected, totals)]


def _counts(expected: Expected, totals: Totals) -> Iterator[Check]:
    for name, most, found in (
        ("failed calls", expected.failed_at_most, totals.failed),
        ("wrong destination or agent", expected.wrong_at_most, totals.wrong),
        ("taken by the default route", expected.by_default_at_most, totals.by_default),
    ):
        if most is not None:
            yield Check(name=name, wanted=f"≤ {most:,}", measured=f"{found:,}", passed=found <= most)
    lost = totals.due - totals.placed
    yield Check(name="calls not placed", wanted="≤ 0", measured=f"{lost:,}", passed=lost == 0)
    if (least := expected.connection_rate) is not None:
        found_rate = totals.connection_rate
        yield Check(
            name="connection rate",
            wanted=f"≥ {least:.1%}",
            measured="nobody asked for a person" if found_rate is None else f"{found_rate:.2%}",
            passed=found_rate is not None and found_rate >= least,
        )


def _times(expected: Expected, totals: Totals) -> Iterator[Check]:
    for name, most, found in (
        ("decision, p99", expected.decision_p99_ms, totals.decision_ms),
        ("added post-dial delay, p99", expected.added_p99_ms, totals.added_ms),
        ("placed after its time, p99", expected.late_p99_ms, totals.late_ms),
    ):
        if most is not None:
            yield _time(name, most, found)


def _time(name: str, most: float, found: Spread | None) -> Check:
    return Check(
        name=name,
        wanted=f"≤ {most:g} ms",
        measured="not measured" if found is None else f"{found.p99:.2f} ms",
        passed=found is not None and found.p99 <= most,
    )
