"""A caller's attributes, contacts and the queues' loads by one round trip."""

from datetime import date
from pathlib import Path

import hiredis
import pytest

from router.errors import StoreDown, StoreError, StoreRefused
from router.facts import Caller, Contact, Data, QueueLoad
from router.policy.decide import Needs
from router.policy.load import load
from router.store.callers import Callers
from tests.store.test_link import Peer

NOW = 1_732_391_234.0
ATTRIBUTES = load(Path("policies")).book.attributes
NEEDS = Needs(attributes=tuple(ATTRIBUTES[name] for name in ("age", "known", "joined")), queues=())
WITH_LOADS = Needs(attributes=NEEDS.attributes, queues=("general", "roaming"))
CUSTOMER = b"*3\r\n$2\r\n70\r\n$1\r\n1\r\n$-1\r\n"
CONTACTS = b"*1\r\n$15\r\no 100 1.1 10010\r\n"
LOADS = b"*2\r\n$17\r\n3 41 0 1732391234\r\n$-1\r\n"


class Store:
    """Callers over a link whose other side the test plays."""

    def __init__(self):
        self.peer = Peer()
        self.failures, self.told = [], []
        self.took = []
        self.callers = Callers(self.peer.link, self.failures.append, lambda: NOW, self.took.append)

    def with_replica(self):
        """Its side is played, too."""
        replica = Peer()
        self.callers = Callers(
            self.peer.link, self.failures.append, lambda: NOW, self.took.append, replica.link
        )
        return replica

    def ask(self, needs, pseudonym="k1.abc"):
        """Ask; the commands that were sent, as words."""
        self.peer.wire.clear()
        self.callers.caller(pseudonym, needs, self.told.append)
        reader = hiredis.Reader()
        reader.feed(self.peer.wire.value())
        return list(iter(reader.gets, False))

    def answer(self, *replies):
        self.peer.connection.dataReceived(b"".join(replies))
        return self.told.pop()


@pytest.fixture
def store():
    return Store()


HMGET = [b"HMGET", b"c:{k1.abc}", *(attribute.code for attribute in NEEDS.attributes)]
LRANGE = [b"LRANGE", b"h:{k1.abc}", b"0", b"63"]
HMGET_LOADS = [b"HMGET", b"ivr:load", b"general", b"roaming"]
KNOWN = {"age": 70, "known": True, "joined": ATTRIBUTES["joined"].missing}
CONTACT = Contact(at=100, call_id="1.1", answered=False, queue="", hotline="10010")
BUSY = {"general": QueueLoad(waiting=3, longest_wait=41, ready=0)}


def test_asks_for_what_is_needed_and_no_more(store):
    """No command for loads where no policy looks at one."""
    assert store.ask(NEEDS) == [HMGET, LRANGE]
    assert store.answer(CUSTOMER, CONTACTS) == Caller(customer=KNOWN, contacts=(CONTACT,), loads={})


def test_asks_for_loads_in_the_same_write(store):
    """One round trip all the same; a queue without fresh news has no load."""
    assert store.ask(WITH_LOADS) == [HMGET, LRANGE, HMGET_LOADS]
    assert store.answer(CUSTOMER, CONTACTS, LOADS) == Caller(customer=KNOWN, contacts=(CONTACT,), loads=BUSY)


def test_of_nobody_the_loads_alone_are_asked(store):
    """A number that is withheld: everything about the caller is missing."""
    assert store.ask(WITH_LOADS, None) == [HMGET_LOADS]
    missing = {need.name: need.missing for need in NEEDS.attributes}
    assert store.answer(LOADS) == Caller(customer=missing, contacts=(), loads=BUSY)


