"""The journal: every event on a Redis stream, and the contacts it makes, written in batches.

Nothing here is in the way of a call: `Journal.publish` puts an event on a bounded buffer, a timer writes
the buffer in one round trip of its own connection. Each event has a number in its writer's sequence, and
the store keeps the last number that it has of each writer: a batch that is sent again, because nobody knows
whether it arrived, adds nothing twice. What the store cannot take for a while goes to a spool on disk and
comes from there in its order, before anything newer. What neither can hold is dropped, the oldest first,
and counted. In a cluster the stream is on one server; contacts follow their events to those of the callers.

The grounds of a decision are a field beside its event. The line for the log has none: they are personal
data.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

import hiredis
import structlog

from router.errors import StoreError, StoreRefused
from router.events import CallRouted, Event, from_json, to_json
from router.interfaces import Clock
from router.store.contact_writer import ContactWriter
from router.store.contacts import COMMANDS, recording
from router.store.link import Reply
from router.store.masters import Aside
from router.store.shards import Requests
from router.store.spool import Record, Spool
from router.store.stream import STREAM

log = structlog.get_logger()

BATCH = 32
"""Events a round trip: while a script adds them, no decision's question is answered."""
PATIENCE = 1.0
"""Seconds that the store may not take events before they go to the spool."""
KEEP = 8_192
"""Events that wait in memory, before they go there at once."""
MARK_SECONDS = 8 * 86_400
"""How long the store remembers a writer's last number."""

