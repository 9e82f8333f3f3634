"""Follows queue_log: its lines become events, once each, whatever ends and begins again in between."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog

from router.events import CallEvent
from router.queue_log.calls import Calls
from router.queue_log.lines import BadLine, parse
from router.queue_log.memory import Memory, Remembered
from router.queue_log.tail import Place, Tail

log = structlog.get_logger()


class LogTrouble(StrEnum):
    """What can go wrong with queue_log (the label of ``ivr_queue_log_errors_total``)."""

    MISSING = "missing"
    """There is no such file, or it cannot be read."""
    GONE = "gone"
    """The file that was read last is no more: lines may be missing."""
    TRUNCATED = "truncated"
    """The file is shorter than what was read of it."""
    MALFORMED = "malformed"
    """A line that neither app_queue.c nor the dialplan writes."""
    FORGOTTEN = "forgotten"
    """Too many calls were open at a time; the oldest was taken for over."""
    UNSAVED = "unsaved"
    """How far it was read could not be saved: after a crash it is read again from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sinks:
    """Where events go, and what is asked of there."""

    publish: Callable[[CallEvent, int], None]
    """Take an event and its number; the same line has the same number whenever it is read."""
    has_room: Callable[[], bool]
    """More can be taken now."""
    durable: Callable[[], int]
    """The number up to which nothing can be lost any more."""
    dump: Callable[[], Mapping[str, Any]]
    """The totals that the events have come to, to be saved with the place."""


class Following:
    """One log, followed from where it was left."""

    def __init__(
        self,
        tail: Tail,
        calls: Calls,
        sinks: Sinks,
        *,
        memory: Memory,
        number: int,
        counted: Callable[[int], None],
        trouble: Callable[[LogTrouble], None],
    ) -> None:
        """``number`` is that of the last event before the tail's place; ``counted`` is told of lines read."""
        self._tail = tail
        self._calls = calls
        self._sinks = sinks
        self._memory = memory
        self._number = number
        self._counted = counted
        self._trouble = trouble
        self._moment: Remembered | None = None
        self._saved: Place | None = None
        self._missing = False
        self._forgotten = 0
        self.is_caught_up = False
        """The end of the file was reached once."""

    @property
    def is_open(self) -> bool:
        """There is a log."""
        return self._tail.is_open

    @property
    def open_calls(self) -> int:
        """Calls that have not ended, as the log says."""
        return sum(not call.ended for call in self._calls.open.values())

    @property
    def behind(self) -> int:
        """Bytes that have not been read."""
        return self._tail.behind

    def turn(self) -> bool:
        """Take what has come, if there is room for it; whether there is more to do at once."""
        if not self._sinks.has_room():
            return False
        try:
            lines = self._tail.read()
        except OSError as wrong:
            self._say_missing(str(wrong))
            return False
        if not lines:
            self.is_caught_up = self.is_caught_up or (self._tail.is_open and not self._tail.behind)
            if not self._tail.is_open:
                self._say_missing("no such file")
            return False
        self._missing = False
        self._counted(len(lines))
        for line in lines:
            self._take(line)
        return True

    def _say_missing(self, why: str) -> None:
        if not self._missing:
            self._missing = True
            self._trouble(LogTrouble.MISSING)
            log.warning("queue_log cannot be read; trying until it can", why=why)

    def _take(self, text: bytes) -> None:
        try:
            line = parse(text)
            events = () if line is None else self._calls.take(line)
        except BadLine as bad:
            self._trouble(LogTrouble.MALFORMED)
            log.warning("a line of queue_log is passed over", why=str(bad))
            return
        for event in events:
            self._number += 1
            self._sinks.publish(event, self._number)
        if self._calls.forgotten > self._forgotten:
            self._forgotten = self._calls.forgotten
            self._trouble(LogTrouble.FORGOTTEN)

    def save(self) -> None:
        """Save a moment once its events cannot be lost; to be called by a timer and at the end."""
        if self._moment is None and self._tail.place not in {None, self._saved}:
            self._moment = Remembered(
                place=self._tail.place,
                number=self._number,
                calls=self._calls.dump(),
                totals=self._sinks.dump(),
            )
        if self._moment is None or self._sinks.durable() < self._moment.number:
            return
        moment, self._moment = self._moment, None
        try:
            self._memory.save(moment)
            self._saved = moment.place
        except OSError as wrong:
            self._trouble(LogTrouble.UNSAVED)
            log.warning("how far queue_log was read cannot be saved", why=str(wrong))

    def close(self) -> None:
        """Let go of the log."""
        self._tail.close()
