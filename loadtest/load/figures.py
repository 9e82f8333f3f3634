"""From what was seen to figures: percentiles, rates, one row a second. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from loadtest.load.arrivals import curve, wanted
from loadtest.load.plan import Run
from loadtest.load.seen import Outcome, Request, Seen
from loadtest.load.traffic import CONTROL


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Percentiles of so many values, in the unit of its name (``_ms``, ``_s``)."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A run in figures; spreads are None where there was nothing to measure."""

    due: int
    """Calls that the plan comes to."""
    placed: int
    failed: int
    routed: int
    requests: int
    """For a person."""
    answered: int
    """Of them, by a person."""
    abandoned: int
    unanswered: int
    connection_rate: float | None
    by_default: int
    wrong: int
    decision_ms: Spread | None
    routed_ms: Spread | None
    """INVITE to 200 of calls that a router was asked about."""
    control_ms: Spread | None
    """INVITE to 200 of calls that the switch answered by itself."""
    added_ms: Spread | None
    """The difference of the two, percentile by percentile; ``count`` is that of the fewer."""
    late_ms: Spread | None
    """How long after its time a call was placed."""
    wait_s: Spread | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Requests for a person of one segment, or for one queue."""

    name: str
    requests: int
    answered: int
    abandoned: int
    connection_rate: float | None
    wait_s: Spread | None
    """Of those who were answered."""
    waits: tuple[int, ...]
    """How many were answered within 1, 2, 5, 10, 15, 30, 60 seconds (each counted once), and later."""


WAITS = (1, 2, 5, 10, 15, 30, 60)
"""Seconds: up to each of them, and one more class for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What one process used."""

    name: str
    cpu_mean: float
    """Cores, over the seconds of the plan."""
    cpu_most: float
    """Cores, in its busiest second."""
    rss_most: float
    """Megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """One second of a run."""

    second: int
    wanted: float
    """Calls that the shape asks for."""
    due: int
    """Calls that were drawn from it."""
    placed: int
    answered: int
    """By a person."""
    lost: int
    """Requests that ended without one."""
    routed: int
    decision_p50_ms: float | None
    decision_p99_ms: float | None
    in_progress: int
    waiting: int
    cpu: Mapping[str, float]
    """Cores, by process."""
    rss: Mapping[str, float]
    """Megabytes, by process."""


