"""The KPIs' formulas, on totals: what metrics/rules.yml computes in Prometheus, for a file or a span of time.

Each is a numerator over a denominator; where nothing happened there is no ratio.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

from metrics.kpis import QUEUE, WHERE, CallKpis
from metrics.tally import Count


@dataclass(slots=True, kw_only=True)
class Totals:
    """What was counted of requests for a person; times in seconds."""

    demand: int = 0
    answered: int = 0
    abandoned: int = 0
    timed_out: int = 0
    refused: int = 0
    cut: int = 0
    in_time: int = 0
    """T: answered within the time of the queue asked for."""
    soon: int = 0
    """b: abandoned within the same time."""
    repeated: int = 0
    within_15: int = 0
    within_20: int = 0
    within_30: int = 0
    waited: float = 0
    talks: int = 0
    """Talks that have ended in the queue, whatever queue was asked for; of hotlines and queues only."""
    handled: float = 0
    """Seconds of them, and of writing after them."""
    transferred: int = 0

    @property
    def requests(self) -> int:
        """Requests that have ended."""
        return self.answered + self.abandoned + self.timed_out + self.refused + self.cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One KPI: how it comes about."""

    name: str
    numerator: float
    denominator: float
    why: str
    """Numerator and denominator in words."""
    unit: str = "%"

    @property
    def value(self) -> float | None:
        """In its unit; None where nothing happened."""
        if not self.denominator:
            return None
        return self.numerator / self.denominator * (100 if self.unit == "%" else 1)


def figures(of: Totals) -> Iterator[Figure]:
    """Every KPI of requests for a person."""
    offered = of.answered + of.abandoned
    yield Figure(
        name="connection rate",
        numerator=of.answered,
        denominator=of.requests,
        why="answered by a person / requests that ended: answered, abandoned, timed out, refused, cut",
    )
    for seconds, within in ((15, of.within_15), (20, of.within_20), (30, of.within_30)):
        yield Figure(
            name=f"{seconds} s connection rate",
            numerator=within,
            denominator=of.demand,
            why=f"answered within {seconds} s of all waits / demand: every request, when it is made",
        )
    levels = (
        ("T/A", of.in_time, of.answered, "answered in time / answered: who gave up does not count"),
        ("T/(A+B)", of.in_time, offered, "answered in time / answered and abandoned"),
        ("(T+b)/(A+B)", of.in_time + of.soon, offered, "who gave up in time counts as served"),
        ("T/(A+B-b)", of.in_time, offered - of.soon, "who gave up in time does not count at all"),
    )
    for dialect, numerator, denominator, why in levels:
        yield Figure(name=f"service level {dialect}", numerator=numerator, denominator=denominator, why=why)
    yield Figure(
        name="abandon rate", numerator=of.abandoned, denominator=of.requests, why="abandoned / requests"
    )
    yield Figure(
        name="ASA",
        numerator=of.waited,
        denominator=of.answered,
        why="the waits of answered requests, in all their queues / answered",
        unit="s",
    )
    yield Figure(
        name="repeat rate",
        numerator=of.repeated,
        denominator=of.answered,
        why="answered requests of numbers answered shortly before / answered",
    )
    yield Figure(
        name="first-contact resolution",
        numerator=of.answered - of.repeated,
        denominator=of.answered,
        why="1 - repeat rate: in a steady flow, who did not have to call again",
    )
    yield Figure(
        name="AHT",
        numerator=of.handled,
        denominator=of.talks,
        why="talk and wrap-up / talks that have ended, in the queue that took the call",
        unit="s",
    )
    yield Figure(
        name="transfer rate",
        numerator=of.transferred,
        denominator=of.talks,
        why="handed on by the agent / talks that have ended",
    )


def totals(kpis: CallKpis, by: tuple[str, ...]) -> dict[tuple[str, ...], Totals]:
    """What was counted, summed up by some of the labels of a request, as ``("hotline", "queue")``."""
    places = [WHERE.index(label) for label in by]
    found: dict[tuple[str, ...], Totals] = {}

    def of(labels: tuple[str, ...]) -> Totals:
        return found.setdefault(tuple(labels[place] for place in places), Totals())

    requests = kpis.requests
    for name, tally in (
        ("demand", requests.demand),
        ("in_time", requests.answered_within),
        ("soon", requests.abandoned_within),
        ("repeated", requests.repeat),
    ):
        _add(tally, name, of)
    for labels, count in requests.ended.values.items():
        total = of(labels)
        setattr(total, labels[-1], getattr(total, labels[-1]) + count)
    for labels, spread in requests.wait.values.items():
        total = of(labels)
        total.waited += spread.sum
        for seconds in (15, 20, 30):
            below = sum(
                count
                for bound, count in zip(requests.bounds, spread.counts, strict=False)
                if bound <= seconds
            )
            name = f"within_{seconds}"
            setattr(total, name, getattr(total, name) + below)
    if set(by) <= set(QUEUE):
        _add_talks(kpis, lambda labels: of((*labels, "", "")))
    empty = Totals()
    return {key: total for key, total in found.items() if _values(total) != _values(empty)}


def _add(tally: Count, name: str, of: Callable[[tuple[str, ...]], Totals]) -> None:
    for labels, count in tally.values.items():
        total = of(labels)
        setattr(total, name, getattr(total, name) + count)


def _add_talks(kpis: CallKpis, of: Callable[[tuple[str, ...]], Totals]) -> None:
    """What is counted by the queue that took the call."""
    for labels, spread in kpis.queues.handle.values.items():
        total = of(labels)
        total.talks += sum(spread.counts)
        total.handled += spread.sum
    for labels, count in kpis.queues.transferred.values.items():
        of(labels).transferred += count


def _values(total: Totals) -> list[float]:
    return [getattr(total, each.name) for each in fields(Totals)]
