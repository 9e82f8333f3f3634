"""A Twisted protocol that writes down what happens to it, and a wait on a loop."""

import asyncio
from collections.abc import Callable

from twisted.internet.protocol import Factory, Protocol


class Recorded(Protocol):
    """Writes down what happens to it; closes when it is told so."""

    def __init__(self, seen):
        self.seen = seen

    def connectionMade(self):
        self.seen.append("made")

    def dataReceived(self, data):
        self.seen.append(data)
        if data == b"close":
            self.transport.loseConnection()
            self.transport.loseConnection()
            self.transport.write(b"too late")

    def connectionLost(self, reason):
        self.seen.append(type(reason.value).__name__)


class Records(Factory):
    """Builds them; all write into one list."""

    noisy = False

    def __init__(self):
        self.seen = []
        self.built = []

    def buildProtocol(self, addr):  # noqa: ARG002  Twisted's signature
        self.built.append(Recorded(self.seen))
        return self.built[-1]


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for a condition; the deadline is only for when it never comes."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  what is waited for is no event of ours
            await asyncio.sleep(0.001)
