"""Which link has a key, and where a request goes that a server sends on."""

import hiredis
import pytest
from twisted.internet.task import Clock

from router.errors import StoreDown, StoreRefused, StoreTimeout
from router.store.link import Link, packed
from router.store.masters import SLOTS
from router.store.shards import Shards, slot_of
from tests.fakes import Wire

A, B, C = ("a", 1), ("b", 2), ("::1", 3)
LOW, HIGH = "k1.c", "k1.d"
ASKING = [b"ASKING"]


class World:
    """Shards over two servers, whose sides the test plays; a third may come."""

    def __init__(self, *, up=True):
        self.clock = Clock()
        self.wires, self.links, self.connections = {}, {}, {}
        self.gone, self.wanted = [], []
        self.shards = Shards(
            dial=self.dial,
            hang_up=self.gone.append,
            want=lambda: self.wanted.append(self.clock.seconds()),
            deadline=0.05,
            clock=self.clock,
            is_scattered=True,
        )
        if up:
            self.shards.take({(0, SLOTS // 2 - 1): A, (SLOTS // 2, SLOTS - 1): B})
            self.greet(A, B)

    def dial(self, host):
        link = Link(greeting=[], deadline=0.05, bound=100, give_up=0.5, clock=self.clock)
        self.links[host], self.wires[host] = link, Wire()
        self.connections[host] = link.buildProtocol(None)
        self.connections[host].makeConnection(self.wires[host])
        return link

    def greet(self, *hosts):
        for host in hosts:
            self.connections[host].dataReceived(b"+PONG\r\n")
            self.wires[host].clear()

    def ask(self, tag, *commands):
        told = []
        self.shards.request(packed(commands), len(commands), told.append, tag)
        return told

    def sent(self, host):
        reader = hiredis.Reader()
        reader.feed(self.wires[host].value())
        self.wires[host].clear()
        return list(iter(reader.gets, False))

    def answer(self, host, replies):
        self.connections[host].dataReceived(replies)


@pytest.fixture
def world():
    return World()


GET = ("GET", "x")
LLEN = ("LLEN", "y")


def test_slots_are_those_of_the_specification():
    """The examples of the Redis Cluster specification, and both ends of the tests' own."""
    assert (slot_of("123456789"), slot_of("foo")) == (0x31C3, 12182)
    assert slot_of(LOW) < SLOTS // 2 <= slot_of(HIGH)


def test_each_key_is_asked_for_where_it_is(world):
    low, high = world.ask(LOW, GET), world.ask(HIGH, LLEN)
    assert (world.sent(A), world.sent(B)) == ([[b"GET", b"x"]], [[b"LLEN", b"y"]])
    world.answer(B, b":2\r\n")
    world.answer(A, b"+one\r\n")
    assert (low, high) == ([[b"one"]], [[2]])


def test_before_anybody_has_said_where_keys_are_there_is_an_error():
    world = World(up=False)
    [answer] = world.ask(LOW, GET)
    assert isinstance(answer, StoreDown)
    assert (world.shards.is_up, world.shards.serves(LOW)) == (False, False)


def test_one_server_that_is_away_is_not_all(world):
    world.connections[A].connectionLost()
    assert (world.shards.is_up, world.shards.serves(LOW), world.shards.serves(HIGH)) == (False, False, True)
    [answer] = world.ask(LOW, GET)
    assert isinstance(answer, StoreDown)
    assert world.wanted
    high = world.ask(HIGH, GET)
    world.answer(B, b"+one\r\n")
    assert high == [[b"one"]]


def test_a_request_is_sent_on_to_where_its_slot_has_moved(world):
    """Only what was not answered is asked again; the map is asked for anew."""
    told = world.ask(LOW, GET, LLEN)
    world.sent(A)
    world.answer(A, b"-MOVED %d b:2\r\n-MOVED %d b:2\r\n" % (slot_of(LOW), slot_of(LOW)))
    assert (told, world.wanted) == ([], [0.0])
    assert world.sent(B) == [[b"GET", b"x"], [b"LLEN", b"y"]]
    world.answer(B, b"+one\r\n:2\r\n")
    assert told == [[b"one", 2]]


def test_of_a_slot_on_its_way_some_keys_are_here_and_some_there(world):
    """ASK is for one command: what the old server has answered stays."""
    told = world.ask(LOW, GET, LLEN)
    world.answer(A, b"+one\r\n-ASK %d b:2\r\n" % slot_of(LOW))
    assert world.sent(B) == [ASKING, [b"LLEN", b"y"]]
    world.answer(B, b"+OK\r\n:2\r\n")
    assert told == [[b"one", 2]]


def test_it_is_sent_on_once(world):
    """What then is refused, is: by a kind of error that passes."""
    told = world.ask(LOW, GET)
    world.answer(A, b"-MOVED 1 b:2\r\n")
    world.answer(B, b"-MOVED 1 a:1\r\n")
    [[error]] = told
    assert StoreRefused(str(error)).passes


def test_a_new_server_is_connected_to_and_waited_for(world):
    """An IPv6 address has no brackets in MOVED; its link stays over the next map that does not know it."""
    told = world.ask(LOW, GET)
    world.answer(A, b"-ASK 1 ::1:3\r\n")
    world.clock.advance(0.01)
    world.shards.take({(0, SLOTS - 1): A})
    assert C not in world.gone
    world.greet(C)
    world.clock.advance(0.002)
    assert world.sent(C) == [ASKING, [b"GET", b"x"]]
    world.answer(C, b"+OK\r\n+one\r\n")
    assert told == [[b"one"]]
    world.shards.take({(0, SLOTS - 1): A})
    assert C in world.gone


def test_a_server_without_a_name_is_where_it_was_asked(world):
    """An empty host in MOVED: the port of the one who says it."""
    told = world.ask(LOW, GET)
    world.answer(A, b"-MOVED 1 :9\r\n")
    assert ("a", 9) in world.links
    world.greet(("a", 9))
    world.clock.advance(0.002)
    world.answer(("a", 9), b"+one\r\n")
    assert told == [[b"one"]]


def test_the_deadline_is_for_both_servers_together(world):
    told = world.ask(LOW, GET)
    world.clock.advance(0.03)
    world.answer(A, b"-MOVED 1 b:2\r\n")
    world.clock.advance(0.019)
    assert told == []
    world.clock.advance(0.002)
    assert [type(answer) for answer in told] == [StoreTimeout]
    world.answer(B, b"+late\r\n")
    assert len(told) == 1


def test_a_late_reply_from_elsewhere_is_nobody_elses(world):
    """The one who asks next gets his own."""
    world.ask(LOW, GET)
    world.clock.advance(0.03)
    world.answer(A, b"-MOVED 1 b:2\r\n")
    world.clock.advance(0.03)
    after = world.ask(HIGH, GET)
    world.answer(B, b"+late\r\n+his own\r\n")
    assert after == [[b"his own"]]


def test_a_new_map_ends_links_that_nobody_needs(world):
    world.shards.take({(0, SLOTS - 1): B})
    assert world.gone == [A]
    told = world.ask(LOW, GET)
    assert world.sent(B) == [[b"GET", b"x"]]
    world.answer(B, b"+one\r\n")
    assert told == [[b"one"]]
    assert world.shards.is_up


def test_a_map_that_does_not_have_all_slots_is_not_all_of_the_store(world):
    world.shards.take({(0, SLOTS // 2 - 1): A})
    assert (world.shards.is_up, world.shards.serves(LOW), world.shards.serves(HIGH)) == (False, True, False)
