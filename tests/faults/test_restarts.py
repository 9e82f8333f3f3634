"""A router that is killed, ended or restarted while calls come: none is lost (rows P2, P4 and P5).

The socket is held by the test, as systemd holds it by ivr-router@.socket.
"""

import signal
import socket
from contextlib import ExitStack

import pytest

from loadtest.stack import Ivr
from router.agi.switch import environment
from router.settings import Address
from tests.faults.calls import Calls, nobody_was_lost
from tests.faults.conftest import CUSTOMERS, Rig, told
from tests.waiting import LIMIT, until

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

SESSIONS = 500
ROUNDS = 3
RATE = 100.0
KNOWN = CUSTOMERS[0]


def connected(router: Ivr) -> socket.socket:
    """A connection to where a router listens, or will."""
    address = Address.parse(router.agi)
    return socket.create_connection((address.host, address.port), timeout=LIMIT)


def answered(connection: socket.socket) -> bool:
    """Whether a call is decided, and say what Asterisk says then."""
    line = connection.makefile("rb").readline()
    connection.sendall(b"200 result=0\n")
    return line.startswith(b'EXEC MSet "IVR_ACTION=') and b"IVR_OK=1" in line


def more(calls: Calls, count: int = 50) -> None:
    """Wait until so many more have been answered."""
    enough = len(calls.outcomes) + count
    until(lambda: len(calls.outcomes) >= enough, f"{count} more calls are answered")


def test_a_call_that_comes_while_nobody_runs_is_decided(rig: Rig) -> None:
    """After a kill and after an orderly end: it waits in the socket, whose holder is still there."""
    store = rig.store()
    router = rig.router(store.url, held=True)
    for end in (router.kill, router.stop):
        end()
        with connected(router) as call:
            call.sendall(environment(KNOWN.number, "10010", "1.1"))
            router.start()
            assert answered(call)
        assert router.sample("ivr_routed_total", data="fresh") == 1  # and not without its store


def test_killed_again_and_again_it_refuses_nobody(rig: Rig) -> None:
    """What it had taken when it was killed is asked again, as the dialplan's second step does."""
    store = rig.store()
    router = rig.router(store.url, held=True)
    same = Address.parse(router.agi)
    calls = Calls([same, same], CUSTOMERS, rate=RATE, patience=LIMIT)
    with calls.flow():
        for _ in range(ROUNDS):
            more(calls)
            router.kill()
            router.start()
        more(calls)
    told(f"router killed {ROUNDS} times, its socket held", calls.outcomes, rate=RATE)
    nobody_was_lost(calls.outcomes)
    assert not any("ConnectionRefusedError" in outcome.lost for outcome in calls.outcomes)


def test_what_has_begun_is_finished_after_sigterm(rig: Rig) -> None:
    """Not ready comes first, so that nobody sends more; then all are answered, and the exit code is 0."""
    store = rig.store()
    router = rig.router(store.url, held=True)
    block = environment(KNOWN.number, "10010", "1.1")
    with ExitStack() as open_calls:
        calls = [open_calls.enter_context(connected(router)) for _ in range(SESSIONS)]
        for call in calls:
            call.sendall(block[:-1])
        until(lambda: router.sample("ivr_agi_sessions") == SESSIONS, "all sessions are open")
        router.signal(signal.SIGTERM)
        until(lambda: not router.is_ready(), "it is not ready")
        assert router.sample("ivr_agi_sessions") == SESSIONS
        for call in calls:
            call.sendall(block[-1:])
        assert sum(answered(call) for call in calls) == SESSIONS
    assert router.stop() == 0


@pytest.mark.parametrize("held", ["", "b", "ab"], ids=["none held", "the second's held", "both held"])
def test_two_routers_are_restarted_one_after_the_other(rig: Rig, held: str) -> None:
    """A caller who asks the first and then the second is always decided for, whosever sockets are held."""
    store = rig.store()
    routers = [rig.router(store.url, held=name in held) for name in "ab"]
    calls = rig.calls(rate=RATE)
    with calls.flow():
        for _ in range(ROUNDS):
            for router in routers:
                more(calls)
                assert router.stop() == 0
                router.start()
        more(calls)
    told(f"{ROUNDS} rolling restarts, sockets held of {held or 'none'}", calls.outcomes, rate=RATE)
    nobody_was_lost(calls.outcomes)
