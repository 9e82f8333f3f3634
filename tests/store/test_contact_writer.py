"""Contacts on their way to the servers of a cluster: each until it is taken."""

import hiredis
import pytest

from router.errors import StoreTimeout
from router.store.contact_writer import AT_ONCE, KEEP, ContactWriter
from router.store.spool import Record
from tests.fakes import routed


class Servers:
    """Those of a cluster, some of them away."""

    def __init__(self):
        self.away, self.sent = set(), []

    def serves(self, tag):
        return tag not in self.away

    def request(self, commands, replies, done, tag):
        self.sent.append((tag, commands, replies, done))

    def answer(self, result=None):
        tag, _, replies, done = self.sent.pop(0)
        done([1] * replies if result is None else result)
        return tag


class World:
    def __init__(self, window=100):
        self.servers, self.dropped = Servers(), []
        self.writer = ContactWriter(
            self.servers, lambda: window, lambda why, count: self.dropped.append((why, count))
        )
        self.number = 0

    def add(self, caller="k1.a", **changed):
        self.number += 1
        event = routed(caller=caller, **changed)
        self.writer.add(Record(writer="w", number=self.number, event=b"", grounds=b""), event)


@pytest.fixture
def world():
    return World()


def test_a_contact_is_written_to_its_callers_server(world):
    world.add()
    world.writer.flush()
    [(tag, commands, replies, _)] = world.servers.sent
    assert (tag, replies) == ("k1.a", 3)
    assert b"h:{k1.a}" in commands
    assert (len(world.writer), world.writer.oldest("w"), world.writer.oldest("v")) == (1, 1, None)
    world.servers.answer()
    assert (len(world.writer), world.writer.oldest("w")) == (0, None)


def test_what_is_no_contact_is_not_kept(world):
    world.add(caller=None)
    assert len(world.writer) == 0
    unread = World(window=0)
    unread.add()
    assert len(unread.writer) == 0


def test_one_server_that_is_away_does_not_hold_up_the_others(world):
    world.servers.away = {"k1.a"}
    for caller in ("k1.a", "k1.b"):
        world.add(caller)
    world.writer.flush()
    assert [world.servers.answer() for _ in range(1)] == ["k1.b"]
    assert (world.servers.sent, world.writer.oldest("w")) == ([], 1)
    world.servers.away = set()
    world.writer.flush()
    assert world.servers.answer() == "k1.a"
    assert len(world.writer) == 0


@pytest.mark.parametrize(
    "result",
    [StoreTimeout("late"), [hiredis.ReplyError("CLUSTERDOWN no"), 1, 1], [hiredis.ReplyError("MOVED 1 a:1")]],
)
def test_what_passes_is_tried_again(world, result):
    world.add()
    world.writer.flush()
    world.servers.answer(result)
    assert (len(world.writer), world.dropped) == (1, [])
    world.writer.flush()
    world.servers.answer()
    assert len(world.writer) == 0


def test_what_never_passes_is_counted(world):
    world.add()
    world.writer.flush()
    world.servers.answer([hiredis.ReplyError("NOPERM no"), 1, 1])
    assert (len(world.writer), world.dropped) == (0, [("refused_noperm", 1)])


def test_so_many_are_on_their_way_at_once(world):
    for _ in range(AT_ONCE + 1):
        world.add()
    world.writer.flush()
    assert len(world.servers.sent) == AT_ONCE


def test_so_many_wait_at_most(world):
    """The oldest goes, and is counted."""
    for _ in range(KEEP + 1):
        world.add()
    assert (len(world.writer), world.dropped, world.writer.oldest("w")) == (KEEP, [("full", 1)], 2)
