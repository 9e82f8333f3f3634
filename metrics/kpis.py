"""KPIs: what is counted, and the event that moves it.

Labels are bounded: they come from the policies and are created ahead, so that a rate starts at zero and not
at the first call. Never the caller, the call id or the agent. Ratios are Prometheus's (metrics/rules.yml).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, assert_never

from prometheus_client import CollectorRegistry

from metrics.tally import Collected, Count, Spread
from router.decision import Decision
from router.events import (
    UNDECIDED,
    CallAbandoned,
    CallAnswered,
    CallCompleted,
    CallEnded,
    CallEvent,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallRouted,
    CallUnanswered,
    Event,
    PersonRequested,
    Unanswered,
)
from router.facts import Data

SECONDS = (
    *(0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02),
    *(0.03, 0.05, 0.06, 0.1, 0.25, 0.5, 1.0, 2.0),
)
"""Bounds of decision times: from 50 µs; 50 ms is the store's deadline, 60 ms the bound of a decision."""


class RoutingKpis:
    """What decisions move: the router's."""

    def __init__(self, registry: CollectorRegistry, decisions: Iterable[Decision] = ()) -> None:
        """``decisions`` are all that the policies can make: their series are created."""
        self._routed = _count(
            "routed",
            "Calls decided, by the route that took them and by what was known of the caller.",
            ("hotline", "rule", "segment", "destination", "data"),
        )
        self._seconds = _spread(
            "decision", "From the switch's connection to the command written.", (), SECONDS
        )
        self._seconds.expect(())
        registry.register(Collected(lambda: (self._routed, self._seconds)))
        self.expect(decisions)

    def expect(self, decisions: Iterable[Decision]) -> None:
        """Create the series of decisions that can be made from now on; those that exist count on."""
        for made in decisions:
            for data in Data:
                self._routed.expect((made.hotline, made.rule, made.segment, made.destination, data))

    def observe(self, event: Event) -> None:
        """Move what an event moves."""
        match event:
            case CallRouted():
                self._routed.add((event.hotline, event.rule, event.segment, event.destination, event.data))
                self._seconds.add((), event.seconds)
            case _:
                pass  # the observer's