def percentile(ordered: Sequence[float], part: float) -> float:
    """The value that so large a part of the ordered values does not exceed (nearest rank)."""
    return ordered[min(len(ordered) - 1, max(0, -int(-part * len(ordered) // 1) - 1))]


def spread(values: Iterable[float]) -> Spread | None:
    """The percentiles of values; None of none."""
    ordered = sorted(values)
    if not ordered:
        return None
    p50, p95, p99 = (round(percentile(ordered, part), 3) for part in (0.5, 0.95, 0.99))
    return Spread(count=len(ordered), p50=p50, p95=p95, p99=p99, most=round(ordered[-1], 3))


def added(routed: Spread | None, control: Spread | None) -> Spread | None:
    """How much longer the one takes than the other, percentile by percentile."""
    if routed is None or control is None:
        return None
    return Spread(
        count=min(routed.count, control.count),
        p50=round(routed.p50 - control.p50, 3),
        p95=round(routed.p95 - control.p95, 3),
        p99=round(routed.p99 - control.p99, 3),
        most=round(routed.most - control.most, 3),
    )


def rate(part: int, whole: int) -> float | None:
    """A part of a whole; None of nothing."""
    return part / whole if whole else None


def totals(seen: Seen) -> Totals:
    """A run in figures."""
    calls = [phone for phone in seen.phones if phone.kind != CONTROL]
    control = [phone for phone in seen.phones if phone.kind == CONTROL]
    outcomes = Counter(request.outcome for request in seen.requests)
    asked = len(seen.requests) + seen.open_requests
    routed_ms, control_ms = (
        spread(
            (phone.answered - phone.placed) * 1000
            for phone in phones
            if phone.placed is not None and phone.answered is not None
        )
        for phones in (calls, control)
    )
    return Totals(
        due=len(calls),
        placed=sum(phone.placed is not None for phone in calls),
        failed=seen.failed,
        routed=len(seen.routed),
        requests=asked,
        answered=outcomes[Outcome.ANSWERED],
        abandoned=outcomes[Outcome.ABANDONED],
        unanswered=outcomes[Outcome.UNANSWERED] + seen.open_requests,
        connection_rate=rate(outcomes[Outcome.ANSWERED], asked),
        by_default=seen.by_default,
        wrong=len(seen.wrong),
        decision_ms=spread(decision.took * 1000 for decision in seen.routed),
        routed_ms=routed_ms,
        control_ms=control_ms,
        added_ms=added(routed_ms, control_ms),
        late_ms=spread(
            (phone.placed - phone.due) * 1000 for phone in seen.phones if phone.placed is not None
        ),
        wait_s=spread(request.waited for request in seen.requests if request.outcome is Outcome.ANSWERED),
    )


def by_segment(requests: Sequence[Request]) -> list[Group]:
    """Requests of each segment."""
    return _groups((request.segment, request) for request in requests)


def by_queue(requests: Sequence[Request]) -> list[Group]:
    """Requests for each queue."""
    return _groups((request.queue, request) for request in requests)


def _groups(named: Iterable[tuple[str, Request]]) -> list[Group]:
    groups: dict[str, list[Request]] = {}
    for name, request in named:
        groups.setdefault(name, []).append(request)
    return [_group(name, groups[name]) for name in sorted(groups)]


def _group(name: str, requests: Sequence[Request]) -> Group:
    waits = [request.waited for request in requests if request.outcome is Outcome.ANSWERED]
    classes = Counter(bisect_left(WAITS, wait) for wait in waits)
    return Group(
        name=name,
        requests=len(requests),
        answered=len(waits),
        abandoned=sum(request.outcome is Outcome.ABANDONED for request in requests),
        connection_rate=rate(len(waits), len(requests)),
        wait_s=spread(waits),
        waits=tuple(classes[place] for place in range(len(WAITS) + 1)),
    )


def processes(seconds: Sequence[Second], within: float) -> list[Process]:
    """What each process used; the mean is over the seconds of the plan."""
    names = sorted({name for second in seconds for name in second.cpu})
    planned = [second for second in seconds if second.second < within]
    return [
        Process(
            name=name,
            cpu_mean=round(sum(second.cpu.get(name, 0) for second in planned) / max(len(planned), 1), 3),
            cpu_most=max(second.cpu.get(name, 0) for second in seconds),
            rss_most=max(second.rss.get(name, 0) for second in seconds),
        )
        for name in names
    ]


def series(run: Run, seen: Seen) -> list[Second]:
    """One row a second, from the first of the plan to the last in which something happened."""
    calls = [phone for phone in seen.phones if phone.kind != CONTROL]
    last = max(
        (
            run.seconds - 1,
            *(decision.at - seen.began for decision in seen.routed),
            *(request.at - seen.began for request in seen.requests),
            *(phone.ended - seen.began for phone in calls if phone.ended is not None),
        )
    )
    count = int(last) + 1
    shape = wanted(curve(run.arrivals, run.seconds), count)
    due = _per_second(seen.began, (phone.due for phone in calls))
    placed = _per_second(seen.began, (phone.placed for phone in calls))
    routed = _per_second(seen.began, (decision.at for decision in seen.routed))
    answered = _per_second(seen.began, (r.at for r in seen.requests if r.outcome is Outcome.ANSWERED))
    lost = _per_second(seen.began, (r.at for r in seen.requests if r.outcome is not Outcome.ANSWERED))
    took: dict[int, list[float]] = {}
    for decision in seen.routed:
        took.setdefault(int(decision.at - seen.began), []).append(decision.took * 1000)
    talks = [(phone.placed, phone.ended) for phone in calls if phone.placed is not None]
    waits = [(request.at - request.waited, request.at) for request in seen.requests]
    cpu = dict(_used(seen, [sample.cpu for sample in seen.samples]))
    rss = {int(sample.at - seen.began): sample.rss for sample in seen.samples}
    return [
        Second(
            second=second,
            wanted=round(shape[second], 3),
            due=due[second],
            placed=placed[second],
            answered=answered[second],
            lost=lost[second],
            routed=routed[second],
            decision_p50_ms=_of(took.get(second), 0.5),
            decision_p99_ms=_of(took.get(second), 0.99),
            in_progress=_at(talks, seen.began + second + 1),
            waiting=_at(waits, seen.began + second + 1),
            cpu=cpu.get(second, {}),
            rss={name: round(value, 1) for name, value in rss.get(second, {}).items()},
        )
        for second in range(count)
    ]


def _per_second(began: float, moments: Iterable[float | None]) -> Counter[int]:
    return Counter(int(moment - began) for moment in moments if moment is not None)


def _of(values: list[float] | None, part: float) -> float | None:
    return round(percentile(sorted(values), part), 3) if values else None


def _at(stretches: Iterable[tuple[float, float | None]], moment: float) -> int:
    """How many of the stretches a moment is in; one without an end has not ended."""
    return sum(first < moment and (last is None or last >= moment) for first, last in stretches)


def _used(seen: Seen, cpu: Sequence[Mapping[str, float]]) -> Iterator[tuple[int, dict[str, float]]]:
    """Cores that each process used up to a sample, by the second of the sample before it."""
    for (before, after), (a, b) in zip(pairwise(seen.samples), pairwise(cpu), strict=True):
        took = after.at - before.at
        if took > 0:
            yield (
                round(before.at - seen.began),
                {name: round(max(0.0, b[name] - a[name]) / took, 3) for name in b if name in a},
            )
