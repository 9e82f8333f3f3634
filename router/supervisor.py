"""What is to be done with workers: which to start, to wait for, to replace, to end. No process and no clock.

Whoever runs them (router/workers.py) tells it what has happened, and asks what to do now and when to ask
again. Times are seconds of a clock that never goes back.
"""

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

CANNOT_START = 2
"""The exit code of a process that has said why it does not start: another try would say the same."""
BROKEN = 1
"""The exit code when workers have died again and again: who started us is to start all of it anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long things may take, in seconds; and how often they are tried."""

    start: float = 20.0
    """From the fork to its first word."""
    hung: float = 3.0
    """Without a word, once it has said one: its loop does not turn."""
    abort: float = 1.0
    """From SIGABRT to SIGKILL: to write where it hung."""
    end: float = 9.8
    """From SIGTERM to SIGKILL: a worker drains for less."""
    steady: float = 10.0
    """Who has lived for so long died by accident: he is replaced at once."""
    pause: float = 0.1
    """Before the second start of one that dies at once; it doubles with each further one."""
    longest_pause: float = 5.0
    tries: int = 8
    """When every worker has died so often in a row, all of it is given up."""
    look: float = 1.0
    """It wants to be asked at least so often."""
    late: float = 0.5
    """Asked so much later than wanted, it was we who stood still: nobody is blamed for that time."""


@dataclass(frozen=True, slots=True)
class Spawn:
    """Start a worker."""

    worker: int


@dataclass(frozen=True, slots=True)
class Send:
    """Send a worker a signal."""

    worker: int
    signal: signal.Signals


@dataclass(frozen=True, slots=True)
class Over:
    """No worker runs and none will: exit with this code."""

    code: int


Order = Spawn | Send | Over


@dataclass(slots=True)
class _Worker:
    due: float | None
    """When it is to be started; None: it runs."""
    began: float = 0.0
    heard: float = 0.0
    has_spoken: bool = False
    is_ready: bool = False
    was_ready: bool = False
    """It, or one before it with its number."""
    failures: int = 0
    """Deaths in a row."""
    sent: signal.Signals | None = None
    sent_at: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """So many workers, by their numbers from 0."""

    count: int
    limits: Limits = field(default_factory=Limits)
    _workers: list[_Worker] = field(init=False)
    _ending_since: float | None = None
    _code: int = 0
    _next: float = 0.0
    """When it wanted to be asked again."""

    def __post_init__(self) -> None:
        self._workers = [_Worker(due=0.0) for _ in range(self.count)]

    @property
    def ready(self) -> int:
        """Workers that take calls."""
        return sum(each.is_ready and each.due is None for each in self._workers)

    @property
    def is_ending(self) -> bool:
        """Nobody is started any more."""
        return self._ending_since is not None

    def started(self, worker: int, now: float) -> None:
        """It has been started."""
        former = self._workers[worker]
        self._workers[worker] = _Worker(
            due=None, began=now, heard=now, failures=former.failures, was_ready=former.was_ready
        )

    def heard(self, worker: int, now: float, *, ready: bool | None = None) -> None:
        """It has said a word: that it takes calls, that it no longer does, or just that it turns."""
        it = self._workers[worker]
        it.heard, it.has_spoken = now, True
        if ready is not None:
            it.is_ready = ready
            it.was_ready |= ready

    def ended(self, worker: int, now: float, code: int) -> None:
        """It has ended, or could not be started: by an exit code, or by a signal (below 0)."""
        it = self._workers[worker]
        lived = 0.0 if it.due is not None else now - it.began
        it.failures = 1 if lived >= self.limits.steady else it.failures + 1
        it.due, it.is_ready = now + self._pause(it.failures), False
        if self.is_ending:
            return
        if code == CANNOT_START and not it.was_ready:
            self._code = code
        elif all(each.failures >= self.limits.tries for each in self._workers):
            self._code = BROKEN
        if self._code:
            self._ending_since = now

    def end(self, now: float) -> None:
        """Somebody wants all of it to end."""
        if not self.is_ending:
            self._ending_since = now

    def orders(self, now: float) -> list[Order]:
        """What is to be done now; each order is given once."""
        overslept = now - self._next
        if overslept > self.limits.late:
            for each in self._workers:
                each.heard = min(now, each.heard + overslept)
        orders = list(self._ending(now) if self.is_ending else self._living(now))
        self._next = min(self._wake(now), now + self.limits.look)
        return orders

    def wake(self, now: float) -> float:
        """In how many seconds to ask again, at the latest."""
        return max(0.0, self._next - now)

    def _pause(self, failures: int) -> float:
        if failures <= 1:
            return 0.0
        return float(min(self.limits.longest_pause, self.limits.pause * 2 ** min(failures - 2, 30)))

    def _living(self, now: float) -> Iterator[Order]:
        for number, each in enumerate(self._workers):
            if each.due is not None:
                if now >= each.due:
                    yield Spawn(number)
            elif now >= self._patience(each):
                yield self._told(number, now, signal.SIGKILL if each.sent else signal.SIGABRT)

    def _ending(self, now: float) -> Iterator[Order]:
        running = [(number, each) for number, each in enumerate(self._workers) if each.due is None]
        if not running:
            yield Over(self._code)
        for number, each in running:
            if now >= self._end and each.sent is not signal.SIGKILL:
                yield self._told(number, now, signal.SIGKILL)
            elif each.sent is None:
                yield self._told(number, now, signal.SIGTERM)

    def _told(self, number: int, now: float, by: signal.Signals) -> Order:
        each = self._workers[number]
        each.sent, each.sent_at, each.is_ready = by, now, False
        return Send(number, by)

    @property
    def _end(self) -> float:
        return (self._ending_since or 0.0) + self.limits.end

    def _patience(self, each: _Worker) -> float:
        """Until when nothing is done about a worker that runs."""
        if each.sent is None:
            return each.heard + (self.limits.hung if each.has_spoken else self.limits.start)
        return each.sent_at + self.limits.abort if each.sent is signal.SIGABRT else float("inf")

    def _wake(self, now: float) -> float:
        if self.is_ending:
            return self._end if now < self._end else now + self.limits.abort
        return min(self._patience(each) if each.due is None else each.due for each in self._workers)
