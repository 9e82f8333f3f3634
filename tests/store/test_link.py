"""The connection that lookups share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from router.errors import StoreBusy, StoreDown, StoreRefused, StoreTimeout
from router.store.link import Link, refusal
from tests.fakes import Wire

GREETED = b"+OK\r\n+PONG\r\n"


class Peer:
    """Redis's side: a link, its connection, and what each request was answered."""

    def __init__(self, *, bound=100, greeted=True):
        self.clock = Clock()
        self.link = Link(
            greeting=[("SELECT", "1")], deadline=0.05, bound=bound, give_up=0.5, clock=self.clock
        )
        self.connect(greeted=greeted)

    def connect(self, *, greeted=True):
        self.connection, self.wire = self.link.buildProtocol(None), Wire()
        self.connection.makeConnection(self.wire)
        if greeted:
            self.connection.dataReceived(GREETED)

    def ask(self, replies=1, command=b"PING\r\n"):
        answers = []
        self.link.request(command, replies, answers.append)
        return answers


@pytest.fixture
def peer():
    return Peer()


def test_greets_before_it_serves():
    """Until SELECT and PING are answered there is no connection to ask over."""
    peer = Peer(greeted=False)
    assert peer.wire.value() == b"*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n*1\r\n$4\r\nPING\r\n"
    assert not peer.link.is_up
    [answer] = peer.ask()
    assert isinstance(answer, StoreDown)
    peer.connection.dataReceived(GREETED)
    assert peer.link.is_up


def test_a_refused_greeting_closes():
    peer = Peer(greeted=False)
    peer.connection.dataReceived(b"-NOAUTH Authentication required.\r\n+PONG\r\n")
    assert (peer.wire.closed, peer.link.is_up) == (["both"], False)


@pytest.mark.parametrize(("role", "is_up"), [(b"master", True), (b"slave", False), (b"sentinel", False)])
def test_where_a_master_is_needed_a_replica_is_not_used(role, is_up):
    """It says itself what it is (ROLE), whatever sentinels have said."""
    link = Link(greeting=[], deadline=0.05, bound=1, give_up=0.5, clock=Clock(), needs_master=True)
    connection, wire = link.buildProtocol(None), Wire()
    connection.makeConnection(wire)
    assert wire.value() == b"*1\r\n$4\r\nROLE\r\n"
    connection.dataReceived(b"*2\r\n$%d\r\n%b\r\n:0\r\n" % (len(role), role))
    assert (link.is_up, wire.closed) == (is_up, [] if is_up else ["both"])


def test_a_link_that_is_ended_answers_what_waits(peer):
    answers = peer.ask()
    peer.link.abort()
    peer.connection.connectionLost()
    assert ([type(answer) for answer in answers], peer.wire.closed) == ([StoreDown], ["abort"])
    peer.link.abort()


def test_replies_go_to_those_who_asked_in_order(peer):
    """Two requests in flight, replies in one read and in pieces."""
    first, second = peer.ask(replies=2), peer.ask()
    peer.connection.dataReceived(b"*1\r\n$1\r\na\r\n*0\r\n$1\r")
    assert (first, second) == ([[[b"a"], []]], [])
    peer.connection.dataReceived(b"\nb\r\n")
    assert second == [[b"b"]]


def test_an_error_among_the_replies_is_found(peer):
    answers, after = peer.ask(replies=2), peer.ask()
    peer.connection.dataReceived(b"*0\r\n-LOADING Redis is loading the dataset in memory\r\n:1\r\n")
    [replies] = answers
    refused = refusal(replies)
    assert (type(refused), refused.kind, refused.passes) == (StoreRefused, "refused_loading", True)
    assert (refusal([b"a", []]), after) == (None, [[1]])


def test_a_late_reply_is_nobody_elses(peer):
    """After its deadline a request is answered once; its reply, when it comes, is counted off."""
    late = peer.ask()
    peer.clock.advance(0.03)
    young = peer.ask()
    peer.clock.advance(0.021)
    assert [type(answer) for answer in late] == [StoreTimeout]
    peer.connection.dataReceived(b"+late\r\n+young\r\n")
    assert ([type(answer) for answer in late], young) == ([StoreTimeout], [[b"young"]])


