"""The journal: every event on a Redis stream, and the contacts it makes, written in batches.

Nothing here is in the way of a call: `Journal.publish` puts an event on a bounded buffer, a timer writes the
buffer in one round trip of its own connection. What the store does not take stays in the buffer for the
next try; what the buffer cannot hold is dropped, the oldest first, and counted.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import redis

from router.errors import StoreError
from router.events import Event, from_json, to_json
from router.store.contacts import recording
from router.store.link import Link, Reply, packed

STREAM = "ivr:journal"
BATCH = 512
"""Events a round trip."""


class Journal:
    """Writes events; what the inside knows as its EventSink."""

    def __init__(
        self,
        link: Link,
        *,
        length: int,
        window: Callable[[], int],
        dropped: Callable[[int], None],
        buffer: int = 65_536,
    ) -> None:
        """``length``: entries the stream keeps, about; ``window()``: seconds contacts are kept for.

        ``dropped`` is told how many events were lost; ``buffer`` is how many wait at most.
        """
        self._link = link
        self._length = str(length)
        self._window = window
        self._dropped = dropped
        self._waiting: deque[Event] = deque()
        self._buffer = buffer
        self._batch: list[Event] = []

    @property
    def waiting(self) -> int:
        """Events not yet known to be written."""
        return len(self._waiting) + len(self._batch)

    def publish(self, event: Event) -> None:
        """Take an event, to be written by the next flush."""
        self._waiting.append(event)
        if len(self._waiting) > self._buffer:
            self._drop()

    def flush(self) -> None:
        """Write a batch, unless one is on its way; to be called by a timer and before the end."""
        if self._batch or not self._waiting:
            return
        window = self._window()
        commands: list[tuple[str | bytes | int, ...]] = []
        while self._waiting and len(self._batch) < BATCH:
            event = self._waiting.popleft()
            self._batch.append(event)
            commands.append(("XADD", STREAM, "MAXLEN", "~", self._length, "*", "event", to_json(event)))
            commands.extend(recording(event, window))
        self._link.request(packed(commands), len(commands), self._written)

    def _written(self, replies: list[Reply] | StoreError) -> None:
        batch, self._batch = self._batch, []
        if isinstance(replies, StoreError):
            # A batch that was half written is written again; readers know an event by its call id.
            self._waiting.extendleft(reversed(batch))
            while len(self._waiting) > self._buffer:
                self._drop()
        elif len(self._waiting) >= BATCH:
            self.flush()

    def _drop(self) -> None:
        self._waiting.popleft()
        self._dropped(1)


def read(client: redis.Redis, after: str, *, count: int = 1000) -> tuple[str, list[Event]]:
    """Events behind a place on the stream, in their order, and the place of the last.

    ``after`` is such a place; ``0`` is the beginning. Entries of a later version are passed over.
    """
    events: list[Event] = []
    answer: Any = client.xrange(STREAM, min=f"({after}", count=count)
    for place, fields in answer:
        after = place.decode()
        with suppress(ValueError):
            events.append(from_json(fields[b"event"]))
    return after, events
