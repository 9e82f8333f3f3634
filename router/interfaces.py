"""What the inside needs of the edges, as protocols the edges fulfil."""

from collections.abc import Callable, Sequence
from typing import Protocol

from router.errors import StoreError
from router.events import Event
from router.facts import Caller
from router.numbers import Number
from router.policy.attributes import Attribute


class CallerStore(Protocol):
    """Where a caller's attributes and contacts are read."""

    def caller(
        self,
        number: Number,
        needs: Sequence[Attribute],
        done: Callable[[Caller | StoreError], None],
    ) -> None:
        """Read ``needs`` and the contacts in one round trip; call ``done`` exactly once, in bounded time."""


class EventSink(Protocol):
    """Where events go after the caller has been answered."""

    def publish(self, event: Event) -> None:
        """Take the event; never wait, never raise."""
