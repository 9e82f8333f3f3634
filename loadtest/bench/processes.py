"""Processes pinned to a core: when they listen, how much CPU they have used, and their end."""

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LISTEN = "0A"
"""The state of a listening socket in /proc/net/tcp."""


class StartError(Exception):
    """A process ended, or did not listen in time; the message has the end of what it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cores:
    """Where processes run: the server alone on one core, load and store on the other."""

    server: int
    load: int

    @classmethod
    def available(cls) -> "Cores":
        """The first and the last core this process may use; the same one where there is only one."""
        cores = sorted(os.sched_getaffinity(0))
        return cls(server=cores[-1], load=cores[0])


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """Make a command line that runs ``command`` on one core."""
    return ["taskset", "-c", str(core), *command]


@contextmanager
def running(command: Sequence[str], *, core: int | None, log: Path) -> Iterator[int]:
    """Run a process on a core (None: any), its output in ``log``, and give its id; it has ended then."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command if core is None else pinned(core, command),
            stdout=output,
            stderr=output,
            start_new_session=True,  # so that its children can be ended with it
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def wait_until_listening(pid: int, port: int, log: Path, seconds: float = 30) -> None:
    """Wait until somebody listens on ``port``, without connecting: one empty connection hangs some servers.

    Raises:
        StartError: the process has ended, or the time is over.
    """
    deadline = time.monotonic() + seconds
    while not _is_listening(port):
        if not _is_alive(pid) or time.monotonic() > deadline:
            raise StartError(f"nothing listens on port {port}\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)


def wait_until_settled(port: int, line: str, log: Path, seconds: float = 30) -> None:
    """Wait until the metrics on a port of loopback have a line.

    Raises:
        StartError: they do not have it in time.
    """
    deadline = time.monotonic() + seconds
    while line not in _metrics(port):
        if time.monotonic() > deadline:
            raise StartError(f"never in its metrics: {line}\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)


def _metrics(port: int) -> list[str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
            text: str = answer.read().decode()
            return text.splitlines()
    except OSError:
        return []


def cpu_us(pid: int) -> float:
    """CPU time of a process, its threads and its children so far, in microseconds.

    The scheduler's own account (/proc/PID/task/TID/schedstat) is exact to the nanosecond, where utime
    and stime count ticks of 10 ms.
    """
    accounts = [
        _read(account).split()
        for process in _tree(pid)
        for account in Path(f"/proc/{process}/task").glob("*/schedstat")
    ]
    return sum(int(account[0]) for account in accounts if account) / 1000


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(children).split():
            yield from _tree(int(child))


def _read(path: Path) -> str:
    """Read a file of /proc; nothing where the process or thread has just ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _is_alive(pid: int) -> bool:
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return bool(state) and state[0] != "Z"


def _is_listening(port: int) -> bool:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        if state == _LISTEN and int(local.rpartition(":")[2], 16) == port:
            return True
    return False
