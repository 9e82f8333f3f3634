"""Workers: processes that are forked by a parent, share its listening socket, and are missed by it.

The parent has imported and checked everything, so that a worker is there in some hundredths of a second; it
has no loop and no thread, so that it can be forked at any time. It decides no calls
(docs/decisions/0025-workers.md).

A worker and its parent have a pair of sockets: the worker says how it is, in systemd's words, and which
policies are live; when one of them is gone, the other reads the end of it.
"""

import array
import faulthandler
import os
import pickle
import select
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

import structlog

from router.errors import IvrError
from router.policy.rulebook import Rulebook
from router.supervisor import CANNOT_START, Limits, Over, Send, Spawn, Supervisor
from router.systemd import Notify, State

log = structlog.get_logger()

BEAT_SECONDS = 1.0
"""A worker says that it turns twice as often."""
_LIVE = b"LIVE"
"""The word that the live policies come with, in a file of memory."""
_LONGEST = 256
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@dataclass(frozen=True, slots=True)
class Parent:
    """What a worker sees of its parent."""

    channel: socket.socket
    watchdog_seconds: float | None = BEAT_SECONDS

    def tell(self, state: State, status: str = "") -> None:  # noqa: ARG002  the parent has its own
        """Tell it how this worker is; a parent that does not listen is not waited for."""
        with suppress(OSError):
            self.channel.send(state.value.encode(), socket.MSG_DONTWAIT)

    def live(self, book: bytes) -> None:
        """Leave it the policies that are live, a pickled rulebook: who comes next begins with them."""
        try:
            file = os.memfd_create("policies")
            try:
                os.write(file, book)
                socket.send_fds(self.channel, [_LIVE], [file], socket.MSG_DONTWAIT)
            finally:
                os.close(file)
        except OSError as wrong:
            log.warning("the parent could not be told which policies are live", why=str(wrong))

    def when_lost(self, loop: Any, end: Callable[[], None]) -> None:
        """Have it said, on an asyncio loop, when the parent is gone."""

        def read() -> None:
            loop.remove_reader(self.channel)  # it never says a word: this is the end of it
            end()

        loop.add_reader(self.channel, read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What a worker begins with."""

    number: int
    """From 0."""
    parent: Parent
    live: Rulebook | None
    """The policies that the others go by; None: those that the parent has read."""


@dataclass(slots=True)
class _Child:
    pid: int
    channel: socket.socket
    is_reloading: bool = False
    is_open: bool = True
    """There can be more to hear of it."""


@dataclass(slots=True, kw_only=True)
class _Workers:
    """Those that run, and where to hear of them."""

    work: Callable[[Worker], None]
    supervisor: Supervisor
    notify: Notify
    wakes: socket.socket
    """Gets the number of each signal that comes to the parent."""
    listening: socket.socket
    status: str
    clock: Callable[[], float]
    has_terminal: bool
    children: dict[int, _Child] = field(default_factory=dict)
    live: int | None = None
    """A file of memory with the live policies."""
    is_turning_told: float = 0.0
    told: tuple[str, str] | None = None

    def run(self) -> int:
        """Until all have ended; the exit code."""
        while True:
            for order in self.supervisor.orders(self.clock()):
                match order:
                    case Spawn(number):
                        self._spawn(number)
                    case Send(number, by):
                        self._send(number, by)
                    case Over(code):
                        return code
            self._tell()
            self._wait()
            self._reap()

    def _wait(self) -> None:
        """Until something happens, and not too long: systemd wants to hear of us."""
        poll = select.poll()
        poll.register(self.wakes, select.POLLIN)
        for child in self.children.values():
            if child.is_open:
                poll.register(child.channel, select.POLLIN)
        seconds = min(self.supervisor.wake(self.clock()), (self.notify.watchdog_seconds or 2.0) / 2)
        ready = {descriptor for descriptor, _ in poll.poll(seconds * 1000 + 1)}
        for number, child in self.children.items():
            if child.channel.fileno() in ready:
                self._listen(number, child)
        if self.wakes.fileno() in ready:
            for by in self.wakes.recv(4096):
                self._signalled(signal.Signals(by))

    def _signalled(self, by: signal.Signals) -> None:
        match by:
            case signal.SIGTERM | signal.SIGINT:
                self._end()
            case signal.SIGHUP if self.has_terminal and not os.isatty(0):
                self._end()  # it was closed
            case signal.SIGHUP:
                for child in self.children.values():
                    os.kill(child.pid, signal.SIGHUP)

    def _end(self) -> None:
        if not self.supervisor.is_ending:
            self.notify.tell(State.STOPPING, "ends what has begun")
        self.listening.close()  # who calls from now on is refused, unless systemd holds it, too
        self.supervisor.end(self.clock())

    def _listen(self, number: int, child: _Child) -> None:
        """Take what a worker says; its end is seen by `_reap`."""
        with suppress(BlockingIOError, ConnectionError):
            while True:
                word, descriptors = _received(child.channel)
                if not word:
                    child.is_open = False
                    return
                is_ready = {State.READY.value: True, State.STOPPING.value: False}.get(word.decode())
                self.supervisor.heard(number, self.clock(), ready=is_ready)
                if word == _LIVE and descriptors:
                    self._keep(descriptors.pop())
                elif word.decode() in {State.RELOADING, State.READY}:
                    child.is_reloading = word.decode() == State.RELOADING
                for left in descriptors:
                    os.close(left)

    def _keep(self, live: int) -> None:
        if self.live is not None:
            os.close(self.live)
        self.live = live

    def _tell(self) -> None:
        """Tell systemd what has changed, and that we turn, as long as a worker takes calls."""
        if self.supervisor.is_ending or not self.supervisor.ready:
            return
        reloading = any(child.is_reloading for child in self.children.values())
        state = State.RELOADING if reloading else State.READY
        told = state, f"{self.supervisor.ready} of {self.supervisor.count} {self.status}"
        if told != self.told:
            self.told = told
            self.notify.tell(*told)
        watchdog, now = self.notify.watchdog_seconds, self.clock()
        if watchdog is not None and now - self.is_turning_told >= watchdog / 2:
            self.is_turning_told = now
            self.notify.tell(State.TURNING)

    def _send(self, number: int, by: signal.Signals) -> None:
        if by != signal.SIGTERM:
            log.error("a worker does not answer", worker=number, sent=by.name)
        os.kill(self.children[number].pid, by)

    def _reap(self) -> None:
        """Take leave of those that have ended, and of nobody else's children."""
        for number, child in list(self.children.items()):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._listen(number, child)
                code = os.waitstatus_to_exitcode(status)
                child.channel.close()
                del self.children[number]
                self.supervisor.ended(number, self.clock(), code)
                if not self.supervisor.is_ending:
                    how = {"signal": signal.Signals(-code).name} if code < 0 else {"exit_code": code}
                    log.error("a worker has ended", worker=number, pid=pid, **how)

    def _spawn(self, number: int) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003  it takes no name
        # a signal that comes to the child before it has handlers of its own waits for them
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                self._become(number, ours, theirs, blocked)
        except OSError as wrong:
            log.error("a worker cannot be started", worker=number, why=str(wrong))  # noqa: TRY400  why is enough
            self.supervisor.ended(number, self.clock(), -signal.SIGKILL)
            ours.close()
        else:
            self.children[number] = _Child(pid, ours)
            self.supervisor.started(number, self.clock())
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            theirs.close()

    def _become(
        self, number: int, ours: socket.socket, theirs: socket.socket, blocked: Iterable[int]
    ) -> NoReturn:
        """Be the worker; nothing of the parent is undone at its end."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for by in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(by, signal.SIG_DFL)
            # an end that is open here, too, would hide that the other is gone
            for end in (ours, self.wakes, *(child.channel for child in self.children.values())):
                end.close()
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            faulthandler.enable()
            self.work(Worker(number=number, parent=Parent(theirs), live=_read(self.live)))
            code = 0
        except (IvrError, OSError) as wrong:
            print(f"ivr: worker {number}: {wrong}", file=sys.stderr)  # noqa: T201  as main() says it
            code = CANNOT_START
        except SystemExit as wanted:
            code = wanted.code if isinstance(wanted.code, int) else 0
        except BaseException:  # noqa: BLE001  whatever it is, it ends here
            traceback.print_exc()
        finally:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError):
                    stream.flush()
            os._exit(code)


def supervise(
    count: int,
    work: Callable[[Worker], None],
    *,
    listening: socket.socket,
    notify: Notify,
    status: str,
    clock: Callable[[], float],
    limits: Limits | None = None,
) -> int:
    """Have so many workers run until SIGTERM or SIGINT, then until each has ended; the exit code.

    ``work`` is what each of them does, in a process of its own, with the socket that is ``listening``. SIGHUP
    is passed on to them, unless it says that the terminal was closed. systemd is told ``status`` behind how
    many of them are ready, when the first is.
    """
    with _signals() as wakes:
        workers = _Workers(
            work=work,
            supervisor=Supervisor(count, limits or Limits()),
            notify=notify,
            wakes=wakes,
            listening=listening,
            status=status,
            clock=clock,
            has_terminal=os.isatty(0),
        )
        return workers.run()


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """Where the number of each signal comes, as a byte."""
    with ExitStack() as held:
        reading, writing = map(held.enter_context, socket.socketpair())
        for end in (reading, writing):
            end.setblocking(False)  # noqa: FBT003  it takes no name
        former = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        held.callback(signal.set_wakeup_fd, former)
        for by in _SIGNALS:
            held.callback(signal.signal, by, signal.signal(by, _pass))
        yield reading


def _pass(_: int, __: object) -> None:
    """Its number is on its way already."""


def _received(channel: socket.socket) -> tuple[bytes, list[int]]:
    """A word, and the files that came with it, which no child inherits; no word: the worker is gone."""
    room = socket.CMSG_SPACE(array.array("i").itemsize)
    word, extra, _, _ = channel.recvmsg(_LONGEST, room, socket.MSG_CMSG_CLOEXEC)
    files = array.array("i")
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            files.frombytes(data)
    return word, list(files)


def _read(live: int | None) -> Rulebook | None:
    if live is None:
        return None
    book = os.pread(live, os.fstat(live).st_size, 0)
    return pickle.loads(book)  # type: ignore[no-any-return]  # noqa: S301  from our own child