def test_a_replica_is_asked_when_the_store_does_not_answer(store):
    """The same question; the answer says whose it is."""
    replica = store.with_replica()
    replica.wire.clear()
    asked = store.ask(WITH_LOADS)
    assert replica.wire.value() == b""
    store.peer.clock.advance(0.05)
    reader = hiredis.Reader()
    reader.feed(replica.wire.value())
    assert list(iter(reader.gets, False)) == asked
    replica.connection.dataReceived(CUSTOMER + CONTACTS + LOADS)
    assert store.told == [Caller(customer=KNOWN, contacts=(CONTACT,), loads=BUSY, data=Data.REPLICA)]
    assert [failure.kind for failure in store.failures] == ["timeout"]


@pytest.mark.parametrize(
    "refusal", [b"-LOADING Redis is loading the dataset in memory\r\n", b"-NOPERM no\r\n"]
)
def test_a_replica_is_asked_when_the_store_refuses(store, refusal):
    replica = store.with_replica()
    store.ask(NEEDS)
    store.peer.connection.dataReceived(refusal * 2)
    replica.connection.dataReceived(CUSTOMER + CONTACTS)
    [caller] = store.told
    assert (caller.customer, caller.data) == (KNOWN, Data.REPLICA)


@pytest.mark.parametrize("reply", [None, b"-MASTERDOWN Link with MASTER is down\r\n"])
def test_without_the_replicas_word_either_there_is_an_error(store, reply):
    """Once, and counted once: it is one caller."""
    replica = store.with_replica()
    store.ask(NEEDS)
    store.peer.clock.advance(0.05)
    if reply is None:
        replica.clock.advance(0.05)
    else:
        replica.connection.dataReceived(reply * 2)
    [error] = store.told
    assert isinstance(error, StoreError)
    assert len(store.failures) == 1


def test_asks_anew_when_the_needs_change(store):
    """Another version of the policies is live; what was asked before is read as it was asked."""
    store.ask(NEEDS)
    assert store.ask(WITH_LOADS) == [HMGET, LRANGE, HMGET_LOADS]
    assert store.answer(CUSTOMER, CONTACTS).loads == {}
    assert store.answer(CUSTOMER, CONTACTS, LOADS).loads == BUSY
    assert store.failures == []


def test_without_loads_the_caller_is_known_all_the_same(store):
    """The reader's rights may not reach the key: his own data is not lost by it."""
    store.ask(WITH_LOADS)
    told = store.answer(CUSTOMER, CONTACTS, b"-NOPERM no\r\n")
    assert (told.customer, told.loads, store.failures) == (KNOWN, {}, [])
    store.ask(WITH_LOADS, None)
    assert store.answer(b"-NOPERM no\r\n").loads == {}


@pytest.mark.parametrize(
    "replies",
    [
        (b"-WRONGTYPE no\r\n", CONTACTS, LOADS),
        (CUSTOMER, b"-WRONGTYPE no\r\n", LOADS),
        (b"*1\r\n$-1\r\n", CONTACTS, LOADS),
        (b":1\r\n", b":1\r\n", b":1\r\n"),
    ],
)
def test_replies_of_another_form_are_no_caller(store, replies):
    """Counted, and told to whoever asked."""
    store.ask(WITH_LOADS)
    told = store.answer(*replies)
    assert isinstance(told, StoreRefused)
    assert store.failures == [told]


@pytest.mark.parametrize("pseudonym", ["k1.abc", None])
def test_a_store_that_is_gone_is_told_at_once(store, pseudonym):
    store.peer.connection.connectionLost()
    assert store.ask(WITH_LOADS, pseudonym) == []
    assert [type(told) for told in (*store.told, *store.failures)] == [StoreDown, StoreDown]


def test_a_value_that_cannot_be_read_is_missing_and_no_other(store):
    store.ask(NEEDS)
    told = store.answer(b"*3\r\n$3\r\nold\r\n$1\r\n1\r\n$10\r\n2015-03-02\r\n", b"*0\r\n")
    assert told.customer == {
        "age": ATTRIBUTES["age"].missing,
        "known": True,
        "joined": date(2015, 3, 2),
    }


