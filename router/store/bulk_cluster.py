"""Many rows at once to a cluster: each batch is divided among its servers, which work on it side by side."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import hiredis
import redis

from router.errors import StoreDown, StoreRefused
from router.store.address import Host
from router.store.bulk import AHEAD, Bulk, Reply, bulk
from router.store.client import StoreClient
from router.store.masters import SLOTS
from router.store.shards import SENT_ON, slot_of, words_of


@dataclass(slots=True)
class _Part:
    """What one server has of a batch."""

    pieces: list[bytes] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    """Replies to each piece."""
    replies: list[Reply] | None = None


@dataclass(slots=True)
class _Batch:
    parts: dict[Host, _Part]
    done: Callable[[list[Reply]], None]


class ClusterBulk:
    """A connection to each master; batches are confirmed in their order, each as a whole."""

    def __init__(self, client: redis.RedisCluster, connections: ExitStack) -> None:
        """``connections`` closes what is opened, at its end."""
        self._client = client
        self._connections = connections
        self._bulks: dict[Host, Bulk] = {}
        self._hosts: list[Host | None] = []
        self._awaited: deque[_Batch] = deque()
        self._is_stale = True

    def store(self, mark: bytes, rows: Sequence[bytes], done: Callable[[list[Reply]], None]) -> None:
        """Write a batch: a command, and rows of two commands each; ``done`` gets all replies, later.

        The mark's reply is the first, those to a row follow each other.

        Raises:
            StoreRefused: one of the replies to an earlier batch is an error; its ``done`` is not called.
            StoreDown: a connection was lost, or nobody has the slot of a key.
            StoreTimeout: a server neither takes nor gives anything for as long as the socket waits.
        """
        while len(self._awaited) >= AHEAD:
            self._settle()
        if self._is_stale:
            self.finish()  # what was sent by the old map comes before what is sent by the new one
            self._look()
        parts = {self._host(_tag(mark)): _Part([mark], [1])}  # the first, so its reply is
        for row in rows:
            part = parts.setdefault(self._host(_tag(row)), _Part())
            part.pieces.append(row)
            part.counts.append(2)
        batch = _Batch(parts, done)
        for host, part in parts.items():
            self._bulk(host).send(b"".join(part.pieces), sum(part.counts), _taking(part), errors=True)
        self._awaited.append(batch)

    def finish(self) -> None:
        """Wait for all that is awaited; raises as `store` does."""
        while self._awaited:
            self._settle()

    def _settle(self) -> None:
        batch = self._awaited.popleft()
        for host, part in batch.parts.items():
            while part.replies is None:
                self._bulks[host].settle()
            if hiredis.ReplyError in map(type, part.replies):
                self._send_on(part, part.replies)
        batch.done([reply for part in batch.parts.values() for reply in part.replies or ()])

    def _send_on(self, part: _Part, replies: list[Reply]) -> None:
        """Have redis-py do what another server is to do, which follows where it is sent."""
        place = 0
        for piece, count in zip(part.pieces, part.counts, strict=True):
            for at, words in enumerate(words_of(piece), place):
                if type(replies[at]) is hiredis.ReplyError:
                    if not str(replies[at]).startswith(SENT_ON):
                        raise StoreRefused(str(replies[at]))
                    self._is_stale = True
                    replies[at] = self._client.execute_command(*words)
            place += count

    def _look(self) -> None:
        """Which server has which slots now."""
        self._hosts = [None] * SLOTS
        said: Any = self._client.cluster_slots()
        for (first, last), nodes in said.items():
            host, port = nodes["primary"][:2]
            self._hosts[first : last + 1] = [(str(host), int(port))] * (last + 1 - first)
        self._is_stale = False

    def _host(self, tag: str) -> Host:
        host = self._hosts[slot_of(tag)]
        if host is None:
            raise StoreDown("no server of the cluster has the slot of a key")
        return host

    def _bulk(self, host: Host) -> Bulk:
        if host not in self._bulks:
            node = self._client.get_node(*host)
            if node is None:
                raise StoreDown(f"the cluster has no server {host[0]}:{host[1]}")
            one = self._client.get_redis_connection(node)
            self._bulks[host] = self._connections.enter_context(bulk(one))
        return self._bulks[host]


def _taking(part: _Part) -> Callable[[list[Reply]], None]:
    def taken(replies: list[Reply]) -> None:
        part.replies = replies

    return taken


def _tag(commands: bytes) -> str:
    """What says where the first key is, the second word: what is in its braces, or all of it."""
    key = commands.split(b"\r\n", 5)[4]
    begin, end = key.find(b"{"), key.find(b"}")
    return (key[begin + 1 : end] if 0 <= begin < end - 1 else key).decode()


@contextmanager
def bulk_of(client: StoreClient) -> Iterator[Bulk | ClusterBulk]:
    """Connections of the client's kind for batches; closed at the end, whatever is still awaited."""
    if isinstance(client, redis.RedisCluster):
        with ExitStack() as connections:
            yield ClusterBulk(client, connections)
    else:
        with bulk(client) as one:
            yield one
