"""Follows a folder of policies: looks at it when asked to, and when its files have changed.

However often one asks while a folder is being looked at, it is looked at once more after that.
"""

import asyncio
import pickle
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import structlog

from router.live.files import Signature, signature
from router.live.verdict import Failed, Good, Known, Order, Refused, Verdict
from router.policy.compile import compiled
from router.policy.decide import Policies
from router.policy.version import folder_name, folder_of

log = structlog.get_logger()

POLL_SECONDS = 1.0
"""Files that were the same twice, so far apart, are read: an editor may be in the middle of writing."""
AGAIN_POLLS = 60
"""After a failure a folder is looked at by itself, when so many polls have gone by; so is one whose version
could not be kept."""


class Result(StrEnum):
    """What came of looking at a folder (a label of ``ivr_policy_reloads_total``)."""

    LOADED = "loaded"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of looking at a folder, and what is live after it."""

    result: Result
    version: str | None
    """The version that is live; None: none is."""
    problems: tuple[str, ...] = ()
    """Why the files were not taken, or what is not proved of them; a line each."""

    @property
    def good(self) -> bool:
        """The files in the folder are what is live."""
        return self.result in {Result.LOADED, Result.UNCHANGED}


class Owner(Protocol):
    """Who has the policies of a folder decide."""

    def follows(self, folder: Path) -> None:
        """Know which folder it is, before all else."""

    def take(self, policies: Policies) -> None:
        """Have another version decide from now on."""

    async def confirm(self, good: Good) -> None:
        """Know what was found of the version that decides; once for each."""

    async def keep(self, good: Good) -> bool:
        """Keep the version that decides, for a way back; False: it failed, and is to be tried again."""

    def told(self, outcome: Outcome) -> None:
        """Know what came of an attempt."""


Aside = Callable[..., Awaitable[Any]]
"""Run a function where it may wait for disks and processes: ``await aside(function, *arguments)``."""


class Follower:
    """One folder, its live version, and whoever waits to hear what became of it."""

    def __init__(
        self,
        order: Order,
        owner: Owner,
        *,
        live: str | None,
        examine: Callable[[Order], Verdict],
        aside: Aside,
        trusted: Callable[[], Iterable[str]] = tuple,
        last_good: bool = True,
        poll: float = POLL_SECONDS,
    ) -> None:
        """``live`` is the version that decides already; ``examine`` and ``trusted`` are run aside.

        What is live and what is ``trusted`` of this folder is taken whatever the proof says of it. Without
        ``last_good`` a version whose files are no longer good does not decide any further.
        """
        self._order = order
        self._owner = owner
        self._examine = examine
        self._aside = aside
        self._trusted = trusted
        self._last_good = last_good
        self._poll = poll
        self.live = live
        self._known: str | None = None
        self._unkept: Good | None = None
        self._tried: Signature | object = object()  # unlike every other: the first poll finds a change
        self._again = 0
        self._asked = asyncio.Event()
        self._waiting: list[asyncio.Future[Outcome]] = []

    def ask(self) -> "asyncio.Future[Outcome]":
        """Have the folder looked at soon; what came of it."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._asked.set()
        return future

    async def follow(self) -> None:
        """Follow the folder until cancelled; then whoever still waits is cancelled, too."""
        before: Signature | object = object()
        try:
            while True:
                try:
                    await asyncio.wait_for(self._asked.wait(), self._poll)
                except TimeoutError:
                    seen = await self._aside(signature, self._order.folder)
                    self._again = max(0, self._again - 1)
                    settled, before = seen == before, seen
                    if not settled or (seen == self._tried and self._again != 1):
                        continue
                await self._attempt()
        finally:
            for future in self._waiting:
                future.cancel()

    async def _attempt(self) -> None:
        """Look at the folder once, for all who have asked by now."""
        self._asked.clear()
        waiting, self._waiting = self._waiting, []
        try:
            self._tried = await self._aside(signature, self._order.folder)
            outcome = await self._outcome()
            self._owner.told(outcome)
        except asyncio.CancelledError:
            self._waiting += waiting
            raise
        except Exception as broken:
            log.exception("a folder of policies could not be looked at")
            outcome = self._failed(str(broken))
            self._owner.told(outcome)
        self._again = AGAIN_POLLS if outcome.result is Result.FAILED or self._unkept else 0
        for future in waiting:
            if not future.done():
                future.set_result(outcome)

    async def _outcome(self) -> Outcome:
        if self._unkept is not None:
            await self._keep(self._unkept)
        lived: Iterable[str] = await self._aside(self._trusted)
        of = folder_name(self._order.folder)
        trusted = {version for version in lived if folder_of(version) == of}
        live = {self.live} if self.live else set()
        order = replace(self._order, known=self._known, trusted=frozenset(trusted | live))
        said: Verdict = await self._aside(self._examine, order)
        match said:
            case Good():
                return await self._taken(said)
            case Known():
                return Outcome(result=Result.UNCHANGED, version=self.live)
            case Refused(problems=problems):
                if not self._last_good:
                    self.live = self._known = None
                return Outcome(result=Result.REFUSED, version=self.live, problems=problems)
            case Failed(why=why):
                return self._failed(why)

    async def _taken(self, good: Good) -> Outcome:
        result = Result.UNCHANGED
        if good.version != self.live:
            self._owner.take(await self._aside(_compiled, good.book))
            self.live, result = good.version, Result.LOADED
        self._known = good.version
        await self._owner.confirm(good)
        await self._keep(good)
        return Outcome(result=result, version=self.live, problems=good.doubts)

    async def _keep(self, good: Good) -> None:
        self._unkept = None  # also when keeping breaks otherwise than by its disk
        if not await self._owner.keep(good):
            self._unkept = good

    def _failed(self, why: str) -> Outcome:
        return Outcome(result=Result.FAILED, version=self.live, problems=(why,))


def _compiled(book: bytes) -> Policies:
    return compiled(pickle.loads(book))  # noqa: S301  from our own child
