"""Twisted protocols on the loop's own transports, over real sockets."""

import asyncio
import socket

import pytest
import uvloop
from twisted.application.internet import ClientService

from router.loop import ClientEndpoint, LoopClock
from tests.recorded import Records, until


@pytest.fixture
def loop():
    loop = uvloop.new_event_loop()
    yield loop
    loop.close()


async def stopped(service, loop):
    """Stop a service and wait until its connection, or its attempt at one, is gone."""
    stopping = service.stopService()
    if stopping is not None:
        await stopping.asFuture(loop)


@pytest.mark.parametrize("reset", [False, True])
def test_a_peer_that_closes_at_once_is_tried_again(loop, reset):
    """A Redis at its limit of clients accepts and closes; the service must not wait for ever."""
    factory = Records()

    async def refuse():
        accepted = 0

        def close(_, writer):
            nonlocal accepted
            accepted += 1
            if reset:
                linger = b"\1\0\0\0\0\0\0\0"
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.close()

        server = await asyncio.start_server(close, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        endpoint = ClientEndpoint(loop=loop, host="127.0.0.1", port=port)
        service = ClientService(endpoint, factory, retryPolicy=lambda _: 0.001, clock=LoopClock(loop))
        service.startService()
        await until(lambda: accepted >= 5)
        await stopped(service, loop)
        server.close()

    loop.run_until_complete(refuse())
    assert factory.seen.count("made") >= 5


def test_where_nobody_listens_it_is_tried_again(loop):
    """And the connection is made as soon as somebody does."""
    factory = Records()

    async def come_late():
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            port = reserved.getsockname()[1]
            tries = []
            endpoint = ClientEndpoint(loop=loop, host="127.0.0.1", port=port)
            service = ClientService(
                endpoint, factory, retryPolicy=lambda n: tries.append(n) or 0.001, clock=LoopClock(loop)
            )
            service.startService()
            await until(lambda: len(tries) >= 3)
            reserved.listen()
            await until(lambda: factory.seen == ["made"])
            await stopped(service, loop)

    loop.run_until_complete(come_late())


def test_a_connection_attempt_has_a_deadline(loop):
    """A peer whose backlog is full never answers; the attempt ends and the service is told."""

    async def wait():
        failures = []
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            fillers = [socket.socket() for _ in range(4)]
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
            endpoint = ClientEndpoint(loop=loop, host="127.0.0.1", port=port, timeout=0.05)
            endpoint.connect(Records()).addErrback(lambda failure: failures.append(failure.type))
            await until(lambda: failures)
            for filler in fillers:
                filler.close()
        assert failures == [TimeoutError]

    loop.run_until_complete(wait())
