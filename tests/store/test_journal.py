"""Events on their way to the store: bounded, in batches, nothing written twice in silence."""

import hiredis
import pytest
from twisted.internet.task import Clock

from router.errors import StoreDown
from router.events import from_json, to_json
from router.store.journal import BATCH, PATIENCE, Journal
from router.store.spool import Spool
from router.store.stream import STREAM, find, read
from tests.fakes import answered, routed


class Store:
    """A link that answers when the test says so, and reads what it was sent."""

    def __init__(self):
        self.sent = []
        self.is_up = True
        self.is_scattered = False

    def serves(self, _tag):
        return self.is_up

    def request(self, commands, replies, done, tag):
        assert tag == STREAM
        reader = hiredis.Reader()
        reader.feed(commands)
        read = [reader.gets() for _ in range(replies)]
        assert reader.gets() is False, "more commands than replies awaited"
        self.sent.append((read, done))

    def answer(self, result=None):
        commands, done = self.sent.pop(0)
        done([b"OK"] * len(commands) if result is None else result)
        return commands

    def refuse(self, place, error):
        """Answer everything well but one command."""
        commands, done = self.sent.pop(0)
        done([hiredis.ReplyError(error) if number == place else b"OK" for number in range(len(commands))])
        return commands


class Writer:
    def __init__(self, store=None, **options):
        self.store, self.dropped, self.lines, self.clock = store or Store(), [], [], Clock()
        self.journal = Journal(
            self.store,
            length=1000,
            window=lambda: 259_200,
            writer="w1",
            dropped=lambda why, events: self.dropped.extend([why] * events),
            clock=self.clock,
            line=self.lines.append,
            **options,
        )

    def events(self, commands):
        added = [command[7:] for command in commands if command[0] == b"EVAL"]
        return [from_json(event) for words in added for event in words[1::3]]


@pytest.fixture
def writer():
    return Writer()


def test_nothing_is_sent_before_the_flush(writer):
    writer.journal.publish(routed())
    assert (writer.store.sent, writer.journal.waiting) == ([], 1)


def test_the_line_for_the_log_is_made_at_once(writer):
    writer.journal.publish(routed())
    assert writer.lines == [to_json(routed())]


def test_nothing_is_tried_while_there_is_no_store(writer):
    """Events wait without being packed again and again."""
    writer.store.is_up = False
    writer.journal.publish(routed())
    writer.journal.flush()
    assert (writer.store.sent, writer.journal.waiting) == ([], 1)


def test_a_batch_is_one_request_in_the_order_of_events(writer):
    """Each event on the bounded stream, and the contact that it makes."""
    events = [
        routed(call_id="1.1"),
        answered(call_id="1.1", at=2.0, caller="k1.a", hotline="10010", queue="expert", agent="x", wait=1),
        routed(call_id="1.2", caller=None),
    ]
    for event in events:
        writer.journal.publish(event)
    writer.journal.flush()
    commands = writer.store.answer()
    assert writer.events(commands) == events
    assert commands[0][2:6] == [b"2", STREAM.encode(), b"{ivr:journal}:w:w1", b"1000"]
    assert {command[0] for command in commands} >= {b"LPUSH", b"LTRIM", b"EXPIRE"}
    assert writer.journal.waiting == 0


def test_grounds_are_a_field_beside_the_event_and_not_in_the_log(writer):
    """What a decision looked at is personal data: the log has no word of it."""
    writer.journal.publish(routed(grounds=b'{"dnis":"10010","customer":{"age":70}}'))
    writer.journal.publish(routed(grounds=b""))
    writer.journal.flush()
    [added] = [each[7:] for each in writer.store.answer() if each[0] == b"EVAL"]
    grounds = b'{"dnis":"10010","customer":{"age":70}}'
    assert added == [b"1", to_json(routed()), grounds, b"2", to_json(routed()), b""]
    assert writer.lines == [to_json(routed())] * 2


def test_one_batch_is_on_its_way_at_a_time(writer):
    """Those that come meanwhile wait for its answer; a full batch follows at once."""
    for number in range(2 * BATCH + 1):
        writer.journal.publish(routed(call_id=f"1.{number}"))
    writer.journal.flush()
    writer.journal.flush()
    assert len(writer.store.sent) == 1
    assert len(writer.events(writer.store.answer())) == BATCH
    assert len(writer.events(writer.store.answer())) == BATCH
    assert (writer.store.sent, writer.journal.waiting) == ([], 1)


