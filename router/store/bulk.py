"""Many commands at once: batches are written ahead of their replies, so that neither side waits.

The connection is made by redis-py (unix socket, TLS, password, database), but bytes and replies go past it:
it spends 4 µs on a reply that hiredis alone reads in 0.2.
"""

import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import hiredis
import redis

from router.errors import StoreDown, StoreRefused, StoreTimeout

AHEAD = 2
"""Batches in flight: one that the store works on, one that waits for it."""

Reply = Any
"""What hiredis makes of a reply: bytes, int, None, or a list of them."""


class Bulk:
    """A connection of its own that takes batches of commands."""

    def __init__(self, connected: socket.socket) -> None:
        """``connected``: a blocking socket, greeted, with nothing awaited on it."""
        self._socket = connected
        self._missing = object()
        self._reader = hiredis.Reader(notEnoughData=self._missing)
        self._awaited: deque[tuple[int, Callable[[list[Reply]], None], bool]] = deque()

    def store(self, mark: bytes, rows: Sequence[bytes], done: Callable[[list[Reply]], None]) -> None:
        """Write a batch: a command, and rows of two commands each; else as `send`."""
        self.send(mark + b"".join(rows), 1 + 2 * len(rows), done)

    def send(
        self,
        commands: bytes,
        replies: int,
        done: Callable[[list[Reply]], None],
        *,
        errors: bool = False,
    ) -> None:
        """Write commands (whole RESP); ``done`` gets their replies during a later call, in order.

        ``errors``: and those that are errors among them, which otherwise are raised.

        Raises:
            StoreRefused: one of the replies to an earlier batch is an error; its ``done`` is not called.
            StoreDown: the connection was lost.
            StoreTimeout: the store neither takes nor gives anything for as long as the socket waits.
        """
        while len(self._awaited) >= AHEAD:
            self.settle()
        with _lost():
            self._socket.sendall(commands)
        self._awaited.append((replies, done, errors))

    def finish(self) -> None:
        """Wait for all that is awaited; raises as `send` does."""
        while self._awaited:
            self.settle()

    def settle(self) -> None:
        """Wait for the oldest that is awaited; raises as `send` does."""
        count, done, errors = self._awaited.popleft()
        replies: list[Reply] = []
        while len(replies) < count:
            reply = self._reader.gets()
            if reply is self._missing:
                self._reader.feed(self._received())
            else:
                replies.append(reply)
        if not errors and hiredis.ReplyError in map(type, replies):
            raise StoreRefused(str(next(reply for reply in replies if type(reply) is hiredis.ReplyError)))
        done(replies)

    def _received(self) -> bytes:
        with _lost():
            data = self._socket.recv(262_144)
        if not data:
            raise StoreDown("the store has closed the connection")
        return data


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except TimeoutError as wrong:
        raise StoreTimeout("the store does not answer") from wrong
    except OSError as wrong:
        raise StoreDown(f"the connection to the store was lost: {wrong}") from wrong


@contextmanager
def bulk(client: redis.Redis) -> Iterator[Bulk]:
    """A connection of the client's kind for batches; it is closed at the end, whatever is still awaited."""
    connection: Any = client.connection_pool.get_connection()
    try:
        yield Bulk(connection._sock)  # noqa: SLF001  there is no public way to the socket
    finally:
        connection.disconnect()
        client.connection_pool.release(connection)
