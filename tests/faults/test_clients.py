"""Peers that misuse the FastAGI port while calls are decided: no call waits for them."""

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from router.settings import Address
from tests.faults.calls import nobody_was_lost, settled
from tests.faults.conftest import Rig, resident, told
from tests.waiting import until

pytestmark = pytest.mark.fault


@pytest.fixture(autouse=True)
def _descriptors() -> Iterator[None]:
    """As many as may be: they are needed for the other side."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < 16_384:
        pytest.skip("too few files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def connected(stack: ExitStack, router: str, count: int) -> list[socket.socket]:
    """So many connections that say nothing."""
    address = Address.parse(router)
    return [
        stack.enter_context(socket.create_connection((address.host, address.port), timeout=20))
        for _ in range(count)
    ]


def is_closed(connection: socket.socket) -> bool:
    """The other side has ended it."""
    connection.setblocking(False)
    try:
        while piece := connection.recv(4096):
            del piece
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def test_ten_thousand_idle_and_a_hundred_slow_ones(rig: Rig) -> None:
    """They make room for calls, and are gone after two seconds."""
    store = rig.store()
    router, calls = rig.router(store.url), rig.calls()
    with ExitStack() as stack, calls.flow():
        until(settled(calls, 0), "calls are decided")
        before = resident(router.pid)
        connected(stack, router.agi, 10_000)
        slow = connected(stack, router.agi, 100)
        began = time.monotonic()
        for number, byte in enumerate(b"agi_network: yes\n" * 3):
            for connection in slow:
                if not is_closed(connection):
                    connection.send(bytes([byte]))
            until(lambda due=began + number * 0.05: time.monotonic() > due, "the next byte is due")
        until(lambda: all(map(is_closed, slow)), "slow ones are ended")
        until(lambda: router.sample("ivr_agi_sessions") < 100, "idle ones are ended")
        grown = resident(router.pid) - before
        until(settled(calls, time.monotonic()), "calls are decided")
    row = told("10,000 idle and 100 slow connections", calls.outcomes)
    # while they connect, the line before accept() is full now and then
    assert row.unrouted < row.calls / 20
    assert grown < 50 * 1024**2


def test_descriptors_run_out(rig: Rig) -> None:
    """A thousand connections where 256 files may be open: calls are decided meanwhile and afterwards."""
    store = rig.store()
    router, calls = rig.router(store.url, prefix=("prlimit", "--nofile=256")), rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        with ExitStack() as stack:
            connected(stack, router.agi, 1000)
            until(lambda: router.sample("ivr_agi_refused_total", reason="shed") > 500, "most are shed")
        back = time.monotonic()
        until(settled(calls, back), "calls are decided")
    told("1,000 connections, 256 descriptors", calls.outcomes, over_at=back)
    nobody_was_lost(calls.outcomes)


def test_a_peer_that_is_gone_and_never_said_so(rig: Rig) -> None:
    """Half a session, then silence: it is ended after two seconds."""
    store = rig.store()
    router = rig.router(store.url)
    with ExitStack() as stack:
        (peer,) = connected(stack, router.agi, 1)
        peer.sendall(b"agi_network: yes\n")
        until(lambda: router.sample("ivr_agi_sessions") == 1, "there is a session")
        until(lambda: router.sample("ivr_agi_sessions") == 0, "it is ended")
    assert router.sample("ivr_agi_refused_total", reason="deadline") == 1
