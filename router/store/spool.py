"""A bounded folder of events that the store did not take: written at its end, drained from its beginning.

Files of about a megabyte, ``00000001.log`` and so on, a record a line: ``[writer, number, event, grounds]``
as JSON. A torn last line, of a process that died writing it, is passed over. All of it blocks: a worker
thread calls it.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from router.errors import SettingsError
from router.owned import take
from router.quick import quick

SEGMENT = 1_048_576
"""Bytes of a file, about."""
BOUND = 67_108_864
"""Bytes of all files, about."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An event on its way to the store."""

    writer: str
    """Names the sequence that the number is of."""
    number: int
    event: bytes
    """As JSON."""
    grounds: bytes = b""


@dataclass(slots=True)
class _Segment:
    path: Path
    size: int
    records: int


def segments(folder: Path) -> list[Path]:
    """A spool's files, the oldest first, by their names: a log that is written to beside them is none."""
    return sorted(folder.glob("[0-9]" * 8 + ".log"))


class Spool:
    """One process's folder."""

    def __init__(self, folder: Path, dropped: Callable[[str, int], None], *, bound: int = BOUND) -> None:
        """Take the folder, with what a former process has left in it; ``dropped`` is told why and how many.

        Raises:
            SettingsError: another process has it, or it cannot be used.
        """
        self._folder = folder
        self._dropped = dropped
        self._bound = bound
        self._lock = take(folder, whose="process", option="--spool")
        try:
            self._segments = [_found(path) for path in segments(folder)]
        except OSError as wrong:
            raise SettingsError(f"--spool {folder} cannot be used: {wrong.strerror}") from wrong
        self._named = int(self._segments[-1].path.stem) if self._segments else 0
        self._is_closed = True
        self._read: _Segment | None = None

    @property
    def records(self) -> int:
        """Events in it."""
        return sum(segment.records for segment in self._segments)

    def append(self, records: Iterable[Record]) -> None:
        """Add events at the end; what must go for it is the oldest file.

        Raises:
            OSError: they could not be written, or not all of them.
        """
        lines = [
            orjson.dumps([record.writer, record.number, record.event.decode(), record.grounds.decode()])
            + b"\n"
            for record in records
        ]
        text = b"".join(lines)
        while (room := self._idle()) and sum(each.size for each in self._segments) + len(text) > self._bound:
            self._remove(room[0])
            self._dropped("spool_full", room[0].records)
        segment = self._last()
        with os.fdopen(os.open(segment.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "wb") as file:
            file.write(text)
        segment.size += len(text)
        segment.records += len(lines)

    def _idle(self) -> list[_Segment]:
        """Those that may go: not the one that is on its way to the store."""
        return [segment for segment in self._segments if segment is not self._read]

    def _remove(self, segment: _Segment) -> None:
        self._segments.remove(segment)
        segment.path.unlink(missing_ok=True)

    def _last(self) -> _Segment:
        if self._is_closed or not self._segments or self._segments[-1].size >= SEGMENT:
            self._named += 1
            self._segments.append(_Segment(self._folder / f"{self._named:08}.log", 0, 0))
            self._is_closed = False
        return self._segments[-1]

    def oldest(self) -> list[Record]:
        """The events of the oldest file; nothing is added to that one any more.

        Raises:
            OSError: it cannot be read.
        """
        if not self._segments:
            return []
        self._is_closed = self._is_closed or len(self._segments) == 1
        self._read = self._segments[0]
        return list(_records(self._read.path))

    def drop_read(self) -> None:
        """Remove the file that was read: its events are where they belong."""
        if self._read is not None:
            self._remove(self._read)
            self._read = None

    def lose_read(self) -> None:
        """Give up the file that should be read and cannot be, and count its events."""
        if self._read is not None:
            self._segments.remove(self._read)
            self._dropped("spool_failed", self._read.records)
            self._read = None

    def close(self) -> None:
        """Give the folder back; what is in it stays."""
        os.close(self._lock)


def _found(path: Path) -> _Segment:
    text = path.read_bytes()
    return _Segment(path, len(text), text.count(b"\n"))


def _records(path: Path) -> Iterable[Record]:
    for line in path.read_bytes().splitlines():
        try:
            writer, number, event, grounds = orjson.loads(line)
            yield Record(
                writer=str(writer), number=int(number), event=event.encode(), grounds=grounds.encode()
            )
        except (ValueError, TypeError, AttributeError):
            continue