def test_every_lookup_is_timed(store):
    """Also one without an answer: it took its deadline."""
    clock = store.peer.link.clock
    store.ask(NEEDS)
    clock.advance(0.004)
    store.answer(CUSTOMER, CONTACTS)
    store.ask(NEEDS)
    clock.advance(store.peer.link.deadline)
    assert store.took == pytest.approx([0.004, store.peer.link.deadline])


class Apart:
    """A cluster: a caller is on one server, the loads are on another."""

    is_scattered = True
    is_up = True

    def __init__(self, clock):
        self.clock = clock
        self.asked = {}

    def request(self, commands, replies, done, tag):
        reader = hiredis.Reader()
        reader.feed(commands)
        words = list(iter(reader.gets, False))
        assert len(words) == replies
        self.asked[tag] = words, done

    def answer(self, tag, data):
        reader = hiredis.Reader()
        reader.feed(data)
        words, done = self.asked.pop(tag)
        done([reader.gets() for _ in words])


@pytest.fixture
def apart():
    """A store whose servers are a cluster's."""
    made = Store()
    made.cluster = Apart(made.peer.clock)
    made.callers = Callers(made.cluster, made.failures.append, lambda: NOW, made.took.append)
    return made


@pytest.mark.parametrize("first", ["k1.abc", "ivr:load"])
def test_in_a_cluster_two_servers_are_asked_at_once(apart, first):
    """Whichever answers first: their answers are one."""
    apart.callers.caller("k1.abc", WITH_LOADS, apart.told.append)
    asked = {tag: words for tag, (words, _) in apart.cluster.asked.items()}
    assert asked == {"k1.abc": [HMGET, LRANGE], "ivr:load": [HMGET_LOADS]}
    answers = {"k1.abc": CUSTOMER + CONTACTS, "ivr:load": LOADS}
    second = next(tag for tag in answers if tag != first)
    apart.cluster.answer(first, answers[first])
    assert apart.told == []
    apart.cluster.answer(second, answers[second])
    assert apart.told == [Caller(customer=KNOWN, contacts=(CONTACT,), loads=BUSY)]


def test_in_a_cluster_a_caller_is_known_while_the_loads_are_away(apart):
    """The queues count as calm."""
    apart.callers.caller("k1.abc", WITH_LOADS, apart.told.append)
    apart.cluster.asked.pop("ivr:load")[1](StoreDown("gone"))
    apart.cluster.answer("k1.abc", CUSTOMER + CONTACTS)
    assert apart.told == [Caller(customer=KNOWN, contacts=(CONTACT,), loads={})]
    assert apart.failures == []


def test_in_a_cluster_a_caller_whose_server_is_away_is_an_error(apart):
    apart.callers.caller("k1.abc", WITH_LOADS, apart.told.append)
    apart.cluster.asked.pop("k1.abc")[1](StoreDown("gone"))
    apart.cluster.answer("ivr:load", LOADS)
    [error] = apart.told
    assert isinstance(error, StoreDown)
    assert apart.failures == [error]


def test_a_replica_of_one_server_has_what_a_cluster_has_apart(apart):
    """All of it is asked for together."""
    replica = Peer()
    apart.callers = Callers(apart.cluster, apart.failures.append, lambda: NOW, replica=replica.link)
    apart.callers.caller("k1.abc", WITH_LOADS, apart.told.append)
    replica.wire.clear()
    apart.cluster.answer("ivr:load", LOADS)
    apart.cluster.asked.pop("k1.abc")[1](StoreDown("gone"))
    replica.connection.dataReceived(CUSTOMER + CONTACTS + LOADS)
    assert apart.told == [Caller(customer=KNOWN, contacts=(CONTACT,), loads=BUSY, data=Data.REPLICA)]


def test_in_a_cluster_nothing_is_asked_apart_that_is_not_needed(apart):
    apart.callers.caller("k1.abc", NEEDS, apart.told.append)
    assert list(apart.cluster.asked) == ["k1.abc"]
    apart.callers.caller(None, WITH_LOADS, apart.told.append)
    assert apart.cluster.asked["ivr:load"][0] == [HMGET_LOADS]
