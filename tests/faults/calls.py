"""Calls at a steady rate, each decided as the dialplan has it: first router, second router, default."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, cycle

from router.agi.switch import environment, variables
from router.settings import Address

PATIENCE = 0.7
"""Seconds that the dialplan waits for a router (asterisk_conf/extensions/route.conf)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A customer of the test, and where the shipped policies send him."""

    number: str
    customer: Mapping[str, str]
    """Attributes as they are written in an import."""
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a call."""

    caller: Known
    at: float
    """When it was placed, by the monotonic clock."""
    seconds: float
    """Until it was decided, or given to the default route."""
    variables: Mapping[str, str]
    """Empty: no router decided it."""
    call_id: str
    lost: tuple[str, ...] = ()
    """Why routers that were asked before gave no answer."""

    @property
    def is_routed(self) -> bool:
        """A router has decided it, not the dialplan's default."""
        return bool(self.variables)

    @property
    def is_known(self) -> bool:
        """It was decided by what is known of this very caller."""
        return (
            self.variables.get("IVR_PROVINCE") == self.caller.customer["province"]
            and self.destination == self.caller.destination
        )

    @property
    def is_unknown(self) -> bool:
        """It was decided as for somebody of whom nothing is known."""
        return self.variables.get("IVR_PROVINCE") == "none" and self.destination == "menu:main"

    @property
    def destination(self) -> str:
        """As policies write it."""
        action = self.variables.get("IVR_ACTION", "")
        return f"{action}:{self.variables.get(f'IVR_{action.upper()}', '')}"


class Calls:
    """Places calls in a thread of its own."""

    def __init__(
        self, routers: Sequence[Address], callers: Sequence[Known], *, rate: float, patience: float
    ) -> None:
        """``rate``: calls a second, whatever becomes of those before; ``patience``: seconds a router."""
        self._routers = routers
        self._callers = cycle(callers)
        self._rate = rate
        self._patience = patience
        self._over = threading.Event()
        self._done: list[Outcome] = []

    @contextmanager
    def flow(self) -> Iterator[None]:
        """Place calls until the block ends, and let all of them end."""
        thread = threading.Thread(target=lambda: asyncio.run(self._place()))
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    @property
    def outcomes(self) -> list[Outcome]:
        """Of the calls that have ended by now, by when they were placed."""
        return sorted(self._done, key=lambda outcome: outcome.at)

    async def _place(self) -> None:
        began = time.monotonic()
        async with asyncio.TaskGroup() as calls:
            for number in count():
                await asyncio.sleep(max(0.0, began + number / self._rate - time.monotonic()))
                if self._over.is_set():
                    break
                calls.create_task(self._call(next(self._callers), f"{int(time.time())}.{number}"))

    async def _call(self, caller: Known, call_id: str) -> None:
        at = time.monotonic()
        variables: Mapping[str, str] = {}
        lost: list[str] = []
        for router in self._routers:
            try:
                async with asyncio.timeout(self._patience):
                    variables = await _asked(router, caller, call_id)
            except (OSError, TimeoutError) as wrong:
                lost.append(type(wrong).__name__)
                continue
            if variables:
                break
            lost.append("FAILURE")
        self._done.append(
            Outcome(
                caller=caller,
                at=at,
                seconds=time.monotonic() - at,
                variables=variables,
                call_id=call_id,
                lost=tuple(lost),
            )
        )


async def _asked(router: Address, caller: Known, call_id: str) -> Mapping[str, str]:
    """What a router says; nothing where it declines."""
    reader, writer = await asyncio.open_connection(router.host, router.port)
    try:
        writer.write(environment(caller.number, "10010", call_id))
        found = variables(await reader.readline())
        if found:
            writer.write(b"200 result=0\n")
            await writer.drain()
            await reader.read()
    finally:
        writer.close()
    return found


def settled(calls: Calls, since: float) -> Callable[[], bool]:
    """So many calls in a row were decided by what is known of their callers, placed since then."""
    return lambda: (
        len(last := calls.outcomes[-20:]) == 20 and all(each.is_known and each.at > since for each in last)
    )


def nobody_was_lost(outcomes: list[Outcome]) -> None:
    """Each call was routed by the policy, by this very caller's data or as for somebody unknown.

    Unknown can be a caller or two of any test: where cores are few, an answer of the store may be late.
    """
    assert [each for each in outcomes if not each.is_routed] == []
    assert [each for each in outcomes if not (each.is_known or each.is_unknown)] == []


def known_but_for_stalls(outcomes: list[Outcome]) -> None:
    """Each caller was known, but a few (5 %) whom a healthy store did not answer in time.

    Those have waited for all of the lookup's 50 ms. What a server does that is missing shows at once.
    """
    odd = [each for each in outcomes if not each.is_known]
    print("unknown because of a stall, ms:", [round(each.seconds * 1000) for each in odd])
    assert [each for each in odd if each.seconds < 0.05] == []
    assert len(odd) <= len(outcomes) / 20
