"""The journal: every event on a Redis stream, and the contacts it makes, written in batches.

Nothing here is in the way of a call: `Journal.publish` puts an event on a bounded buffer, a timer writes the
buffer in one round trip of its own connection. What the store cannot take now stays in the buffer for the
next try; what the buffer cannot hold is dropped, the oldest first, and counted; what the store will never
take is counted too. After a lost connection a batch may be written twice: at least once is the promise, and a
reader knows an event by its call id.

The grounds of a decision are a field beside its event. The line for the log has none: they are personal data.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

import hiredis
import orjson
import redis

from router.errors import StoreError, StoreRefused
from router.events import CallRouted, Event, from_json, to_json
from router.store.contacts import recording
from router.store.link import Link, Reply, packed

STREAM = "ivr:journal"
BATCH = 512
"""Events a round trip."""
_EMPTY = b"$0\r\n\r\n"
_PAGE = 1000
"""Entries that are read at once."""
MOST = 2_000_000
"""Entries that are looked through for a call: the stream keeps about half as many."""


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
        xadd = ("XADD", STREAM, "MAXLEN", "~", str(length), "*", "event", b"")
        self._xadd = packed([xadd]).removesuffix(_EMPTY)
        # with grounds: ten words, of which the last two stand behind the event's JSON
        self._with_grounds = packed([(*xadd, b"", b"")]).removesuffix(3 * _EMPTY)
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

    @property
    def durable(self) -> int:
        return 10**12 if not self.waiting else 0

    def publish(self, event: Event, number: int | None = None) -> None:
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
            commands.append(self._adding(event, text) + packed(contact))
            replies.append(1 + len(contact))
        self._link.request(b"".join(commands), sum(replies), lambda told: self._written(told, replies))

    def _adding(self, event: Event, text: bytes) -> bytes:
        grounds = event.grounds if isinstance(event, CallRouted) else None
        if not grounds:
            return b"%b$%d\r\n%b\r\n" % (self._xadd, len(text), text)
        return b"%b$%d\r\n%b\r\n$7\r\ngrounds\r\n$%d\r\n%b\r\n" % (
            *(self._with_grounds, len(text), text),
            *(len(grounds), grounds),
        )

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


def read(client: redis.Redis, after: str, *, count: int = _PAGE) -> tuple[str, list[Event]]:
    """Events behind a place on the stream, in their order, and the place of the last.

    ``after`` is such a place; ``0`` is the beginning. Entries of a later version are passed over.
    """
    events: list[Event] = []
    answer: Any = client.xrange(STREAM, min=f"({after}", count=count)
    for place, fields in answer:
        after = place.decode()
        with suppress(ValueError, KeyError):
            events.append(_event(fields))
    return after, events


def find(client: redis.Redis, call_id: str, *, entries: int = MOST) -> CallRouted | None:
    """How a call was routed, by the latest event that says so; None: by none of the last ``entries``.

    The switch's call ids begin with the second of the call: around it the stream is read first, then from its
    end, a page at a time (some 7 s for a million entries).
    """
    if not call_id.isprintable():
        return None
    named = b'"call_id":%b,' % orjson.dumps(call_id)
    for since, until in _stretches(call_id):
        for fields in islice(_backwards(client, since, until), entries):
            if named in fields.get(b"event", b""):
                with suppress(ValueError):
                    event = _event(fields)
                    if isinstance(event, CallRouted) and event.call_id == call_id:
                        return event
    return None


def _stretches(call_id: str) -> Iterator[tuple[str, str]]:
    """Where on the stream a call may be, as first and last place."""
    if begun := re.search(r"(?:^|-)([0-9]{10})\.[0-9]+$", call_id):
        second = int(begun[1])
        yield f"{second - 60}000", f"{second + 600}000"
    yield "-", "+"


def _backwards(client: redis.Redis, since: str, until: str) -> Iterator[dict[bytes, bytes]]:
    """The entries of a stretch of the stream, the latest first."""
    while True:
        page: Any = client.xrevrange(STREAM, max=until, min=since, count=_PAGE)
        for _, fields in page:
            yield fields
        if len(page) < _PAGE:
            return
        until = f"({page[-1][0].decode()}"


def _event(fields: dict[bytes, bytes]) -> Event:
    return from_json(fields[b"event"], fields.get(b"grounds"))
