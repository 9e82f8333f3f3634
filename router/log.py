"""The log of a long-running process: lines on standard output, written by a thread, never waited for."""

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, cast

import structlog

LINES = 65_536
"""Lines that wait to be written, at most."""
LINES_A_WRITE = 8
"""Under 4096 bytes together: a pipe takes them whole, and no other line comes between."""
LAST_SECONDS = 2.0
"""How long the last lines may take at the end of the process."""
_PAGE = 4096


class Log:
    """Takes lines, and the texts of structlog as a file would; a thread writes them, a batch at a time.

    Whoever does not read his pipe, or lets his disk fill up, stops the log and not the process: lines are
    lost and counted. The thread is a daemon and writes to the descriptor, so that it cannot hold up the end
    of the process either.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.dropped = 0
        """Lines lost because nobody took them."""
        self._lines: list[bytes] = []
        self._batches: SimpleQueue[list[bytes] | None] = SimpleQueue()
        self._is_writing = False
        self._thread = Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def add(self, line: bytes) -> None:
        """Take a line, to be written with the next flush."""
        if len(self._lines) < LINES:
            self._lines.append(line)
        else:
            self.dropped += 1

    def write(self, text: str) -> None:
        """Take a line with its end, as structlog hands it over."""
        self.add(text.removesuffix("\n").encode())

    def flush(self) -> None:
        """Have written what has come since the last time, unless that is still being written."""
        if self._lines and not self._is_writing:
            self._is_writing = True
            self._batches.put(self._lines)
            self._lines = []

    def close(self) -> None:
        """Write what is left, in `LAST_SECONDS` at most."""
        self._batches.put(self._lines)
        self._batches.put(None)
        self._thread.join(LAST_SECONDS)

    def _write(self) -> None:
        while (lines := self._batches.get()) is not None:
            for written in range(0, len(lines), LINES_A_WRITE):
                text = b"".join(line + b"\n" for line in lines[written : written + LINES_A_WRITE])
                try:
                    while text:
                        text = text[os.write(self._descriptor, text) :]
                except OSError:  # the pipe is closed, the disk is full
                    self.dropped += len(lines) - written
                    break
            self._is_writing = False


class Unwaited:
    """Takes the texts of structlog, and writes each at once if that need not wait: without thread or loop.

    For a process that forks, and logs some lines a day. Whoever does not read his pipe loses them.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def write(self, text: str) -> None:
        """Take a line with its end: of a pipe that can be written, a page is free."""
        with suppress(OSError):  # the pipe is closed, the disk is full
            if self._poll.poll(0):
                os.write(self._descriptor, text.encode()[:_PAGE])

    def flush(self) -> None:
        """Nothing waits."""


@contextmanager
def logged(descriptor: int) -> Iterator[Log]:
    """Have all that is logged in the block written to a descriptor."""
    log = Log(descriptor)
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(cast("Any", log)))
    try:
        yield log
    finally:
        log.close()
