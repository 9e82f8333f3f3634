"""The FastAGI port: sessions bounded in number, bytes and time."""

import pytest
from twisted.internet.task import Clock

from router.agi.server import AgiPort, AgiSession, Limits
from router.agi.wire import command
from router.facts import Call
from tests.fakes import Wire, decision, environment

DECISION = decision()


class Switch:
    """Asterisk's side of a port: connects, and knows what was asked and refused."""

    def __init__(self, **limits):
        self.clock = Clock()
        self.asked = []
        self.refused = []
        self.port = AgiPort(
            lambda call, started, answer: self.asked.append((call, started, answer)),
            region="CN",
            seconds=self.clock.seconds,
            refused=self.refused.append,
            limits=Limits(**limits),
        )

    def connect(self) -> tuple[AgiSession, Wire]:
        session, wire = self.port.buildProtocol(None), Wire()
        session.makeConnection(wire)
        return session, wire


@pytest.fixture
def switch():
    return Switch()


def test_a_call_is_asked_about_once_and_answered_by_one_command(switch):
    """Environment in, command out, half-closed; reply in, closed; nothing is counted as refused."""
    switch.clock.advance(5)
    session, wire = switch.connect()
    session.dataReceived(environment())
    [(asked, started, answer)] = switch.asked
    assert asked == Call(call_id="1732391200.1", ani="+8613800138000", dnis="10010")
    assert started == 5
    assert wire.value() == b""
    assert answer(DECISION) is True
    assert (wire.value(), wire.closed) == (command(DECISION), ["write"])
    session.dataReceived(b"200 result=0\n")
    assert wire.closed == ["write", "both"]
    session.connectionLost()
    assert (switch.refused, switch.port.sessions) == ([], {})


def test_without_a_decision_the_switch_is_told_failure(switch):
    session, wire = switch.connect()
    session.dataReceived(environment())
    switch.asked[0][2](None)
    assert (wire.value(), wire.closed, switch.refused) == (b"FAILURE\n", ["both"], ["not_decided"])


def test_another_script_is_told_failure(switch):
    session, wire = switch.connect()
    session.dataReceived(environment(agi_network_script="rout"))
    assert (wire.value(), switch.refused, switch.asked) == (b"FAILURE\n", ["unknown_script"], [])


@pytest.mark.parametrize(
    ("data", "taint"),
    [
        (b"GET / HTTP/1.1\r\n\r\n\n\n", "environment"),
        (environment() + b"x", "early_bytes"),
        (b"x" * 20_000, "oversize"),
    ],
)
def test_a_tainted_session_is_told_failure_and_closed(switch, data, taint):
    session, wire = switch.connect()
    session.dataReceived(data)
    assert (wire.value(), wire.closed, switch.refused) == (b"FAILURE\n", ["both"], [taint])
    session.dataReceived(environment())  # and is not listened to any more
    session.connectionLost()
    assert (switch.asked, switch.refused) == ([], [taint])


def test_a_tainted_reply_is_counted_but_not_answered(switch):
    """Behind our command there is nothing more to say."""
    session, wire = switch.connect()
    session.dataReceived(environment())
    switch.asked[0][2](DECISION)
    session.dataReceived(b"510 Invalid or unknown command\n")
    assert (wire.value(), switch.refused) == (command(DECISION), ["reply"])


def test_a_caller_who_leaves_while_the_store_is_asked_gets_no_command(switch):
    session, wire = switch.connect()
    session.dataReceived(environment())
    session.dataReceived(b"HANGUP\n")
    assert switch.asked[0][2](DECISION) is False
    assert (wire.value(), switch.refused) == (b"", ["hung_up"])


@pytest.mark.parametrize(
    ("sent", "refused"),
    [(b"", []), (b"agi_network: yes\n", ["ended_early"]), (environment(), ["ended_early"])],
)
def test_a_peer_that_leaves_is_counted_unless_it_said_nothing(switch, sent, refused):
    """A health check connects and leaves; that is no error."""
    session, _ = switch.connect()
    session.dataReceived(sent) if sent else None
    session.connectionLost()
    assert (switch.refused, switch.port.sessions) == (refused, {})


def test_slow_sessions_are_ended_oldest_first(switch):
    """A session has two seconds from connection to end, whatever it sends."""
    slow, slow_wire = switch.connect()
    switch.clock.advance(1.5)
    _, young_wire = switch.connect()
    slow.dataReceived(b"agi_network: yes\n")
    switch.clock.advance(0.6)
    switch.port.sweep()
    assert (slow_wire.closed, young_wire.closed, switch.refused) == (["abort"], [], ["deadline"])


def test_one_session_too_many_is_shed_at_once():
    """It is told FAILURE, so that the dialplan goes on without a wait."""
    switch = Switch(sessions=2)
    for _ in range(2):
        session, _ = switch.connect()
        session.dataReceived(environment())
    _, wire = switch.connect()
    assert (wire.value(), wire.closed, switch.refused) == (b"FAILURE\n", ["both"], ["shed"])
    assert len(switch.port.sessions) == 2


def test_who_has_asked_nothing_yet_makes_room():
    """Thousands of idle connections keep no call out."""
    switch = Switch(sessions=2)
    idle, idle_wire = switch.connect()
    idle.dataReceived(b"agi_network: yes\n")
    switch.connect()
    session, wire = switch.connect()
    assert (idle_wire.value(), idle_wire.closed, switch.refused) == (b"FAILURE\n", ["both"], ["shed"])
    session.dataReceived(environment())
    assert (len(switch.asked), wire.closed, len(switch.port.sessions)) == (1, [], 2)
