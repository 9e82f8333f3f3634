"""Steady load on a switch: known callers of three kinds, and people who take many calls at a time."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

from loadtest.agents import Crew
from loadtest.calls import Totals
from loadtest.sipp import Callers, Calls
from loadtest.stack import Stack, Wish
from tests.e2e.customers import SENIOR, TRUCK_DRIVER
from tests.e2e.floor import WAITS, until

KINDS: Mapping[str, Mapping[str, str]] = {
    "elder": SENIOR,
    "truck": TRUCK_DRIVER,
    "vip": {"age": "40", "star": "5"},
}
"""What is known of a caller, by the crew whom the shipped policy sends his first calls to."""
UNKNOWN_CREW = "general"
"""Who answers a caller of whom nothing is known, once he has pressed 0, and one whom no router decided."""
TALK = 1.5
"""Seconds: a caller presses 0 a second after the answer, wherever he is by then, and is still there."""
ENDS = 40.0
"""Seconds until the last call is over: two rounds of the menu and a talk, on a busy machine."""


def crew(name: str, *queues: str, agents: int = 5) -> Crew:
    """Several, although one takes any number: app_queue offers a caller at a time to each."""
    return Crew(name=name, agents=agents, queues=dict.fromkeys(queues, 0), many_calls=True)


CREWS = (
    crew("elder", "elder-care"),
    crew("truck", "truck"),
    crew("vip", "vip"),
    crew("expert", "expert"),
    crew("general", "general", "default"),
)


def callers(count: int) -> dict[str, Mapping[str, str]]:
    """So many customers, the kinds in turn: attributes by number."""
    kinds = list(KINDS.values())
    return {f"138{place:08}": kinds[place % len(kinds)] for place in range(count)}


def wished(wish: Wish) -> Wish:
    """The wish, with people who are never the bottleneck."""
    return replace(wish, crews=CREWS, talk=TALK)


class Line:
    """Callers in a row; each calls once, so that nobody becomes a repeat caller."""

    def __init__(self, customers: Mapping[str, Mapping[str, str]]) -> None:
        self._left = iter(customers.items())

    def next(self, count: int) -> dict[str, Mapping[str, str]]:
        """The next so many: attributes by number."""
        found = dict(islice(self._left, count))
        assert len(found) == count, "there are too few customers"
        return found


class Flow:
    """Calls at a steady rate, and what became of them."""

    sipp: Callers

    def __init__(self, stack: Stack, customers: Mapping[str, Mapping[str, str]]) -> None:
        """What there is now counts as before; then ``sipp`` begins to call."""
        self.stack = stack
        self.customers = customers
        self.totals = Totals()
        """SIPp's own, once the flow is over."""
        self._before = {name: len(agents.calls) for name, agents in stack.agents.items()}
        self._offered = stack.watch.sample("ivr_offered_total")
        self._undecided = stack.watch.sample("ivr_undecided_total")

    def answers(self) -> list[tuple[str, str]]:
        """Which crew answered whom, crew by crew, in order."""
        return [
            (name, call.number)
            for name, agents in self.stack.agents.items()
            for call in agents.calls[self._before[name] :]
        ]

    def where_they_belong(self) -> int:
        """How many were answered by the people of their kind."""
        return sum(self.customers[number] == KINDS.get(name) for name, number in self.answers())

    def astray(self) -> Counter[str]:
        """How many were answered by other people, by who they are."""
        return Counter(name for name, number in self.answers() if self.customers[number] != KINDS.get(name))

    def by_default_route(self) -> int:
        """How many no router decided, as the switch's queue_log has it."""
        return round(self.stack.watch.sample("ivr_undecided_total") - self._undecided)

    def offered(self) -> int:
        """How many the observer has seen."""
        return round(self.stack.watch.sample("ivr_offered_total") - self._offered)

    def more(self, count: int) -> None:
        """Wait until so many more callers have been answered by the people of their kind."""
        enough = self.where_they_belong() + count
        until(lambda: self.where_they_belong() >= enough, lambda: f"{count} more are answered: {self}")

    def __str__(self) -> str:
        return f"{self.sipp.totals}, astray {self.astray()}\n{self.sipp.last_words()}"


@contextmanager
def flow(
    stack: Stack, line: Line, *, rate: float, most: int, scenario: str = WAITS, patience: float = ENDS
) -> Iterator[Flow]:
    """Call until the block ends; behind it all calls have ended, for the observer, too.

    Args:
        stack: Where they call.
        line: Who calls.
        rate: Calls a second.
        most: How many callers may be needed.
        scenario: What each does.
        patience: Seconds in which something must happen to a caller, or he has failed.
    """
    until(lambda: is_empty(stack), "no call is left of a test before")
    customers = line.next(most)
    calls = Calls(scenario=scenario, numbers=[*customers], rate=rate, patience=patience)
    found = Flow(stack, customers)
    with Callers(calls, stack.asterisk.address, stack.folder / "callers", stack.ports) as found.sipp:
        yield found
        found.totals = found.sipp.finish(patience)
    until(lambda: is_empty(stack), "no call is left")


def is_empty(stack: Stack) -> bool:
    """The switch has no channel, and the observer no call."""
    return stack.asterisk.channels() == 0 and stack.watch.sample("ivr_live_calls") == 0


def nobody_failed(found: Flow) -> None:
    """Each call was decided by a router and answered by a person, and nothing of it is left in a router."""
    assert found.totals.failed == 0, found.sipp.last_words()
    assert found.totals.successful == found.totals.created == len(found.answers())
    until(lambda: found.offered() == found.totals.created, lambda: f"all calls are seen: {found.offered()}")
    assert found.by_default_route() == 0
    for router in found.stack.routers:
        until(lambda each=router: each.sample("ivr_agi_sessions") == 0, "no session is left")
