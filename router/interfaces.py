"""What the inside needs of the edges, as protocols the edges fulfil."""

from collections.abc import Callable
from typing import Protocol

from router.decision import UNMARKED, Decision, Mark
from router.errors import StoreError
from router.events import Event
from router.facts import Call, Caller
from router.numbers import Pseudonym
from router.policy.decide import Needs


class Clock(Protocol):
    """Time that only goes forward; twisted.internet.task.Clock is one that tests turn by hand."""

    def seconds(self) -> float:
        """Seconds since some moment; never set back."""

    def callLater(self, delay: float, callable: Callable[..., object], /, *args: object) -> object:  # noqa: A002
        """Call it after so many seconds."""


class CallerStore(Protocol):
    """Where a caller's attributes and contacts, and how busy the queues are, is read."""

    def caller(
        self,
        pseudonym: Pseudonym | None,
        needs: Needs,
        done: Callable[[Caller | StoreError], None],
    ) -> None:
        """Read ``needs`` and the contacts in one round trip; call ``done`` exactly once, in bounded time.

        Without a pseudonym there is nobody to look up: the loads of queues alone are read.
        """


class Answer(Protocol):
    """Tell the switch, once."""

    def __call__(self, decision: Decision | None, mark: Mark = UNMARKED, /) -> bool:
        """None: no decision, its default route takes the call. False: nobody heard it."""


Route = Callable[[Call, float, Answer], None]
"""Decide a call whose session began at a time (seconds, monotonic), and answer it exactly once."""
Publish = Callable[[Event], None]
"""Where events go after the caller has been answered; it never waits and never raises."""


def to_all(*sinks: Publish) -> Publish:
    """One place for events that gives them to several, in turn."""

    def publish(event: Event) -> None:
        for sink in sinks:
            sink(event)

    return publish