WAITS = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600)
"""Bounds of waits and talks, in seconds; each queue's own threshold comes to them."""
WHERE = ("hotline", "queue", "province", "segment")
"""Labels of a request for a person; the queue is the one that was asked for."""
QUEUE = ("hotline", "queue")
"""Labels of what happens in a queue."""
OUTCOMES = ("answered", "abandoned", *Unanswered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardsticks:
    """What calls are measured by; times in seconds."""

    within: Mapping[str, int]
    """By queue: the time in which a call should be answered."""
    wrap_up: Mapping[str, int]
    """By queue: how long an agent writes after a call."""
    short_abandon: Mapping[str, int]
    """By hotline: who hangs up sooner has abandoned shortly."""
    requests: frozenset[tuple[str, str, str]]
    """Hotline, queue and segment of requests that can come."""
    province: str
    """What counts where a customer's is not known; the series of others come with their first call."""

    @property
    def bounds(self) -> tuple[float, ...]:
        """Of the histograms."""
        return tuple(sorted({*WAITS, *self.within.values()}))


NO_YARDSTICKS = Yardsticks(within={}, wrap_up={}, short_abandon={}, requests=frozenset(), province="none")


@dataclass(slots=True)
class Requests:
    """What becomes of requests for a person."""

    bounds: tuple[float, ...]
    demand: Count = field(init=False)
    ended: Count = field(init=False)
    answered_within: Count = field(init=False)
    abandoned_within: Count = field(init=False)
    repeat: Count = field(init=False)
    wait: Spread = field(init=False)

    def __post_init__(self) -> None:
        self.demand = _count("demand", "Requests for a person, as they are made.", WHERE)
        self.ended = _count("requests", "Requests for a person, as they end.", (*WHERE, "outcome"))
        self.answered_within = _count(
            "answered_within", "Requests answered within the time of the queue asked for.", WHERE
        )
        self.abandoned_within = _count("abandoned_within", "Requests abandoned within the same time.", WHERE)
        self.repeat = _count(
            "repeat_answered",
            "Answered requests of numbers that a person had answered shortly before.",
            WHERE,
        )
        self.wait = _spread(
            "request_wait", "From the first queue's entry to the answer, in all queues.", WHERE, self.bounds
        )

    def known(self, labels: tuple[str, ...]) -> None:
        """Have the series of requests of a kind, if this is the first."""
        if labels not in self.demand.values:
            self.expect(labels)

    def expect(self, labels: tuple[str, ...]) -> None:
        """Have the series of requests of a kind."""
        for tally in (self.demand, self.answered_within, self.abandoned_within, self.repeat, self.wait):
            tally.expect(labels)
        for outcome in OUTCOMES:
            self.ended.expect((*labels, outcome))


@dataclass(slots=True)
class Queues:
    """What happens in queues, each by itself."""

    bounds: tuple[float, ...]
    queued: Count = field(init=False)
    answered: Count = field(init=False)
    abandoned: Count = field(init=False)
    short_abandoned: Count = field(init=False)
    timed_out: Count = field(init=False)
    overflowed: Count = field(init=False)
    refused: Count = field(init=False)
    cut: Count = field(init=False)
    transferred: Count = field(init=False)
    wait: Spread = field(init=False)
    talk: Spread = field(init=False)
    handle: Spread = field(init=False)

    def __post_init__(self) -> None:
        self.queued = _count("queued", "Callers who entered a queue.", QUEUE)
        self.answered = _count("answered", "Calls that a person answered.", QUEUE)
        self.abandoned = _count("abandoned", "Callers who hung up while waiting.", QUEUE)
        self.short_abandoned = _count("short_abandoned", "Those of them who hung up shortly.", QUEUE)
        self.timed_out = _count("timed_out", "Callers whom a queue gave up, with nowhere to go on.", QUEUE)
        self.overflowed = _count("overflowed", "Callers whom a queue gave up, to the next one.", QUEUE)
        self.refused = _count("refused", "Callers whom a queue did not take: nobody on duty, full.", QUEUE)
        self.cut = _count("cut", "Callers who waited when the switch ended.", QUEUE)
        self.transferred = _count("transferred", "Calls that the agent handed on.", QUEUE)
        self.wait = _spread("wait", "From entry into a queue to the answer in it.", QUEUE, self.bounds)
        self.talk = _spread("talk", "From the answer to the end of the talk.", QUEUE, self.bounds)
        self.handle = _spread("handle", "Talk, and the queue's time to write after it.", QUEUE, self.bounds)

    def known(self, labels: tuple[str, ...]) -> None:
        """Have the series of a queue, if this is the first call of it."""
        if labels not in self.queued.values:
            self.expect(labels)

    def expect(self, labels: tuple[str, ...]) -> None:
        """Have the series of a queue."""
        for tally in _tallies(self):
            tally.expect(labels)


class CallKpis:
    """What calls move: the observer's. Totals that can be saved, and gone on from."""

    def __init__(self, yardsticks: Yardsticks = NO_YARDSTICKS) -> None:
        self.offered = _count("offered", "Calls that came in.", ("hotline", "province", "segment"))
        self.undecided = _count(
            "undecided", "Calls that no router decided: the dialplan's default route took them.", ("hotline",)
        )
        self.yardsticks = yardsticks
        self.requests = Requests(yardsticks.bounds)
        self.queues = Queues(yardsticks.bounds)
        self._expect()

    def measure(self, yardsticks: Yardsticks) -> None:
        """Measure by others from now on; all series that can come are there, those that exist count on."""
        totals = self.dump() if yardsticks.bounds != self.yardsticks.bounds else None
        self.yardsticks = yardsticks
        if totals is not None:
            self.requests, self.queues = Requests(yardsticks.bounds), Queues(yardsticks.bounds)
            self.load(totals)
        self._expect()

    def _expect(self) -> None:
        known = self.yardsticks
        hotlines = sorted({hotline for hotline, _, _ in known.requests})
        for hotline, queue, segment in sorted(known.requests):
            self.requests.expect((hotline, queue, known.province, segment))
            self.offered.expect((hotline, known.province, segment))
        for hotline, queue in product(hotlines, known.within):
            self.queues.expect((hotline, queue))
        for hotline in hotlines:
            self.undecided.expect((hotline,))

    def observe(self, event: Event) -> None:
        """Move what an event moves; with a first series of a kind come the others of it, at zero."""
        match event:
            case CallRouted() | CallEnded():
                pass
            case CallAnswered() | CallAbandoned() | CallUnanswered():
                self._request_ended(event)
            case _:
                self._on_its_way(event)

    def _on_its_way(self, event: CallEvent) -> None:
        queues = self.queues
        match event:
            case CallOffered(hotline=hotline, province=province, segment=segment):
                self.offered.add((hotline, province, segment))
                if event.rule == UNDECIDED:
                    self.undecided.add((hotline,))
            case PersonRequested():
                where = (event.hotline, event.queue, event.province, event.segment)
                self.requests.known(where)
                self.requests.demand.add(where)
            case CallQueued(hotline=hotline, queue=queue):
                queues.known((hotline, queue))
                queues.queued.add((hotline, queue))
            case CallOverflowed(hotline=hotline, queue=queue):
                queues.known((hotline, queue))
                (queues.refused if event.refused else queues.overflowed).add((hotline, queue))
            case CallCompleted(hotline=hotline, queue=queue, talk=talk):
                queues.talk.add((hotline, queue), talk)
                queues.handle.add((hotline, queue), talk + self.yardsticks.wrap_up.get(queue, 0))
                if event.by == "transfer":
                    queues.transferred.add((hotline, queue))
            case _:
                pass  # told by _request_ended

    def _request_ended(self, event: CallAnswered | CallAbandoned | CallUnanswered) -> None:
        requests, queues = self.requests, self.queues
        where = (event.hotline, event.asked, event.province, event.segment)
        queue = (event.hotline, event.queue)
        in_time = event.waited <= self.yardsticks.within.get(event.asked, 0)
        match event:
            case CallAnswered():
                outcome = "answered"
                queues.answered.add(queue)
                queues.wait.add(queue, event.wait)
                requests.wait.add(where, event.waited)
                if in_time:
                    requests.answered_within.add(where)
                if event.repeat:
                    requests.repeat.add(where)
            case CallAbandoned():
                outcome = "abandoned"
                if in_time:
                    requests.abandoned_within.add(where)
                if event.queue:
                    queues.abandoned.add(queue)
                    if event.wait < self.yardsticks.short_abandon.get(event.hotline, 0):
                        queues.short_abandoned.add(queue)
            case CallUnanswered(why=why):
                outcome = why.value
                if event.queue:
                    ended = {Unanswered.TIMED_OUT: queues.timed_out, Unanswered.REFUSED: queues.refused}
                    ended.get(why, queues.cut).add(queue)
            case _ as never:
                assert_never(never)
        requests.ended.add((*where, outcome))

    def tallies(self) -> Iterator[Count | Spread]:
        """All of them."""
        yield from (self.offered, self.undecided)
        yield from _tallies(self.requests)
        yield from _tallies(self.queues)

    def dump(self) -> Mapping[str, Any]:
        """The totals as plain values, for `load`."""
        return {tally.name: tally.dump() for tally in self.tallies()}

    def load(self, totals: Mapping[str, Any]) -> None:
        """Count on from totals as dumped."""
        for tally in self.tallies():
            if tally.name in totals:
                tally.load(totals[tally.name])


def _count(name: str, text: str, labels: tuple[str, ...]) -> Count:
    return Count(name=f"ivr_{name}", help=text, labels=labels)


def _spread(name: str, text: str, labels: tuple[str, ...], bounds: tuple[float, ...]) -> Spread:
    return Spread(name=f"ivr_{name}_seconds", help=text, labels=labels, bounds=bounds)


def _tallies(group: Requests | Queues) -> Iterator[Count | Spread]:
    for name in group.__slots__:
        tally = getattr(group, name)
        if isinstance(tally, Count | Spread):
            yield tally
