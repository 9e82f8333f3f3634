"""The journal: every event on a Redis stream, and the contacts it makes, written in batches.

Nothing here is in the way of a call: `Journal.publish` puts an event on a bounded buffer, a timer writes the
buffer in one round trip of its own connection. What the store cannot take now stays in the buffer for the
next try; what the buffer cannot hold is dropped, the oldest first, and counted; what the store will never
take is counted too. After a lost connection a batch may be written twice: at least once is the promise, and a
reader knows an event by its call id.
"""

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

import hiredis
import redis

from router.errors import StoreError, StoreRefused
from router.events import Event, from_json, to_json
from router.store.contacts import recording
from router.store.link import Link, Reply, packed

STREAM = "ivr:journal"
BATCH = 512
"""Events a round trip."""


class Journal:
    """Writes events, in their order."""

    def __init__(
        self,
        link: Link,
        *,
        length: int,
        window: Callable[[], int],
        dropped: Callable[[str], None],
        line: Callable[[bytes], None] = lambda _: None,
        buffer: int = 65_536,
    ) -> None:
        """``length``: entries the stream keeps, about; ``window()``: seconds contacts are kept for.

        ``dropped`` is told why something is lost: ``full``, or the kind of a `StoreRefused`. ``line`` is
        given each event's JSON, made once for the stream and the log. ``buffer`` events wait at most.
        """
        self._link = link
        # XADD as RESP up to the JSON's length: packing its eight words anew costs 1 µs a call
        xadd = packed([("XADD", STREAM, "MAXLEN", "~", str(length), "*", "event", b"")])
        self._xadd = xadd.removesuffix(b"$0\r\n\r\n")
        self._window = window
        self._dropped = dropped
        self._line = line
        self._waiting: deque[tuple[Event, bytes]] = deque()
        self._buffer = buffer
        self._batch: list[tuple[Event, bytes]] = []

    @property
    def waiting(self) -> int:
        """Events not yet known to be written."""
        return len(self._waiting) + len(self._batch)

    def publish(self, event: Event) -> None:
        """Take an event, to be written by the next flush."""
        text = to_json(event)
        self._line(text)
        self._waiting.append((event, text))
        self._bound()

    def flush(self) -> None:
        """Write a batch, unless one is on its way; to be called by a timer and before the end."""
        if self._batch or not self._waiting or not self._link.is_up:
            return
        window = self._window()
        commands: list[bytes] = []
        replies: list[int] = []
        while self._waiting and len(self._batch) < BATCH:
            event, text = self._waiting.popleft()
            self._batch.append((event, text))
            contact = recording(event, window)
            commands.append(b"%b$%d\r\n%b\r\n%b" % (self._xadd, len(text), text, packed(contact)))
            replies.append(1 + len(contact))
        self._link.request(b"".join(commands), sum(replies), lambda told: self._written(told, replies))

    def _written(self, told: list[Reply] | StoreError, replies: Sequence[int]) -> None:
        batch, self._batch = self._batch, []
        if isinstance(told, StoreError):
            again = batch
        else:
            every = iter(told)
            answers = [list(islice(every, count)) for count in replies]
            again = [entry for entry, answer in zip(batch, answers, strict=True) if self._passes(answer)]
        self._waiting.extendleft(reversed(again))
        self._bound()
        if not again and len(self._waiting) >= BATCH:
            self.flush()

    def _passes(self, answer: list[Reply]) -> bool:
        """The event could not be written now and can be later; what never can be is counted."""
        for place, reply in enumerate(answer):
            if isinstance(reply, hiredis.ReplyError):
                refused = StoreRefused(str(reply))
                if place == 0 and refused.passes:
                    return True
                self._dropped(refused.kind)
        return False

    def _bound(self) -> None:
        while len(self._waiting) > self._buffer:
            self._waiting.popleft()
            self._dropped("full")


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
