"""A network that fails: a proxy between a client and its server, whose ways can be changed at any time."""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from types import TracebackType
from typing import Self

from router.settings import Address

_CHUNK = 65_536


class Way(Enum):
    """What becomes of the bytes from the server; those to it pass, except where there is a hole."""

    PASS = auto()
    SLOW = auto()
    """Each piece is late by `Proxy.delay` seconds."""
    TRICKLE = auto()
    """One byte a second."""
    RESET = auto()
    """Half of a piece, then RST."""
    GARBAGE = auto()
    """Other bytes in their place."""
    HOLE = auto()
    """Nothing passes in either direction, and nobody closes."""
    CUT = auto()
    """Connections end, and none is taken."""


class Proxy:
    """Listens on a port of loopback and passes on to a server; in a thread of its own."""

    def __init__(self, server: Address) -> None:
        self._server = server
        self._way = Way.PASS
        self.delay = 0.0
        self.connections = 0
        """How many were taken."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = Address("127.0.0.1", self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def go(self, way: Way, *, delay: float = 0.0) -> None:
        """Go this way from now on, also with connections that are there."""
        self._way, self.delay = way, delay
        if way is Way.CUT:
            self._loop.call_soon_threadsafe(self._end, self._writers.copy())

    def _run(self) -> None:
        self._loop.run_until_complete(asyncio.start_server(self._taken, sock=self._socket))
        self._loop.run_forever()
        self._end(self._writers)
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._socket.close()
        self._loop.close()

    @staticmethod
    def _end(writers: set[asyncio.StreamWriter]) -> None:
        for writer in writers:
            writer.transport.abort()

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._way is Way.CUT:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection(self._server.host, self._server.port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, there[1]}
        ways = [self._pass(reader, there[1], self._sent), self._pass(there[0], writer, self._answered)]
        await asyncio.gather(*ways, return_exceptions=True)
        self._end({writer, there[1]})
        self._writers -= {writer, there[1]}

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        send: Callable[[asyncio.StreamWriter, bytes], Awaitable[None]],
    ) -> None:
        while piece := await reader.read(_CHUNK):
            await send(writer, piece)
            await writer.drain()
        writer.transport.abort()

    async def _sent(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        if self._way is not Way.HOLE:
            writer.write(piece)

    async def _answered(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        match self._way:
            case Way.SLOW:
                await asyncio.sleep(self.delay)
                writer.write(piece)
            case Way.TRICKLE:
                for byte in piece:
                    writer.write(bytes([byte]))
                    await asyncio.sleep(1)
                    if self._way is not Way.TRICKLE:
                        break
                writer.transport.abort()
            case Way.RESET:
                writer.write(piece[: len(piece) // 2])
                await asyncio.sleep(0)
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                writer.transport.abort()
            case Way.GARBAGE:
                writer.write(bytes(255 - byte for byte in piece))
            case Way.HOLE:
                pass
            case _:
                writer.write(piece)