class Spooled(Writer):
    """With a spool, and time that passes when the test says so."""

    def __init__(self, folder, **options):
        self.spool = Spool(folder, lambda why, events: self.dropped.extend([why] * events))
        super().__init__(spool=self.spool, **options)

    def publish(self, *call_ids):
        for call_id in call_ids:
            self.journal.publish(routed(call_id=call_id))

    def ticks(self, *, late=False):
        self.clock.advance(PATIENCE if late else 0.05)
        self.journal.flush()

    def written(self):
        """The calls that the store has been sent, each batch taken."""
        calls = []
        while self.store.sent:
            calls += [event.call_id for event in self.events(self.store.answer())]
        return calls


@pytest.fixture
def spooled(tmp_path):
    return Spooled(tmp_path / "spool")


def test_events_go_to_the_spool_once_the_store_has_been_away_for_long(spooled):
    spooled.store.is_up = False
    spooled.publish("1")
    spooled.ticks()
    assert (spooled.journal.waiting, spooled.journal.spooled) == (1, 0)
    spooled.ticks(late=True)
    assert (spooled.journal.waiting, spooled.journal.spooled) == (0, 1)


def test_an_empty_journal_has_not_waited(spooled):
    """A process that starts before the store has nothing to say for a while."""
    spooled.store.is_up = False
    spooled.ticks()
    spooled.ticks(late=True)
    spooled.publish("1")
    spooled.ticks()
    assert (spooled.journal.waiting, spooled.journal.spooled) == (1, 0)


def test_a_store_that_is_back_gets_all_in_order_though_events_never_cease(spooled):
    """The spool first, then what has come since; each tick finds something new."""
    spooled.store.is_up = False
    spooled.publish("1")
    spooled.ticks()
    spooled.ticks(late=True)
    spooled.store.is_up = True
    written = []
    for call_id in "2345":
        spooled.publish(call_id)
        spooled.ticks(late=True)
        written += spooled.written()
    assert written == ["1", "2", "3", "4", "5"][: len(written)]
    spooled.ticks()
    assert written + spooled.written() == ["1", "2", "3", "4", "5"]
    assert (spooled.journal.spooled, spooled.dropped) == (0, [])


def test_a_store_that_is_there_and_refuses_is_tried_again_and_again(spooled):
    """Events go to the spool in between, and come from it in order once it takes them."""
    for call_id in ("1", "2", "3"):
        spooled.publish(call_id)
        spooled.ticks()
        if spooled.store.sent:
            spooled.store.refuse(0, "OOM command not allowed when used memory > 'maxmemory'.")
        spooled.ticks(late=True)
    assert spooled.journal.spooled > 0
    written = []
    for _ in range(6):
        spooled.ticks()
        written += spooled.written()
    assert written == ["1", "2", "3"]
    assert (spooled.journal.waiting, spooled.journal.spooled, spooled.dropped) == (0, 0, [])


def test_what_the_store_refused_is_written_again_in_order(writer):
    for number in range(3):
        writer.journal.publish(routed(call_id=f"1.{number}"))
    writer.journal.flush()
    writer.store.answer(StoreDown("gone"))
    writer.journal.publish(routed(call_id="1.3"))
    writer.journal.flush()
    events = writer.events(writer.store.answer())
    assert [event.call_id for event in events] == ["1.0", "1.1", "1.2", "1.3"]
    assert writer.dropped == []


def test_the_oldest_are_dropped_and_counted_when_the_buffer_is_full():
    writer = Writer(buffer=2)
    for number in range(3):
        writer.journal.publish(routed(call_id=f"1.{number}"))
    writer.journal.flush()
    writer.store.answer(StoreDown("gone"))
    writer.journal.publish(routed(call_id="1.3"))
    writer.journal.flush()
    events = writer.events(writer.store.answer())
    assert [event.call_id for event in events] == ["1.2", "1.3"]
    assert writer.dropped == ["full", "full"]


def test_a_batch_that_cannot_be_written_now_is_written_later(writer):
    """Out of memory passes; what the store has of it already it does not take again."""
    for number in range(3):
        writer.journal.publish(routed(call_id=f"1.{number}"))
    writer.journal.flush()
    writer.store.refuse(0, "OOM command not allowed when used memory > 'maxmemory'.")
    assert (writer.dropped, writer.journal.waiting) == ([], 3)
    writer.journal.flush()
    events = writer.events(writer.store.answer())
    assert [event.call_id for event in events] == ["1.0", "1.1", "1.2"]


