"""Two reports side by side, if they are of the same load. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from loadtest.load.figures import Spread
from loadtest.load.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of both."""

    name: str
    before: str
    after: str
    difference: str


def unlike(before: Report, after: Report) -> list[str]:
    """Where the two are not the same load, each in a line: then their figures do not compare."""
    mine, other = _load(before), _load(after)
    keys = [*mine, *(key for key in other if key not in mine)]
    return [
        f"{key}: {mine.get(key, 'not there')} before, {other.get(key, 'not there')} after"
        for key in keys
        if mine.get(key) != other.get(key)
    ]


def elsewhere(before: Report, after: Report) -> list[str]:
    """What else differs, each in a line: versions and machine."""
    pairs = [("version of", before.versions, after.versions), ("machine:", before.machine, after.machine)]
    return [
        f"{what} {key}: {one.get(key, 'not told')} before, {two.get(key, 'not told')} after"
        for what, one, two in pairs
        for key in sorted({*one, *two} - {"load_average"})
        if one.get(key) != two.get(key)
    ]


def rows(before: Report, after: Report) -> Iterator[Row]:
    """The figures, in the order of the page."""
    one, two = before.totals, after.totals
    for name, a, b in (
        ("calls placed", one.placed, two.placed),
        ("failed calls", one.failed, two.failed),
        ("wrong destination or agent", one.wrong, two.wrong),
        ("taken by the default route", one.by_default, two.by_default),
        ("requests for a person", one.requests, two.requests),
        ("answered by a person", one.answered, two.answered),
    ):
        yield Row(name=name, before=f"{a:,}", after=f"{b:,}", difference=f"{b - a:+,}" if b != a else "")
    yield _figure("connection rate, %", _percent(one.connection_rate), _percent(two.connection_rate))
    for name, first, second in (
        ("decision, ms", one.decision_ms, two.decision_ms),
        ("post-dial delay, ms", one.routed_ms, two.routed_ms),
        ("added post-dial delay, ms", one.added_ms, two.added_ms),
        ("wait, s", one.wait_s, two.wait_s),
    ):
        for part in ("p50", "p95", "p99"):
            yield _figure(f"{name}: {part}", _of(first, part), _of(second, part))
    cpu = {process.name: process.cpu_mean for process in before.processes}
    now = {process.name: process.cpu_mean for process in after.processes}
    for name in sorted({*cpu, *now}):
        yield _figure(f"CPU of {name}, cores", cpu.get(name), now.get(name))


def _load(report: Report) -> dict[str, object]:
    flat: dict[str, object] = {"run": report.name, "customers": report.customers, "seed": report.seed}
    _flatten("", report.plan, flat)
    # what is said of a run and what is expected of it make no call
    return {
        key: value for key, value in flat.items() if not key.startswith("expected") and key != "description"
    }


def _flatten(path: str, node: object, into: dict[str, object]) -> None:
    if isinstance(node, Mapping):
        for key, value in node.items():
            _flatten(f"{path}.{key}" if path else str(key), value, into)
    else:
        into[path] = tuple(node) if isinstance(node, list) else node


def _of(spread: Spread | None, part: str) -> float | None:
    return None if spread is None else float(getattr(spread, part))


def _percent(rate: float | None) -> float | None:
    return None if rate is None else rate * 100


def _figure(name: str, before: float | None, after: float | None) -> Row:
    difference = ""
    if before is not None and after is not None and round(after - before, 3):
        difference = f"{after - before:+.3f}"
        if before > 0:
            difference += f" ({(after - before) / before:+.0%})"
    return Row(name=name, before=_number(before), after=_number(after), difference=difference)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.3f}"
