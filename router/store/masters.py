"""Where the masters of a store are: asked of its sentinels or nodes by redis-py, in a thread.

Half a second is how late a failover is noticed at most. Nothing is subscribed to: a poll needs no connection
that could be silently dead, and it also leads away from a master that lives on where nobody follows it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from router.errors import StoreDown, StoreError
from router.interfaces import Clock
from router.settings import StoreUrl
from router.store.address import Host, Servers, Topology
from router.store.client import sentinel, translated

log = structlog.get_logger()

SLOTS = 16_384
"""Of a Redis Cluster."""
POLL_SECONDS = 0.5
REST_SECONDS = 0.1
"""At least this long is between two questions, however many redirections there are."""
NODE_SECONDS = 0.3
"""A node that does not answer in this time is passed over."""

Masters = Mapping[tuple[int, int], Host]
"""First and last slot → the one server that has them; a store that is not a cluster has one entry."""
Find = Callable[[], Masters]
"""Asks, and waits for the answer; raises a `StoreError` where nobody has one."""
Aside = Callable[[Callable[[], None], Callable[[Exception | None], None]], None]
"""Does the first in another thread, then calls the second here with what went wrong."""


def finding(several: Servers, store: StoreUrl, *, replicas: bool = False) -> Find:
    """How the masters of a store are found; ``replicas``: or for each a replica of it, where there is one."""
    if several.topology is Topology.CLUSTER:
        return _Nodes(several, store, replicas=replicas).find
    return _Sentinels(several, store, replicas=replicas).find


class _Sentinels:
    """Sentinels, asked by redis-py: in turn, the one that has answered first the next time."""

    def __init__(self, several: Servers, store: StoreUrl, *, replicas: bool) -> None:
        self._service = several.service
        self._sentinels = sentinel(several)
        self._store = store
        self._replicas = replicas
        self._former: Host | None = None

    def find(self) -> Masters:
        with translated(self._store):
            self._former = self._replica() if self._replicas else self._master()
        return {(0, SLOTS - 1): self._former}

    def _master(self) -> Host:
        host, port = self._sentinels.discover_master(self._service)
        return str(host), int(port)

    def _replica(self) -> Host:
        """One that follows; the one of before as long as it lives, also while there is nobody to follow."""
        replicas = [(str(host), int(port)) for host, port in self._sentinels.discover_slaves(self._service)]
        if self._former in replicas:
            return self._former
        try:
            master = self._master()
        except redis.ConnectionError:
            if not replicas:
                raise
            return replicas[0]
        following = self._following(master)
        return following[0] if following else master

    def _following(self, master: Host) -> list[Host]:
        """The replicas that are connected to the master, by the word of the first sentinel that has one."""
        said: Any = self._sentinels.sentinels[0].sentinel_slaves(self._service)
        found = [(str(one["ip"]), int(one["port"])) for one in said if one["master-link-status"] == "ok"]
        return [host for host in found if host != master]


class _Nodes:
    """A cluster's nodes, asked in turn; the one that has answered is asked first the next time."""

    def __init__(self, several: Servers, store: StoreUrl, *, replicas: bool) -> None:
        self._several = several
        self._store = store
        self._replicas = replicas
        self._known: tuple[Host, ...] = ()
        self._former: frozenset[Host] = frozenset()
        self._client: redis.Redis | None = None
        self._host: Host | None = None

    def find(self) -> Masters:
        wrong: StoreError = StoreDown(f"store {self._store}: no node answers")
        for host in self._in_turn():
            try:
                with translated(self._store):
                    return self._taken(self._asked(host), host[0])
            except StoreError as error:
                wrong = error
                self._forget()
        raise wrong

    def _in_turn(self) -> Iterator[Host]:
        first = () if self._host is None else (self._host,)
        yield from dict.fromkeys((*first, *self._known, *self._several.hosts))

    def _asked(self, host: Host) -> Any:
        if self._client is None or self._host != host:
            self._forget()
            self._host = host
            given = {name: value for name, value in self._several.options.items() if name != "db"}
            self._client = redis.Redis(
                host=host[0],
                port=host[1],
                socket_connect_timeout=NODE_SECONDS,
                socket_timeout=NODE_SECONDS,
                retry=Retry(NoBackoff(), 0),
                protocol=2,
                client_name="ivr",
                **given,
            )
        return self._client.execute_command("CLUSTER SLOTS")

    def _forget(self) -> None:
        if self._client is not None:
            with suppress(redis.RedisError):
                self._client.close()
        self._client = self._host = None

    def _taken(self, said: Any, asked: str) -> Masters:
        """The map, from CLUSTER SLOTS: first and last slot, the master, its replicas."""
        found: dict[tuple[int, int], Host] = {}
        known: list[Host] = []
        for first, last, *nodes in said:
            hosts = [_host(node, asked) for node in nodes]
            known += hosts
            found[int(first), int(last)] = self._replica(hosts) if self._replicas else hosts[0]
        if not found:
            raise StoreDown(f"store {self._store}: no node has any slots")
        self._known = tuple(dict.fromkeys(known))
        self._former = frozenset(found.values())
        return found

    def _replica(self, hosts: Sequence[Host]) -> Host:
        """One of a master's (the first), the one of before as long as it is one; else the master."""
        replicas = [host for host in hosts[1:] if host in self._former] or hosts[1:]
        return replicas[0] if replicas else hosts[0]


def _host(node: Any, asked: str) -> Host:
    """Of a node; one that does not know its own name is where it was asked."""
    name = (node[0] or b"").decode()
    return (asked if name in {"", "?"} else name), int(node[1])


class Discovery:
    """Asks where the masters are, and tells whoever follows when it has changed."""

    def __init__(self, find: Find, aside: Aside, clock: Clock) -> None:
        """Nothing is asked before the first `look`, which is to be called every `POLL_SECONDS`."""
        self._find = find
        self._aside = aside
        self._clock = clock
        self._followers: list[Callable[[Masters], None]] = []
        self._masters: Masters | None = None
        self._is_asking = False
        self._is_wanted = False
        self._asked = float("-inf")
        self._trouble: str | None = None

    def follow(self, take: Callable[[Masters], None]) -> None:
        """Be told of each change."""
        self._followers.append(take)

    def want(self) -> None:
        """Look as soon as it may be: somebody was sent elsewhere, or has lost a master."""
        if self._is_wanted:
            return
        self._is_wanted = True
        self._clock.callLater(max(0.0, self._asked + REST_SECONDS - self._clock.seconds()), self.look)

    def look(self) -> None:
        """Ask, unless that is being done."""
        if self._is_asking:
            return
        self._is_asking, self._is_wanted = True, False
        self._asked = self._clock.seconds()
        found: list[Masters] = []
        self._aside(lambda: found.append(self._find()), lambda wrong: self._told(found, wrong))

    def _told(self, found: list[Masters], wrong: Exception | None) -> None:
        self._is_asking = False
        trouble = None if wrong is None else str(wrong)
        if trouble != self._trouble:  # once, and not twice a second
            self._trouble = trouble
            if trouble is not None:
                log.warning("nobody says where the store's masters are", why=trouble)
        if found and found[0] != self._masters:
            before, self._masters = self._masters, found[0]
            if before is None or {*before.values()} != {*self._masters.values()}:  # and not for each slot
                hosts = sorted({f"{host}:{port}" for host, port in self._masters.values()})
                log.info("the store's masters are known", masters=hosts)
            for take in self._followers:
                take(self._masters)