SCRIPT = b"""
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
for place = 3, #ARGV, 3 do
  local number = tonumber(ARGV[place])
  if number > last then
    if ARGV[place + 2] == '' then
      redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'event', ARGV[place + 1])
    else
      redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*',
        'event', ARGV[place + 1], 'grounds', ARGV[place + 2])
    end
    last = number
  end
end
redis.call('SET', KEYS[2], string.format('%d', last), 'EX', ARGV[2])
return last
"""
"""Adds what the store does not have of a writer; both keys are in one slot of a Redis Cluster."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    record: Record
    event: Event


class Journal:
    """Writes events, in their order, once."""

    def __init__(
        self,
        link: Requests,
        *,
        writer: str,
        length: int,
        window: Callable[[], int],
        dropped: Callable[[str, int], None],
        clock: Clock,
        spool: Spool | None = None,
        aside: Aside | None = None,
        line: Callable[[bytes], None] = lambda _: None,
        buffer: int = 65_536,
    ) -> None:
        """``writer`` names the sequence of numbers; nobody else may use it at the same time.

        ``length``: entries the stream keeps, about; ``window()``: seconds contacts are kept for. ``dropped``
        is told why so many are lost: ``full``, ``spool_full``, ``spool_failed``, or the kind of a
        `StoreRefused`. ``line`` is given each event's JSON, made once for the stream and the log. ``buffer``
        events wait at most.
        """
        self._link = link
        self._writer = writer
        self._length = b"%d" % length
        self._window = window
        self._dropped = dropped
        self._clock = clock
        self._spool = spool
        self._aside = aside or _at_once
        self._line = line
        self._contacts = ContactWriter(link, window, dropped) if link.is_scattered else None
        self._waiting: deque[_Waiting] = deque()
        self._buffer = buffer
        self._batch: list[_Waiting] = []
        self._draining: deque[_Waiting] | None = None
        self._is_aside = False
        self._number = 0
        self._refused_since: float | None = None
        self._is_refused = False

    @property
    def waiting(self) -> int:
        """Events in memory, not yet known to be written, or whose contacts are not."""
        contacts = 0 if self._contacts is None else len(self._contacts)
        return len(self._waiting) + len(self._batch) + contacts

    @property
    def spooled(self) -> int:
        """Events on disk that wait for the store."""
        return 0 if self._spool is None else self._spool.records

    @property
    def durable(self) -> int:
        """The number up to which every event is in the store or the spool, or counted as dropped."""
        oldest = self._batch[0] if self._batch and self._batch[0].record.writer == self._writer else None
        first = oldest or (self._waiting[0] if self._waiting else None)
        durable = self._number if first is None else min(first.record.number - 1, self._number)
        late = None if self._contacts is None else self._contacts.oldest(self._writer)
        return durable if late is None else min(durable, late - 1)

    def publish(self, event: Event, number: int | None = None) -> None:
        """Take an event, to be written by the next flush; a ``number`` is greater than those before."""
        text = to_json(event)
        self._line(text)
        self._number = self._number + 1 if number is None else number
        grounds = event.grounds if isinstance(event, CallRouted) else None
        record = Record(writer=self._writer, number=self._number, event=text, grounds=grounds or b"")
        self._waiting.append(_Waiting(record, event))
        self._bound()

    def flush(self) -> None:
        """Write a batch, unless one is on its way; to be called by a timer and before the end."""
        if self._contacts is not None:
            self._contacts.flush()
        if self._batch or self._is_aside:
            return
        if not self._link.serves(STREAM) and self._waiting:
            self._refuse()
        if self._spool is not None and self._must_spool(self._spool):
            self._put_aside(self._spool)
        elif not self._link.serves(STREAM):
            return
        elif self.spooled and not self._draining:
            self._fetch()
        else:
            self._send(self._draining or self._waiting)

    def _must_spool(self, spool: Spool) -> bool:
        if not self._waiting:
            return False
        is_full = len(self._waiting) >= KEEP
        if self._link.serves(STREAM) and not self._is_refused:  # a store that is back is tried first
            return is_full and spool.records > 0
        late = self._refused_since is not None and self._clock.seconds() - self._refused_since >= PATIENCE
        return late or is_full

    def _refuse(self) -> None:
        self._is_refused = True
        if self._refused_since is None:
            self._refused_since = self._clock.seconds()

    def _put_aside(self, spool: Spool) -> None:
        """To the spool with all that waits."""
        self._batch = list(self._waiting)
        self._waiting.clear()
        self._is_refused = False  # what comes next is offered to the store again
        records = [waiting.record for waiting in self._batch]
        self._is_aside = True

        def done(wrong: Exception | None) -> None:
            self._is_aside = False
            if wrong is not None:
                self._dropped("spool_failed", len(records))
                log.error("events cannot be spooled and are lost", events=len(records), why=str(wrong))
            self._batch = []

        self._aside(lambda: spool.append(records), done)

    def _fetch(self) -> None:
        """Bring the oldest of the spool back to memory."""
        spool, found = self._spool, list[Record]()
        assert spool is not None  # noqa: S101  the caller has looked
        self._is_aside = True

        def done(wrong: Exception | None) -> None:
            self._is_aside = False
            if wrong is not None:
                spool.lose_read()
                return
            read: deque[_Waiting] = deque()
            for record in found:
                try:
                    read.append(_Waiting(record, from_json(record.event)))
                except ValueError:  # of another version
                    self._dropped("spool_failed", 1)
            self._draining = read
            self.flush() if read else self._drained()

        self._aside(lambda: found.extend(spool.oldest()), done)

    def _drained(self) -> None:
        """All of the oldest file is in the store."""
        spool = self._spool
        assert spool is not None  # noqa: S101  something was drained
        self._draining = None
        self._aside(spool.drop_read, lambda _: None)

    def _send(self, source: deque[_Waiting]) -> None:
        if not source:
            return
        self._is_refused = False
        window = self._window() if self._contacts is None else 0
        self._batch = [source.popleft() for _ in range(min(len(source), BATCH))]
        commands, replies = [], []
        for writer, group in groupby(self._batch, lambda waiting: waiting.record.writer):
            entries = list(group)
            contacts = [made for waiting in entries if (made := recording(waiting.event, window))]
            commands += [self._adding(writer, entries), *contacts]
            replies.append((len(entries), 1 + COMMANDS * len(contacts)))
        count = sum(count for _, count in replies)
        self._link.request(
            b"".join(commands), count, lambda told: self._written(told, replies, source), STREAM
        )

    def _adding(self, writer: str, entries: Sequence[_Waiting]) -> bytes:
        """EVAL as RESP; by hand, because packing thousands of words costs more than sending them."""
        mark = f"{{{STREAM}}}:w:{writer}".encode()
        words = [b"EVAL", SCRIPT, b"2", STREAM.encode(), mark, self._length, b"%d" % MARK_SECONDS]
        for waiting in entries:
            record = waiting.record
            words += (b"%d" % record.number, record.event, record.grounds)
        return b"*%d\r\n" % len(words) + b"".join([b"$%d\r\n%b\r\n" % (len(word), word) for word in words])

    def _written(
        self, told: list[Reply] | StoreError, replies: Sequence[tuple[int, int]], source: deque[_Waiting]
    ) -> None:
        batch, self._batch = self._batch, []
        again: list[_Waiting] = []
        if isinstance(told, StoreError):
            again = batch
        else:
            entries, answers = iter(batch), iter(told)
            for events, count in replies:
                group, answer = list(islice(entries, events)), list(islice(answers, count))
                if self._passes(answer, events):
                    again += group
                elif self._contacts is not None:
                    for waiting in group:
                        self._contacts.add(waiting.record, waiting.event)
        if again:
            self._refuse()
        else:
            self._refused_since = None
        source.extendleft(reversed(again))
        self._bound()
        if source is self._draining and not source:
            self._drained()
        if not again and len(self._draining or self._waiting) >= BATCH:
            self.flush()

    def _passes(self, answer: list[Reply], events: int) -> bool:
        """The events could not be written now and can be later; what never can be is counted."""
        for place, reply in enumerate(answer):
            if isinstance(reply, hiredis.ReplyError):
                refused = StoreRefused(str(reply))
                if place == 0 and refused.passes:
                    return True
                self._dropped(refused.kind, events if place == 0 else 1)
        return False

    def _bound(self) -> None:
        while len(self._waiting) > self._buffer:
            self._waiting.popleft()
            self._dropped("full", 1)


def _at_once(task: Callable[[], None], done: Callable[[Exception | None], None]) -> None:
    try:
        task()
    except OSError as wrong:
        done(wrong)
    else:
        done(None)
