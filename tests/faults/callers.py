"""Callers who ask all the time, as Asterisk's dialplan does, while something is broken."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from router.agi.switch import ask
from router.settings import Address

LIMIT = 20.0
"""Seconds that a condition may take to come true; it never takes one."""
CALLERS = 10
PAUSE = 0.1
"""Seconds between two calls of one caller: a hundred calls a second, all together."""


def wait_for(condition, what):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"in {LIMIT:g} s never: {what}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One AGI() of the dialplan: which router, and how long its answer is waited for."""

    router: Address
    seconds: float = LIMIT


@dataclass(slots=True, kw_only=True)
class Calls:
    """What became of the calls."""

    seconds: list[float] = field(default_factory=list)
    """Of each call that was answered, from its first step."""
    failed: list[str] = field(default_factory=list)
    """Calls that no step answered: they go to the dialplan's default."""
    steps_lost: Counter[str] = field(default_factory=Counter)
    """Steps that gave no answer, by what was wrong."""

    def __str__(self):
        worst = max(self.seconds, default=0)
        return (
            f"{len(self.seconds)} answered, {len(self.failed)} not; the longest took {worst:.3f} s; "
            f"steps without an answer: {dict(self.steps_lost)}"
        )


class Load:
    """Calls go on until it is left."""

    def __init__(self, steps: Sequence[Step]):
        self.calls = Calls()
        self._steps = steps
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._go_on, args=(number,)) for number in range(CALLERS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def goes_on(self, calls=50):
        """Wait until so many more have been answered."""
        enough = len(self.calls.seconds) + calls
        wait_for(lambda: len(self.calls.seconds) >= enough, f"{calls} more calls are answered; {self.calls}")

    def _go_on(self, caller):
        number = 0
        while not self._over.wait(PAUSE):
            number += 1
            self._call(f"{caller}.{number}")

    def _call(self, call_id):
        began, why = time.monotonic(), "no step"
        for step in self._steps:
            try:
                answer = ask(step.router, "13900000065", "10010", call_id, deadline=step.seconds)
            except OSError as wrong:
                why = type(wrong).__name__
                self.calls.steps_lost[why] += 1
            else:
                if answer.variables.get("IVR_OK") == "1":
                    self.calls.seconds.append(time.monotonic() - began)
                    return
                why = "FAILURE"
                self.calls.steps_lost[why] += 1
        self.calls.failed.append(f"{call_id}: {why}")
