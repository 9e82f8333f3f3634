"""The floor as metrics: what agents do, and how long; never who."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from router.facts import QueueLoad
from router.floor import AgentState, Floor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FloorMetrics:
    """A registry's collector of one floor."""

    floor: Floor
    loads: Callable[[], Mapping[str, QueueLoad]]
    """How busy the queues are, by queue, as the switch last said."""
    calls: Callable[[], int]
    """How many calls live."""
    queues: Callable[[], Iterator[str]]
    """Queues that have series whether or not anybody works in them."""
    now: Callable[[], float]
    """Seconds since the epoch."""

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """All of it, now."""
        now = self.now()
        self.floor.advance(now)
        yield GaugeMetricFamily(
            "ivr_floor_stale",
            "The switch is not seen, and what agents do is not known: 1 or 0.",
            value=float(not self.floor.is_known),
        )
        yield CounterMetricFamily(
            "ivr_floor_corrections",
            "Members of queues of whom the switch's list said something else than its events.",
            value=self.floor.corrections,
        )
        yield GaugeMetricFamily("ivr_live_calls", "Calls that have not ended.", value=self.calls())
        yield from self._agents(now)
        yield from self._waiting()

    def _agents(self, now: float) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        agents = GaugeMetricFamily("ivr_agents", "Agents, by what they do.", labels=("state",))
        counts = self.floor.agents(now)
        by_queue = GaugeMetricFamily(
            "ivr_queue_agents", "Agents of each queue, by what they do.", labels=("queue", "state")
        )
        seconds = CounterMetricFamily(
            "ivr_agent_seconds", "How long agents of each queue did what.", labels=("queue", "state")
        )
        queues = self.floor.queues(now)
        names = sorted({*self.queues(), *(queue for queue, _ in queues)})
        for state in AgentState:
            agents.add_metric((state,), counts[state])
            for queue in names:
                by_queue.add_metric((queue, state), queues[queue, state])
                seconds.add_metric((queue, state), self.floor.seconds.get((queue, state), 0))
        yield from (agents, by_queue, seconds)

    def _waiting(self) -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily("ivr_queue_waiting", "Callers who wait.", labels=("queue",))
        longest = GaugeMetricFamily(
            "ivr_queue_longest_wait_seconds",
            "How long the one who is there longest waits in this queue.",
            labels=("queue",),
        )
        for queue, load in self.loads().items():
            waiting.add_metric((queue,), load.waiting)
            longest.add_metric((queue,), load.longest_wait)
        yield from (waiting, longest)
