"""The floor: calls that tests place on a running stack, and where the agents and the journal saw them."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from loadtest.sipp import Callers, Calls
from loadtest.stack import Stack
from router.events import CallAbandoned, CallAnswered, CallRouted, Event
from router.store import stream
from router.store.layout import contacts_key, decode_contacts
from tests import waiting
from tests.e2e.customers import Base

LIMIT = 25.0
"""Seconds until what must happen has happened: long, because it only matters where it does not."""

WAITS = "a_caller_waits_for_a_person"
PRESSES_0 = "a_caller_presses_zero_in_the_menu"
PRESSES_2 = "a_caller_presses_two_in_the_menu"
PRESSES_WRONG_KEYS = "a_caller_presses_wrong_keys_in_the_menu"
DOES_NOT_ANSWER = "an_agent_does_not_answer"
HANGS_UP = "a_caller_hangs_up_while_waiting"
GIVES_UP_EARLY = "a_caller_gives_up_before_the_answer"
SAYS_WHO_IT_IS = "a_caller_says_who_it_is"
IS_NOT_SERVED = "a_caller_dials_a_number_that_is_not_served"

NO_HOTLINE = "10011"
"""A number that the switch serves, and no policy has."""

Found = TypeVar("Found")
Kind = TypeVar("Kind", CallRouted, CallAnswered, CallAbandoned)


def until(find: Callable[[], Found | None], what: Callable[[], str] | str, limit: float = LIMIT) -> Found:
    """`waiting.until`, for what a switch, SIPp and phones take part in."""
    return waiting.until(find, what, limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """Where a call came to, as the agent who answered it saw it."""

    crew: str
    number: str
    """The caller's, on the agent's phone; empty if it shows none."""
    segment: str


class Floor:
    """One running stack with its customers."""

    def __init__(self, stack: Stack, base: Base) -> None:
        self.stack = stack
        self.base = base

    @contextmanager
    def call(
        self,
        number: str,
        scenario: str = WAITS,
        *,
        sees: str | None = None,
        row: str | None = None,
        dialled: str = "10010",
        stay: float = 1.0,
    ) -> Iterator["Placed"]:
        """Place one call; leaving waits until the caller has played his part to its end.

        Args:
            number: The caller's.
            scenario: What the caller does.
            sees: What the agent sees, if it is another number or, with "", none.
            row: The caller in the file of callers, if it is more than the number.
            dialled: The hotline.
            stay: The scenario's own pause, in seconds.
        """
        placed = Placed(self, number if sees is None else sees)
        calls = Calls(
            scenario=scenario, numbers=[row or number], dialled=dialled, stay=stay, patience=2 * LIMIT
        )
        folder = self.stack.folder / "callers"
        with Callers(calls, self.stack.asterisk.address, folder, self.stack.ports) as placed.sipp:
            yield placed
            totals = placed.sipp.wait(2 * LIMIT)
            assert (totals.successful, totals.failed) == (1, 0), f"{placed.sipp.last_words()}\n{self}"

    def answered(self) -> dict[str, tuple[str, Landed]]:
        """All calls that agents have answered, by their SIP call id: who did, and how it looked."""
        return {
            call.call_id: (call.agent, Landed(crew=crew, number=call.number, segment=call.segment))
            for crew, agents in self.stack.agents.items()
            for call in agents.calls
        }

    def contacts(self, number: str) -> list[str]:
        """A caller's contacts in the store, the newest first: the queue, or "" where nobody answered."""
        pseudonym = self.base.pseudonym(number)
        assert pseudonym is not None
        entries: Any = self.base.client.lrange(contacts_key(pseudonym), 0, -1)
        return [contact.queue for contact in decode_contacts(entries)]

    def await_contacts(self, number: str, queues: Sequence[str]) -> None:
        """Wait until the store has these contacts of a caller."""
        until(
            lambda: self.contacts(number) == queues, lambda: f"{queues} are kept, not {self.contacts(number)}"
        )

    def waits_in(self, queue: str) -> bool:
        """Somebody waits in the queue, or is being rung for."""
        return "1. PJSIP/trunk" in self.stack.asterisk.cli(f"queue show {queue}")

    def is_empty(self) -> bool:
        """There is no call left anywhere."""
        routers = (router for router in self.stack.routers if router.is_ready())
        return self.stack.asterisk.channels() == 0 and not any(
            router.sample("ivr_agi_sessions") for router in routers
        )

    def __str__(self) -> str:
        """What is known of it all, for a test that has failed."""
        processes = (*self.stack.routers, self.stack.watch)
        return "\n".join(
            (
                f"answered: {[f'{agent}: {landed}' for agent, landed in self.answered().values()][-8:]}",
                *(f"{process.log.name}: {process.last_words()}" for process in processes),
                f"switch: {self.stack.asterisk.complaints()[-8:]}",
                self.stack.asterisk.cli("core show channels verbose"),
            )
        )


class Placed:
    """A call on its way."""

    def __init__(self, floor: Floor, number: str) -> None:
        self.number = number
        self.sipp: Callers
        self._floor = floor
        self._before = floor.answered().keys()
        self._place = f"{int(time.time() * 1000)}-0"  # how places on a stream are named

    def landed(self) -> Landed:
        """Wait until an agent has answered."""
        return until(self._landed, lambda: f"an agent answers {self.number or 'the caller'}\n{self._floor}")

    def _landed(self) -> Landed | None:
        answered = self._floor.answered()
        new = [landed for call_id, (_, landed) in answered.items() if call_id not in self._before]
        return next((landed for landed in new if landed.number == self.number), None)

    def told(self, kind: type[Kind]) -> Kind:
        """Wait until the journal has an event of this kind of this call."""
        caller = self._floor.base.pseudonym(self.number)

        def found() -> Kind | None:
            events = (event for event in self.events() if isinstance(event, kind))
            return next((event for event in events if event.caller == caller), None)

        return until(found, lambda: f"{kind.__name__} of {self.number or 'the caller'}\n{self._floor}")

    def events(self) -> list[Event]:
        """What the journal has, of this call and of others, since this one was placed, by time.

        Router and observer write their batches independently: an answer can stand before its decision.
        """
        _, events = stream.read(self._floor.base.client, self._place)
        told = [event for event in events if isinstance(event, CallRouted | CallAnswered | CallAbandoned)]
        # the switch tells whole seconds; within one, the decision came first
        return sorted(told, key=lambda event: (int(event.at), not isinstance(event, CallRouted)))

    @property
    def answer_time(self) -> float:
        """Seconds until the switch has answered."""
        (seconds,) = until(lambda: self.sipp.answer_times, "SIPp tells the time")
        return seconds
