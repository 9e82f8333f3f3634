"""Has folders of policies looked at in a process of its own (router/live/judge.py), in bounds."""

import os
import pickle
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO

from router.live.verdict import LENGTH, Failed, Order, Verdict, packed

EXAMINE_SECONDS = 30.0
"""The longest that a folder may take."""
MEMORY = 2 * 1024**3
"""Bytes of address space that the process may have."""
MAX_REPLY = 256 * 1024**2


class _NoVerdict(Exception):
    """The process has ended, or did not answer in time."""


class Examiner:
    """Has folders looked at, one at a time, in a process that is started when needed; for one thread."""

    def __init__(
        self, *, monotonic: Callable[[], float], seconds: float = EXAMINE_SECONDS, memory: int = MEMORY
    ) -> None:
        """``seconds`` that one folder may take, ``memory`` in bytes."""
        self._monotonic = monotonic
        self._seconds = seconds
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._door = threading.Lock()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process, if there is one."""
        process = self._process
        return None if process is None else process.pid

    def examine(self, order: Order) -> Verdict:
        """What is to be said of a folder; `Failed` when the process broke: the next call starts another."""
        with self._door:
            try:
                process = self._started()
                return self._asked(process, order)
            except (OSError, _NoVerdict) as wrong:
                return Failed(why=self._ended(str(wrong)))

    def rest(self) -> None:
        """End the process unless it has work: it takes some 100 MB that nobody needs until the next time."""
        if self._door.acquire(blocking=False):
            try:
                self._ended("")
            finally:
                self._door.release()

    def close(self) -> None:
        """End for good; a folder that is being looked at has failed."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise _NoVerdict("the service ends")
        if self._process is None or self._process.poll() is not None:
            self._ended("")
            self._process = subprocess.Popen(
                [sys.executable, "-m", "router.live.judge", str(self._memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        return self._process

    def _asked(self, process: subprocess.Popen[bytes], order: Order) -> Verdict:
        assert process.stdin is not None  # noqa: S101  both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(packed(order))
        process.stdin.flush()
        end = self._monotonic() + self._seconds
        (length,) = LENGTH.unpack(self._read(process.stdout, LENGTH.size, end))
        if length > MAX_REPLY:
            raise _NoVerdict(f"the verdict has {length} bytes")
        answer: Verdict = pickle.loads(self._read(process.stdout, length, end))  # noqa: S301  our own child
        return answer

    def _read(self, pipe: IO[bytes], count: int, end: float) -> bytes:
        parts, missing = [], count
        while missing:
            ready, _, _ = select.select([pipe], [], [], max(0.0, end - self._monotonic()))
            if not ready:
                raise _NoVerdict(f"there was no verdict in {self._seconds:g} s")
            part = os.read(pipe.fileno(), min(missing, 1 << 20))
            if not part:
                raise _NoVerdict("the process that reads the files has ended")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _ended(self, why: str) -> str:
        """End the process; why, with how it ended by itself."""
        process, self._process = self._process, None
        if process is None:
            return why
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what could not be written
                if pipe is not None:
                    pipe.close()
        code = process.wait()
        return why if code == -signal.SIGKILL and "ended" not in why else f"{why} ({_exit(code)})"


def _exit(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