@pytest.mark.parametrize(
    ("place", "error", "kind"),
    [
        (5, "WRONGTYPE Operation against a key holding the wrong kind of value", "refused_wrongtype"),
        (4, "NOPERM this user has no permissions to run the 'xadd' command", "refused_noperm"),
        (5, "STRANGE is this", "refused"),
    ],
)
def test_what_the_store_will_never_take_is_counted_and_not_tried_again(writer, place, error, kind):
    """One spoiled key stops neither the journal nor the other callers' contacts."""
    for number in range(3):
        writer.journal.publish(routed(call_id=f"1.{number}"))
    writer.journal.flush()
    writer.store.refuse(place, error)
    assert (writer.dropped, writer.journal.waiting) == ([kind], 0)


def add(client, event, **fields):
    """An entry of the journal, as some router wrote it."""
    return client.xadd(STREAM, {"event": event if isinstance(event, bytes) else to_json(event), **fields})


def test_events_are_read_with_their_grounds(valkey):
    """In pages; what is no event of ours is passed over."""
    add(valkey, routed(call_id="1.1"), grounds=b"{}")
    add(valkey, b"nonsense")
    valkey.xadd(STREAM, {"other": "thing"})
    last = add(valkey, routed(call_id="1.2"))
    place, events = read(valkey, "0", count=3)
    assert [(event.call_id, event.grounds) for event in events] == [("1.1", b"{}")]
    place, events = read(valkey, place)
    assert (place, [event.call_id for event in events]) == (last.decode(), ["1.2"])
    assert read(valkey, place) == (place, [])


def test_a_call_is_found_by_its_id(valkey):
    """The way it was routed last, whatever else happened to it; behind any number of other calls."""
    add(valkey, routed(call_id="1.1", rule="first"))
    add(valkey, routed(call_id="1.1", rule="second"), grounds=b"{}")
    add(valkey, answered(call_id="1.1", at=2.0, caller=None, hotline="h", queue="q", agent="a", wait=1))
    with valkey.pipeline() as pipeline:
        for number in range(2500):
            pipeline.xadd(STREAM, {"event": to_json(routed(call_id=f"2.{number}"))})
        pipeline.execute()
    found = find(valkey, "1.1")
    assert (found.rule, found.grounds) == ("second", b"{}")
    assert find(valkey, "2.0").call_id == "2.0"
    assert find(valkey, "1.1", entries=2000) is None


def test_a_call_is_looked_for_around_its_own_time_first(valkey):
    """A million younger entries need not be read: here one of them has the same call id."""
    at = 1732391200
    for seconds, rule in ((-61, "before"), (-60, "first"), (600, "last"), (601, "behind")):
        event = to_json(routed(call_id=f"site-{at}.7", rule=rule))
        valkey.xadd(STREAM, {"event": event}, id=f"{at + seconds}000-0")
    assert find(valkey, f"site-{at}.7").rule == "last"
    valkey.xdel(STREAM, f"{at - 60}000-0", f"{at + 600}000-0")
    assert find(valkey, f"site-{at}.7").rule == "behind"


@pytest.mark.parametrize("call_id", ["1.2", "1", "", '1.1"', "1.1\udcff", "\n"])
def test_a_call_that_is_not_there_is_not_found(valkey, call_id):
    add(valkey, routed(call_id="1.1"))
    assert find(valkey, call_id) is None


def test_what_only_looks_like_the_call_is_passed_over(valkey):
    add(valkey, routed(call_id="1.1"))
    add(valkey, b'{"event":"CallRouted","call_id":"1.1","at":"soon"}')
    add(valkey, to_json(routed(call_id="9", rule='"call_id":"1.1",')))
    assert find(valkey, "1.1") == routed(call_id="1.1")


class Scattered(Store):
    """A cluster: contacts are not where the stream is."""

    def __init__(self):
        super().__init__()
        self.is_scattered = True
        self.contacts = []

    def request(self, commands, replies, done, tag):
        if tag == STREAM:
            super().request(commands, replies, done, tag)
        else:
            self.contacts.append((commands, replies, done, tag))


def test_in_a_cluster_a_contact_follows_its_event():
    """Not before the stream has it: so it is not written twice when the batch is sent again."""
    writer = Writer(store=Scattered())
    writer.journal.publish(routed())
    writer.journal.flush()
    writer.store.answer(StoreDown("gone"))
    writer.journal.flush()
    assert writer.store.contacts == []
    assert [command[0] for command in writer.store.answer()] == [b"EVAL"]
    assert (writer.journal.waiting, writer.journal.durable) == (1, 0)
    writer.journal.flush()
    [(commands, replies, done, tag)] = writer.store.contacts
    assert (tag, replies, b"LPUSH" in commands) == (routed().caller, 3, True)
    done([1, b"OK", 1])
    assert (writer.journal.waiting, writer.journal.durable) == (0, 1)
