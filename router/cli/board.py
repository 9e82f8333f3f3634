"""What the demo shows: a live table of calls, and at the end what became of them."""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import quantiles

from rich.table import Table

from router.events import CallAbandoned, CallAnswered, CallRouted, Event
from router.facts import CallId, Contact, Data
from router.numbers import Pseudonym
from router.queue_log.lines import OWN_QUEUES

ROWS = 16
SETTLED = 1.5
"""Seconds after which an answer is surely among the contacts, or surely was not yet: the switch tells whole
seconds."""


Belongs = Callable[[CallRouted, Mapping[CallId, Contact]], str | None]
"""Where a call belongs, with earlier calls of its caller that are known; None where that cannot be said."""


@dataclass(slots=True)
class Board:
    """The calls of a run, from the journal."""

    routed: list[CallRouted] = field(default_factory=list)
    answered: dict[CallId, CallAnswered] = field(default_factory=dict)
    gone: list[Pseudonym | None] = field(default_factory=list)
    """Who hung up waiting."""
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
                    self.gone.append(event.caller)

    @property
    def abandoned(self) -> int:
        """How many hung up waiting."""
        return len(self.gone)

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

    def misrouted(self, belongs: Belongs) -> list[str]:
        """Calls that did not go where they belong, each in a line.

        Of a caller's earlier calls those count that the store surely knew; where others may have been known,
        each destination that would then be right is right.
        """
        calls: dict[Pseudonym, list[tuple[float, Contact]]] = {}
        every: Iterable[CallRouted | CallAnswered] = (*self.routed, *self.answered.values())
        for made in every:
            if made.caller is not None:
                calls.setdefault(made.caller, []).append((made.at, _contact(made)))
        wrong = []
        for event in self.routed:
            known, perhaps = _earlier(event, () if event.caller is None else calls[event.caller])
            allowed = {
                belongs(event, _one_a_call([*known, *perhaps[:count]])) for count in range(len(perhaps) + 1)
            }
            if allowed.isdisjoint({event.destination, None}):
                right = " or ".join(sorted(map(str, allowed)))
                why = "" if event.data is not Data.ABSENT else ": the store gave no answer in time"
                wrong.append(f"{event.masked} went to {event.destination}, not to {right}{why}")
        return wrong

    def out_of_place(self, queues: Callable[[CallRouted], Collection[str] | None]) -> list[str]:
        """Calls answered in a queue that their route does not name, each in a line.

        ``queues``: those that it names; None where the caller himself chose.
        """
        wrong = []
        for event in self.routed:
            answer, named = self.answered.get(event.call_id), queues(event)
            if answer is not None and named is not None and _where(answer) not in named:
                wrong.append(f"call {event.call_id} by {event.rule} was answered in {answer.queue}")
        return wrong

    def unlike(self, phones: Iterable[tuple[Pseudonym | None, str]]) -> list[str]:
        """Where the agents' phones and the journal say different things, each in a line.

        ``phones``: caller and agent of each call that a phone took. A caller who hung up in that moment
        may be on a phone and not be answered.
        """
        taken = Counter(phones)
        told = Counter((answer.caller, answer.agent) for answer in self.answered.values())
        only_told, only_taken = told - taken, taken - told
        return [
            *(
                f"{agent} answered {count} calls by the journal only"
                for (_, agent), count in only_told.items()
            ),
            *(
                f"{agent} answered {count} calls by the phone only"
                for (caller, agent), count in only_taken.items()
                if caller not in self.gone
            ),
        ]

    def wrong_agents(self, queues: Mapping[str, Iterable[str]]) -> list[str]:
        """Answers by an agent who does not work in the queue, each in a line; ``queues`` is by agent."""
        return [
            f"call {answer.call_id} in {answer.queue} was answered by {answer.agent}"
            for answer in self.answered.values()
            if _where(answer) not in queues.get(answer.agent, ())
        ]


def _contact(made: CallRouted | CallAnswered) -> Contact:
    answered = isinstance(made, CallAnswered)
    return Contact(
        at=int(made.at),
        call_id=made.call_id,
        answered=answered,
        queue=made.asked if isinstance(made, CallAnswered) else "",
        hotline=made.hotline,
        agent=made.agent if isinstance(made, CallAnswered) else "",
    )


def _earlier(event: CallRouted, made: Iterable[tuple[float, Contact]]) -> tuple[list[Contact], list[Contact]]:
    """What was surely known of other calls, and what may have been; each in its order."""
    others = sorted(
        ((at, contact) for at, contact in made if contact.call_id != event.call_id), key=lambda one: one[0]
    )
    known = [contact for at, contact in others if at < event.at - SETTLED]
    perhaps = [contact for at, contact in others if abs(event.at - at) <= SETTLED]
    return known, perhaps


def _one_a_call(contacts: Iterable[Contact]) -> dict[CallId, Contact]:
    """Of each call what is best: the switch's whole seconds can put an answer before the call."""
    best: dict[CallId, Contact] = {}
    for contact in contacts:
        if contact.answered or contact.call_id not in best:
            best[contact.call_id] = contact
    return best


def _where(answer: CallAnswered) -> str:
    """The queue that an answer counts for: in an agent's own queue the one that was asked for."""
    return answer.asked if answer.queue == OWN_QUEUES else answer.queue
