"""KPIs: what is counted, and the event that moves it.

Labels are bounded: they come from the policies and are created ahead, so that a rate starts at zero and
not at the first call. Never the caller, the call id or the agent.
"""

from collections.abc import Iterable
from typing import assert_never

from prometheus_client import CollectorRegistry, Counter, Histogram

from router.decision import Decision
from router.events import CallAbandoned, CallAnswered, CallRouted, Event
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
        self.routed = Counter(
            "ivr_routed",
            "Calls decided, by the route that took them and by what was known of the caller.",
            ("hotline", "rule", "segment", "destination", "data"),
            registry=registry,
        )
        self.decision_seconds = Histogram(
            "ivr_decision_seconds",
            "From the switch's connection to the command written.",
            registry=registry,
            buckets=SECONDS,
        )
        self._routed: dict[tuple[str, str, str, str, Data], Counter] = {}
        self.expect(decisions)

    def expect(self, decisions: Iterable[Decision]) -> None:
        """Create the series of decisions that can be made from now on; those that exist count on."""
        for made in decisions:
            for data in Data:
                self._child((made.hotline, made.rule, made.segment, made.destination, data))

    def observe(self, event: Event) -> None:
        """Move what an event moves."""
        match event:
            case CallRouted():
                self._child((event.hotline, event.rule, event.segment, event.destination, event.data)).inc()
                self.decision_seconds.observe(event.seconds)
            case CallAnswered() | CallAbandoned():
                pass  # the observer's
            case _ as never:
                assert_never(never)

    def _child(self, key: tuple[str, str, str, str, Data]) -> Counter:
        # a child kept costs 0.3 µs to move, one looked up by .labels() 1.3
        return self._routed.get(key) or self._routed.setdefault(key, self.routed.labels(*key))


class QueueKpis:
    """What happens in queues: the observer's."""

    def __init__(self, registry: CollectorRegistry, queues: Iterable[tuple[str, str]] = ()) -> None:
        """``queues`` are pairs of hotline and queue: their series are created."""
        labels = ("hotline", "queue")
        self.answered = Counter("ivr_answered", "Calls that a person answered.", labels, registry=registry)
        self.abandoned = Counter(
            "ivr_abandoned", "Callers who hung up while waiting.", labels, registry=registry
        )
        self.wait_seconds = Histogram(
            "ivr_wait_seconds",
            "From queue entry to answer.",
            labels,
            registry=registry,
            buckets=(1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600),
        )
        self.expect(queues)

    def expect(self, queues: Iterable[tuple[str, str]]) -> None:
        """Create the series of pairs of hotline and queue that can come from now on."""
        for pair in queues:
            for metric in (self.answered, self.abandoned, self.wait_seconds):
                metric.labels(*pair)

    def observe(self, event: Event) -> None:
        """Move what an event moves."""
        match event:
            case CallRouted():
                pass  # the router's
            case CallAnswered():
                self.answered.labels(event.hotline, event.queue).inc()
                self.wait_seconds.labels(event.hotline, event.queue).observe(event.wait)
            case CallAbandoned():
                self.abandoned.labels(event.hotline, event.queue).inc()
            case _ as never:
                assert_never(never)
