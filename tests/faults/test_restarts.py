"""A router that is killed, ended or restarted while calls come: none is lost (rows P2, P4 and P5).

The socket is held by the test, as systemd holds it by ivr-router@.socket.
"""

import signal
import socket
from contextlib import ExitStack

import pytest

from router.agi.switch import environment
from router.settings import Address
from tests.faults.callers import LIMIT, Load, Step, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]

SESSIONS = 500
ROUNDS = 3
DIALPLAN_SECONDS = 0.7
"""What the dialplan gives the first router (IVR_ROUTER_LIMIT)."""


def connected(router):
    """A connection to where a router listens, or will."""
    host, port = router.agi.split(":")
    return socket.create_connection((host, int(port)), timeout=LIMIT)


def answered(connection):
    """Whether a call is decided, and say what Asterisk says then."""
    line = connection.makefile("rb").readline()
    connection.sendall(b"200 result=0\n")
    return line.startswith(b'EXEC MSet "IVR_ACTION=') and b"IVR_OK=1" in line


def test_a_call_that_comes_while_nobody_runs_is_decided(start):
    """After a kill and after an orderly end: it waits in the socket, whose holder is still there."""
    router = start("a")
    for end in (router.kill, router.stop):
        end()
        with connected(router) as call:
            call.sendall(environment("13900000065", "10010", "1.1"))
            router.start()
            assert answered(call)
        assert router.sample("ivr_routed_total", data="fresh") == 1  # and not without its store


def test_killed_again_and_again_it_refuses_nobody(start, capsys):
    """What it had taken when it was killed is asked again, as the dialplan's second step does."""
    router = start("a")
    same = Step(router=Address.parse(router.agi))
    with Load([same, same]) as load:
        for _ in range(ROUNDS):
            load.goes_on()
            router.kill()
            router.start()
        load.goes_on()
    with capsys.disabled():
        print(f"\nkill -9, one router, {ROUNDS} times: {load.calls}")
    assert load.calls.failed == []
    assert load.calls.steps_lost["ConnectionRefusedError"] == 0


def test_what_has_begun_is_finished_after_sigterm(start):
    """Not ready comes first, so that nobody sends more; then all are answered, and the exit code is 0."""
    router = start("a")
    block = environment("13900000065", "10010", "1.1")
    with ExitStack() as open_calls:
        calls = [open_calls.enter_context(connected(router)) for _ in range(SESSIONS)]
        for call in calls:
            call.sendall(block[:-1])
        wait_for(lambda: router.sample("ivr_agi_sessions") == SESSIONS, "all sessions are open")
        router.signal(signal.SIGTERM)
        wait_for(lambda: not router.is_ready(), "it is not ready")
        assert router.sample("ivr_agi_sessions") == SESSIONS
        for call in calls:
            call.sendall(block[-1:])
        assert sum(answered(call) for call in calls) == SESSIONS
    assert router.stop() == 0


@pytest.mark.parametrize("held", ["", "b", "ab"], ids=["none held", "the second's held", "both held"])
def test_two_routers_are_restarted_one_after_the_other(start, held, capsys):
    """A caller who asks the first and then the second is always decided for, whosever sockets are held."""
    routers = [start(name, held=name in held) for name in "ab"]
    first, second = (Address.parse(router.agi) for router in routers)
    with Load([Step(router=first, seconds=DIALPLAN_SECONDS), Step(router=second)]) as load:
        for _ in range(ROUNDS):
            for router in routers:
                load.goes_on()
                assert router.stop() == 0
                router.start()
        load.goes_on()
    with capsys.disabled():
        print(f"\nrolling restart, sockets held of {held or 'none'}, {ROUNDS} rounds: {load.calls}")
    assert load.calls.failed == []
