"""Where the masters are: asked again and again, told when it changes."""

import pytest
from twisted.internet.task import Clock

from router.errors import StoreDown
from router.settings import StoreUrl
from router.store.address import servers
from router.store.masters import REST_SECONDS, SLOTS, Discovery, _Nodes

A, B = {(0, SLOTS - 1): ("a", 1)}, {(0, SLOTS - 1): ("b", 2)}


class World:
    """A discovery whose questions the test answers."""

    def __init__(self):
        self.clock = Clock()
        self.asked, self.told = [], []
        self.answers = []
        self.discovery = Discovery(lambda: self.answers.pop(0), self.aside, self.clock)
        self.discovery.follow(self.told.append)

    def aside(self, task, done):
        self.asked.append((task, done))

    def answer(self, masters):
        task, done = self.asked.pop(0)
        if isinstance(masters, Exception):
            done(masters)
            return
        self.answers.append(masters)
        task()
        done(None)


@pytest.fixture
def world():
    return World()


def test_who_follows_is_told_of_each_change(world):
    for masters in (A, A, StoreDown("nobody"), A, B):
        world.discovery.look()
        world.answer(masters)
    assert world.told == [A, B]


def test_one_question_at_a_time(world):
    world.discovery.look()
    world.discovery.look()
    assert len(world.asked) == 1


def test_however_many_want_to_know_it_is_asked_in_turns(world):
    """Each call during a failover wants a new map."""
    world.discovery.look()
    world.answer(A)
    for _ in range(50):
        world.discovery.want()
    assert world.asked == []
    world.clock.advance(REST_SECONDS)
    assert len(world.asked) == 1
    world.answer(B)
    assert world.told == [A, B]


REPLY = [[0, 99, [b"a", 1, b"id"], [b"b", 2, b"id"], [b"c", 3, b"id"]], [100, SLOTS - 1, [b"", 9, b"id"]]]


def test_a_clusters_map_has_its_masters():
    """One that does not know its name is where it was asked."""
    nodes = _Nodes(servers("cluster://a"), StoreUrl("cluster://a"), replicas=False)
    assert nodes._taken(REPLY, "asked") == {(0, 99): ("a", 1), (100, SLOTS - 1): ("asked", 9)}


def test_of_replicas_one_is_stayed_with():
    """Of a master without one it is the master itself."""
    nodes = _Nodes(servers("cluster://a"), StoreUrl("cluster://a"), replicas=True)
    assert nodes._taken(REPLY, "asked") == {(0, 99): ("b", 2), (100, SLOTS - 1): ("asked", 9)}
    other = [[0, 99, REPLY[0][2], REPLY[0][4], REPLY[0][3]], REPLY[1]]
    assert nodes._taken(other, "asked")[0, 99] == ("b", 2)
    assert nodes._taken([[0, 99, REPLY[0][2], REPLY[0][4]]], "asked")[0, 99] == ("c", 3)


def test_nodes_without_slots_know_nothing():
    nodes = _Nodes(servers("cluster://a"), StoreUrl("cluster://a"), replicas=False)
    with pytest.raises(StoreDown, match="no node has any slots"):
        nodes._taken([], "asked")


def test_nodes_that_do_not_answer_are_all_asked():
    store = StoreUrl("cluster://:secret@127.0.0.1:1,127.0.0.1:2")
    nodes = _Nodes(servers(store.text), store, replicas=False)
    with pytest.raises(StoreDown, match=r"127\.0\.0\.1:2") as error:
        nodes.find()
    assert "secret" not in str(error.value)
