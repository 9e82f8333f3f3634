"""The folders that a process follows, and the thread and the process where they are looked at."""

import asyncio
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from router.live.examiner import Examiner
from router.live.following import POLL_SECONDS, Follower, Outcome, Owner
from router.live.verdict import Order

REST_SECONDS = 60.0
"""How often the examining process is ended when it has nothing to do."""
SWITCH_SECONDS = 0.0005
"""How long the thread may keep the interpreter from calls while it compiles; Python lets it 5 ms."""


class Folders:
    """Follows folders of policies until closed; all that waits for disks is done in one thread, in turn."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        monotonic: Callable[[], float],
        poll: float = POLL_SECONDS,
    ) -> None:
        """``poll``: seconds between two looks at the files."""
        self._loop = loop
        self._poll = poll
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="policies")
        sys.setswitchinterval(SWITCH_SECONDS)
        self.examiner = Examiner(monotonic=monotonic)
        self._followers: dict[str, Follower] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def aside(self, function: Callable[..., Any], *given: Any) -> "asyncio.Future[Any]":
        """Run a function in the thread."""
        return self._loop.run_in_executor(self._thread, function, *given)

    def follow(
        self,
        name: str,
        order: Order,
        owner: Owner,
        *,
        live: str | None,
        trusted: Callable[[], Iterable[str]] = tuple,
        last_good: bool = True,
    ) -> None:
        """Follow a folder from now on, as `Follower` says; outcomes are told under ``name``."""
        owner.follows(order.folder)
        follower = Follower(
            order,
            owner,
            live=live,
            examine=self.examiner.examine,
            aside=self.aside,
            trusted=trusted,
            last_good=last_good,
            poll=self._poll,
        )
        self._followers[name] = follower
        self._tasks.append(self._loop.create_task(follower.follow()))

    async def reload(self) -> dict[str, Outcome]:
        """Look at every folder now; what came of each."""
        asked = {name: follower.ask() for name, follower in self._followers.items()}
        return {name: await outcome for name, outcome in asked.items()}

    def rest(self) -> None:
        """End the examining process if it has nothing to do."""
        self.aside(self.examiner.rest)

    def close(self) -> None:
        """Follow no more; what is being looked at is dropped."""
        for task in self._tasks:
            task.cancel()
        self.examiner.close()
        self._thread.shutdown(wait=False, cancel_futures=True)