def test_every_request_has_its_deadline(peer):
    """One timer serves requests that come at any time: each is answered 50 ms after it was asked."""
    took = []

    def ask():
        asked = peer.clock.seconds()
        peer.link.request(b"PING\r\n", 1, lambda _: took.append(peer.clock.seconds() - asked))

    for _ in range(20):
        ask()
        peer.clock.advance(0.004)
    peer.clock.pump([0.001] * 60)
    assert len(took) == 20
    assert all(0.05 <= seconds < 0.056 for seconds in took)


def test_one_too_many_in_flight_is_busy():
    peer = Peer(bound=2)
    peer.ask()
    peer.ask()
    [busy] = peer.ask()
    assert isinstance(busy, StoreBusy)


def test_a_lost_connection_answers_all_that_wait(peer):
    asked = [peer.ask(), peer.ask()]
    peer.connection.connectionLost()
    assert [[type(answer) for answer in answers] for answers in asked] == [[StoreDown], [StoreDown]]
    assert not peer.link.is_up
    peer.connect()
    again = peer.ask()
    peer.connection.dataReceived(b"+ok\r\n")
    assert again == [[b"ok"]]


def test_a_silent_store_is_connected_anew(peer):
    """Half a second behind the deadline the connection is taken for dead, and nobody waits any more."""
    peer.ask()
    while not peer.wire.closed:
        peer.clock.advance(0.05)
    assert 0.55 <= peer.clock.seconds() <= 0.65
    assert peer.wire.closed == ["abort"]
    peer.connection.connectionLost()
    [answer] = peer.ask()
    assert isinstance(answer, StoreDown)


def test_a_slow_store_is_not_given_up(peer):
    """Its replies come late and are nobody's; but they come."""
    for _ in range(40):
        peer.ask()
        peer.clock.advance(0.1)
        peer.connection.dataReceived(b"+PONG\r\n")
    assert (peer.wire.closed, peer.link.is_up) == ([], True)


def test_replies_that_came_while_we_stood_still_count(peer):
    """A stopped process, or a busy machine: its timers are over before its sockets are read."""
    asked = peer.ask()
    peer.clock.advance(4)
    assert asked == []
    peer.connection.dataReceived(b"+PONG\r\n")
    assert asked == [[b"PONG"]]
    peer.clock.pump([0.001, 1])
    assert (peer.wire.closed, peer.link.is_up) == ([], True)


def test_what_has_not_come_by_then_is_late(peer):
    """One look more, however late that one comes."""
    asked = peer.ask()
    peer.clock.pump([0.3, 0.3])
    assert [type(answer) for answer in asked] == [StoreTimeout]


@pytest.mark.parametrize("garbage", [b"hello\r\n", b"$-9\r\n", b"+nobody asked\r\n"])
def test_garbage_ends_the_connection(peer, garbage):
    """When it cannot be told which reply is whose, nobody gets one."""
    peer.connection.dataReceived(garbage)
    assert (peer.wire.closed, peer.link.is_up) == (["abort"], False)


def test_garbage_answers_those_who_wait(peer):
    answers = peer.ask()
    peer.connection.dataReceived(b"hello\r\n")
    assert [type(answer) for answer in answers] == [StoreDown]


@given(st.lists(st.sampled_from(["ask", "reply", "time", "cut"]), max_size=40))
def test_every_request_is_answered_exactly_once(steps):
    """Whatever happens in whatever order, and never with another's reply."""
    peer, asked, number, replied = Peer(), [], 0, 0
    for step in steps:
        match step:
            case "ask":
                asked.append((number, peer.ask()))
                number += 1
            case "reply" if peer.connection.awaited:
                peer.connection.dataReceived(b":%d\r\n" % (number - len(peer.connection.awaited)))
                replied += 1
            case "time":
                peer.clock.advance(0.02)
            case "cut":
                peer.connection.connectionLost()
                peer.connect()
            case _:
                pass
    peer.clock.advance(0.06)
    peer.connection.connectionLost()
    for mine, answers in asked:
        assert len(answers) == 1
        assert isinstance(answers[0], (StoreTimeout, StoreDown)) or answers[0] == [mine]
