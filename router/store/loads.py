"""How busy the queues are: written to the store once for all routers, read from it with each caller."""

from collections.abc import Callable, Mapping, Sequence

import structlog

from router.errors import StoreError
from router.facts import QueueLoad
from router.store.layout import FRESH_SECONDS, LOADS, decode_load, encode_load
from router.store.link import Reply, packed, refusal
from router.store.shards import Requests

log = structlog.get_logger()


class LoadWriter:
    """Writes all loads as one, one write at a time: what could not be written is of no use later."""

    def __init__(self, link: Requests, wall: Callable[[], float]) -> None:
        """``wall`` gives seconds since the epoch."""
        self._link = link
        self._wall = wall
        self._is_writing = False
        self._refused = ""

    def publish(self, loads: Mapping[str, QueueLoad]) -> None:
        """Write the load of each queue as it is now, unless the last one is still being written."""
        if self._is_writing or not loads:
            return
        self._is_writing = True
        at = self._wall()
        fields = [part for queue, load in loads.items() for part in (queue, encode_load(load, at))]
        commands = packed([("HSET", LOADS, *fields), ("EXPIRE", LOADS, FRESH_SECONDS)])
        self._link.request(commands, 2, self._written, LOADS)

    def clear(self) -> None:
        """Say that there is no news any more: queues count as calm from now on."""
        self._link.request(packed([("DEL", LOADS)]), 1, lambda _: None, LOADS)

    def _written(self, told: list[Reply] | StoreError) -> None:
        self._is_writing = False
        wrong = told if isinstance(told, StoreError) else refusal(told)
        said = "" if wrong is None else str(wrong)
        if said != self._refused:  # once, and not once a second
            self._refused = said
            if said:
                log.warning("the queues' loads cannot be written", why=said)
            else:
                log.info("the queues' loads are written again")


class LoadReader:
    """Reads the loads of the queues that policies ask for: one command, and what its reply means."""

    def __init__(self, queues: Sequence[str], wall: Callable[[], float]) -> None:
        """``wall`` gives seconds since the epoch: what it calls old is no news."""
        self._queues = queues
        self._wall = wall
        self.command = packed([("HMGET", LOADS, *queues)]) if queues else b""
        """RESP; empty where no load is needed."""
        self._reply: Reply = None
        self._since = self._until = 0.0
        self._loads: Mapping[str, QueueLoad] = {}
        self._wrong: Mapping[str, str] = {}

    def read(self, reply: Reply) -> Mapping[str, QueueLoad]:
        """The loads of which there is fresh news, by queue; a reply that makes no sense is no news."""
        now = self._wall()
        # they change once a second, callers come thousands of times: what was read is mostly known
        if reply != self._reply or not self._since <= now <= self._until:
            self._take(reply, now)
        return self._loads

    def _take(self, reply: Reply, now: float) -> None:
        values = reply if isinstance(reply, list) and len(reply) == len(self._queues) else None
        loads: dict[str, QueueLoad] = {}
        wrong: dict[str, str] = {} if values is not None else {"all": str(reply)[:80]}
        until = now + FRESH_SECONDS
        for queue, value in zip(self._queues, values or (), strict=values is not None):
            try:
                load, at = decode_load(value if isinstance(value, bytes) else b"")
            except ValueError:
                wrong[queue] = "not there" if value is None else "unreadable"
                continue
            if abs(now - at) > FRESH_SECONDS:  # also of a clock that is far ahead
                wrong[queue] = "old"
                continue
            loads[queue] = load
            until = min(until, at + FRESH_SECONDS)
        self._reply, self._since, self._until, self._loads = reply, now, until, loads
        if wrong != self._wrong:  # once, and not once a call
            self._wrong = wrong
            say = log.warning if wrong else log.info
            say("queues count as calm of whose load there is no news", queues=wrong)
