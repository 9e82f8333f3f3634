"""What the demo shows: a live table of calls, and at the end what became of them."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import quantiles

from rich.table import Table

from router.events import CallAbandoned, CallAnswered, CallRouted, Event
from router.facts import CallId
from router.numbers import Pseudonym
from router.queue_log.lines import OWN_QUEUES

ROWS = 16
SETTLED = 1.5
"""Seconds after which an answer is surely among the contacts, or surely was not yet: the switch tells whole
seconds."""


@dataclass(slots=True)
class Board:
    """The calls of a run, from the journal."""

    routed: list[CallRouted] = field(default_factory=list)
    answered: dict[CallId, CallAnswered] = field(default_factory=dict)
    abandoned: int = 0
    _rows: deque[CallRouted] = field(default_factory=lambda: deque(maxlen=ROWS))

    def take(self, events: Iterable[Event]) -> None:
        """Add what has happened."""
        for event in events:
            match event:
                case CallRouted():
                    self.routed.append(event)
                    self._rows.append(event)
                case CallAnswered():
                    self.answered[event.call_id] = event
                case CallAbandoned():
                    self.abandoned += 1

    def table(self) -> Table:
        """The newest calls."""
        table = Table(
            *("time", "caller", "who", "rule", "destination", "decided in", "agent"),
            title=f"{len(self.routed)} calls decided, {len(self.answered)} answered by a person",
        )
        for event in self._rows:
            answer = self.answered.get(event.call_id)
            table.add_row(
                f"{datetime.fromtimestamp(event.at, UTC).astimezone():%H:%M:%S}",
                *(event.masked, event.segment, event.rule, event.destination),
                f"{event.seconds * 1000:.2f} ms",
                f"{answer.agent} after {answer.wait} s" if answer else "…",
            )
        return table

    def counts(self) -> Table:
        """Calls by segment and destination."""
        cells = Counter((event.segment, event.destination) for event in self.routed)
        destinations = sorted({destination for _, destination in cells})
        names = [destination.partition(":")[2] for destination in destinations]
        table = Table("segment", *names, "answered", title="where they went")
        for segment in sorted({segment for segment, _ in cells}):
            answered = sum(
                event.call_id in self.answered for event in self.routed if event.segment == segment
            )
            counts = (str(cells.get((segment, destination), "")) for destination in destinations)
            table.add_row(segment, *counts, str(answered))
        return table

    def percentiles(self) -> tuple[float, float]:
        """Decision times in milliseconds: p50, p99."""
        seconds = [event.seconds for event in self.routed]
        if len(seconds) < 2:
            return (0.0, 0.0)
        cuts = quantiles(seconds, n=100)
        return (cuts[49] * 1000, cuts[98] * 1000)

    def misrouted(self, expected: Mapping[Pseudonym, str], expert: str) -> list[str]:
        """Calls that did not go where the shipped policy says, each in a line.

        ``expected``: where a caller's first calls belong; one who was answered twice belongs to ``expert``.
        """
        answers: dict[Pseudonym | None, list[float]] = {}
        for answer in self.answered.values():
            answers.setdefault(answer.caller, []).append(answer.at)
        wrong = []
        for event in self.routed:
            if event.caller is None or event.caller not in expected:
                continue
            at = answers.get(event.caller, [])
            allowed = set()
            if sum(moment < event.at + SETTLED for moment in at) >= 2:
                allowed.add(expert)
            if sum(moment < event.at - SETTLED for moment in at) < 2:
                allowed.add(expected[event.caller])
            if event.destination not in allowed:
                wrong.append(f"{event.masked} went to {event.destination}, not to {' or '.join(allowed)}")
        return wrong

    def wrong_agents(self, queues: Mapping[str, Iterable[str]]) -> list[str]:
        """Answers by an agent who does not work in the queue, each in a line; ``queues`` is by agent."""
        return [
            f"call {answer.call_id} in {answer.queue} was answered by {answer.agent}"
            for answer in self.answered.values()
            if _where(answer) not in queues.get(answer.agent, ())
        ]


def _where(answer: CallAnswered) -> str:
    """The queue that an answer counts for: in an agent's own queue the one that was asked for."""
    return answer.asked if answer.queue == OWN_QUEUES else answer.queue
