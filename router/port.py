"""The listening port: connections that are many and short, accepted in bunches, with few system calls each.

uvloop accepts one connection a turn of the loop and asks the kernel things that nobody here wants to know.
Here an epoll of the port's own has all its connections, and the loop looks at that one descriptor
(docs/decisions/0027-port.md).
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from select import EPOLLIN, epoll
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocol, ITransport
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from zope.interface import implementer

from router.settings import Address

BACKLOG = 512
"""Connections that may wait for accept(), at most: a tenth of a second's work."""
LEAST = 64
"""So many may wait however slow it goes."""
LINE_SECONDS = 0.25
"""So long the line may be where more come than can be served. A longer one would be answered when the
dialplan has gone on already (docs/decisions/0021-overload.md)."""
BUNCH = 16
"""Connections that are accepted at once: what more there is, another worker may take meanwhile."""
_EVENTS = 64
REST_SECONDS = 0.1
"""After the kernel has refused a connection (no descriptors, no memory)."""
_READ = 4096
_DONE, _LOST = Failure(ConnectionDone()), Failure(ConnectionLost())


@implementer(ITransport)
class Connection:
    """An accepted connection, as a Twisted protocol sees it; nothing is buffered.

    What is written must find room in the socket's own buffer, as some hundred bytes do; else the connection
    is cut. ``connectionLost`` comes from within the call that closes.
    """

    __slots__ = ("_forget", "_protocol", "_socket")

    def __init__(self, accepted: socket.socket, protocol: IProtocol, forget: Callable[[int], None]) -> None:
        self._socket: socket.socket | None = accepted
        self._protocol = protocol
        self._forget = forget

    def receive(self) -> None:
        """Hand on what has come."""
        if self._socket is None:
            return
        try:
            data = self._socket.recv(_READ, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            self._close(_LOST)
            return
        if data:
            self._protocol.dataReceived(data)
        else:
            self._close(_DONE)

    def write(self, data: bytes) -> None:
        """Send."""
        if self._socket is None:
            return
        try:
            sent = self._socket.send(data, socket.MSG_DONTWAIT)
        except OSError:
            sent = -1
        if sent != len(data):
            self._close(_LOST)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Send, in one piece."""
        self.write(b"".join(data))

    def loseWriteConnection(self) -> None:
        """Say that nothing more is written."""
        if self._socket is not None:
            with suppress(OSError):  # the peer has closed; the next read says so
                self._socket.shutdown(socket.SHUT_WR)

    def loseConnection(self) -> None:
        """Close."""
        self._close(_DONE)

    abortConnection = loseConnection

    def getPeer(self) -> IAddress:
        """Who has connected."""
        return _address(self._socket.getpeername() if self._socket else None)

    def getHost(self) -> IAddress:
        """Our side."""
        return _address(self._socket.getsockname() if self._socket else None)

    def _close(self, why: Failure) -> None:
        closing, self._socket = self._socket, None
        if closing is not None:
            self._forget(closing.fileno())
            closing.close()
            self._protocol.connectionLost(why)
            del self._protocol  # the two know each other: the collector would have to find out


@implementer(IListeningPort)
class Port:
    """A bound socket; a factory builds a protocol for each connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop, factory: Factory, listening: socket.socket) -> None:
        """Take a socket over; nobody can connect before `accept`, unless it listens already.

        When the port stops, this copy of the socket is closed; whoever holds another goes on, and what waits
        in its backlog waits for the next who accepts.
        """
        listening.settimeout(0)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # which the accepted ones inherit
        self._loop = loop
        self._factory = factory
        self._listening = listening
        self._descriptor = listening.fileno()
        self._ready = epoll()
        self._connections: dict[int, Connection] = {}
        self._resting: asyncio.TimerHandle | None = None
        self._taken = 0
        self._is_behind = True
        self._places = 0
        self._admitted = loop.time()

    def startListening(self) -> None:
        """Does nothing: `accept` has it listen."""

    def accept(self) -> None:
        """Take connections from now on.

        Raises:
            OSError: another has begun to listen at the address.
        """
        self._let_wait(BACKLOG)
        self._ready.register(self._descriptor, EPOLLIN)
        self._loop.add_reader(self._ready.fileno(), self._turn)

    def admit(self) -> None:
        """Fit the line to what is served; to be called every `LINE_SECONDS`.

        Where the line was never empty since the last time, as many may wait as were taken from it.
        """
        now, taken = self._loop.time(), self._taken
        stood_still = now - self._admitted > 2 * LINE_SECONDS  # says nothing of how fast it goes
        is_behind = self._is_behind and taken > 0
        self._admitted, self._taken, self._is_behind = now, 0, True
        if self._places and not stood_still:
            self._let_wait(min(max(taken, LEAST), BACKLOG) if is_behind else BACKLOG)

    def _let_wait(self, places: int) -> None:
        if places != self._places:
            self._listening.listen(places)
            self._places = places

    def _turn(self) -> None:
        connections = self._connections
        for descriptor, _ in self._ready.poll(0, _EVENTS):
            connection = connections.get(descriptor)
            if connection is not None:
                connection.receive()
            elif descriptor == self._descriptor:
                self._take()

    def _take(self) -> None:
        register, connections = self._ready.register, self._connections
        for _ in range(BUNCH):
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                self._is_behind = False
                return
            except OSError:
                self._rest()
                return
            self._taken += 1
            descriptor = accepted.fileno()
            protocol = self._factory.buildProtocol(_NOBODY)
            assert protocol is not None  # noqa: S101  our factories take every connection
            connection = Connection(accepted, protocol, self._forget)
            connections[descriptor] = connection
            register(descriptor, EPOLLIN)
            protocol.makeConnection(connection)
            connection.receive()  # an environment often is there already

    def _forget(self, descriptor: int) -> None:
        del self._connections[descriptor]  # the kernel takes a closed one out of the epoll
        if self._descriptor < 0:
            self._end()

    def _rest(self) -> None:
        """A socket that cannot be accepted stays ready: look away for a while."""
        self._ready.unregister(self._descriptor)
        self._resting = self._loop.call_later(REST_SECONDS, self._ready.register, self._descriptor, EPOLLIN)

    def stopListening(self) -> Deferred[None]:
        """Take no more connections; those that are open go on."""
        if self._resting is not None:
            self._resting.cancel()
        with suppress(OSError):  # it never accepted, or rests
            self._ready.unregister(self._descriptor)
        self._descriptor = -1
        self._places = 0
        self._listening.close()
        self._end()
        return succeed(None)

    def _end(self) -> None:
        if not self._connections and not self._ready.closed:
            self._loop.remove_reader(self._ready.fileno())
            self._ready.close()

    def getHost(self) -> IPv4Address:
        """Where it listens."""
        return IPv4Address("TCP", *self._listening.getsockname()[:2])


def _address(name: tuple[Any, ...] | None) -> IAddress:
    return cast("IAddress", IPv4Address("TCP", *(name or ("", 0))[:2]))


_NOBODY = _address(None)


def bound(host: str, port: int) -> socket.socket:
    """A socket at an address, for a `Port`.

    Raises:
        OSError: the address cannot be had.
    """
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except OSError as wrong:
        made.close()
        raise OSError(f"{Address(host, port)}: {wrong.strerror}") from wrong
    return made
