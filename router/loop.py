"""The event loop: Twisted's reactor on uvloop, and endpoints on uvloop's own transports.

Twisted is the process (services, protocols, reconnection, web); the bytes of the links to Redis move through
the loop's own transports, which cost a third of the reactor's (docs/decisions/0005-agi-shell.md). A Twisted
protocol cannot tell the difference. FastAGI has `router.port`.
"""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, cast

from twisted.internet import asyncioreactor
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
    ITransport,
)
from twisted.python.failure import Failure
from zope.interface import implementer

try:
    from uvloop import new_event_loop
except ImportError:  # not on every platform; asyncio's own loop does the same at twice the cost
    from asyncio import new_event_loop  # type: ignore[assignment]


def install() -> tuple[asyncioreactor.AsyncioSelectorReactor, asyncio.AbstractEventLoop]:
    """Make a uvloop loop and install Twisted's reactor on it; once a process, in a composition root."""
    loop = new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    from twisted.internet import reactor  # noqa: PLC0415, TID251  it exists from here on

    return cast("asyncioreactor.AsyncioSelectorReactor", reactor), loop


class LoopClock:
    """The loop's own time, which never goes back: the reactor's is the wall clock (time.time)."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.seconds = loop.time

    def callLater(self, delay: float, callable: Callable[..., object], /, *args: object) -> "_Timer":  # noqa: A002
        """Call it after so many seconds."""
        return _Timer(self._loop, self._loop.call_later(delay, callable, *args), callable, args)


@implementer(IDelayedCall)
class _Timer:
    """A timer of the loop under the names that ClientService and LoopingCall use."""

    __slots__ = ("_args", "_call", "_handle", "_loop")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        handle: asyncio.TimerHandle,
        call: Callable[..., object],
        args: tuple[object, ...],
    ) -> None:
        self._loop = loop
        self._handle = handle
        self._call = call
        self._args = args

    def getTime(self) -> float:
        return self._handle.when()

    def cancel(self) -> None:
        self._handle.cancel()

    def active(self) -> bool:
        return not self._handle.cancelled() and self._handle.when() > self._loop.time()

    def delay(self, secondsLater: float) -> None:
        self._restart(self._handle.when() + secondsLater)

    def reset(self, secondsFromNow: float) -> None:
        self._restart(self._loop.time() + secondsFromNow)

    def _restart(self, when: float) -> None:
        self._handle.cancel()
        self._handle = self._loop.call_at(when, self._call, *self._args)


@implementer(ITransport)
class _Transport:
    """A transport of the loop under the names a Twisted protocol calls."""

    __slots__ = ("_of_loop", "abortConnection", "loseConnection", "loseWriteConnection", "write")

    def __init__(self, of_loop: asyncio.Transport) -> None:
        self._of_loop = of_loop
        self.write = of_loop.write
        self.loseConnection = of_loop.close
        self.loseWriteConnection = of_loop.write_eof
        self.abortConnection = of_loop.abort

    def writeSequence(self, data: Iterable[bytes]) -> None:
        self._of_loop.writelines(data)

    def getPeer(self) -> IAddress:
        return _address(self._of_loop.get_extra_info("peername"))

    def getHost(self) -> IAddress:
        return _address(self._of_loop.get_extra_info("sockname"))


def _address(name: object) -> IAddress:
    if isinstance(name, tuple) and len(name) >= 2:
        return cast("IAddress", IPv4Address("TCP", str(name[0]), int(name[1])))
    return cast("IAddress", UNIXAddress(name if isinstance(name, str) else None))


class _Shim(asyncio.Protocol):
    """Stands between a transport of the loop and a Twisted protocol."""

    def __init__(self, protocol: IProtocol, made: Callable[[IProtocol], None] | None = None) -> None:
        """``made`` is called as soon as there is a connection, before anything can be lost again."""
        self._protocol = protocol
        self._made = made
        self.data_received = protocol.dataReceived  # type: ignore[method-assign]  # no call of ours between

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._protocol.makeConnection(_Transport(cast("asyncio.Transport", transport)))
        if self._made is not None:
            self._made(self._protocol)

    def connection_lost(self, exc: Exception | None) -> None:
        reason = ConnectionLost(str(exc)) if exc else ConnectionDone()
        self._protocol.connectionLost(Failure(reason))


@implementer(IStreamClientEndpoint)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEndpoint:
    """Where to connect: a unix socket, or a host and port, with TLS or without."""

    loop: asyncio.AbstractEventLoop
    path: str | None = None
    host: str | None = None
    port: int | None = None
    tls: ssl.SSLContext | None = None
    timeout: float = 2.0
    """Seconds for the connection to be made."""

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect, as IStreamClientEndpoint says; ClientService calls this again and again."""

        def cancel(_: Deferred[IProtocol]) -> None:
            connecting.cancel()

        connected: Deferred[IProtocol] = Deferred(cancel)

        def shim() -> asyncio.Protocol:
            protocol = protocolFactory.buildProtocol(_address(None))
            assert protocol is not None  # noqa: S101  our factories build one always
            # Fired here and not when the task is done: a peer that accepts and closes at once would be lost
            # before it was ever connected, and ClientService would wait for ever.
            return _Shim(protocol, connected.callback)

        def ended(task: asyncio.Task[None]) -> None:
            if not connected.called:
                wrong = asyncio.CancelledError() if task.cancelled() else task.exception()
                connected.errback(wrong or ConnectionLost())

        connecting = self.loop.create_task(self._connect(shim))
        connecting.add_done_callback(ended)
        return connected

    async def _connect(self, shim: Callable[[], asyncio.Protocol]) -> None:
        connecting: Coroutine[Any, Any, Any]
        if self.path is not None:
            connecting = self.loop.create_unix_connection(shim, self.path, ssl=self.tls)
        else:
            connecting = self.loop.create_connection(
                shim, self.host or "127.0.0.1", self.port or 0, ssl=self.tls
            )
        async with asyncio.timeout(self.timeout):
            await connecting
