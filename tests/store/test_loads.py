"""How busy the queues are: written once a second, read with each caller."""

import pytest
from structlog.testing import capture_logs

from router.facts import QueueLoad
from router.store.loads import LoadReader, LoadWriter
from tests.store.test_link import Peer

NOW = 1_732_391_234.7
BUSY = QueueLoad(waiting=3, longest_wait=41, ready=0)
FREE = QueueLoad(waiting=0, longest_wait=0, ready=7)
WRITTEN = b":1\r\n:1\r\n"


class Clock:
    """A wall clock that tests set."""

    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now


class TestWriter:
    @pytest.fixture
    def peer(self):
        peer = Peer()
        peer.wire.clear()
        return peer

    @pytest.fixture
    def writer(self, peer):
        return LoadWriter(peer.link, Clock())

    def test_writes_all_queues_in_one_round_trip(self, peer, writer):
        """With the second they are of; the store forgets them when nobody writes any more."""
        writer.publish({"general": BUSY, "vip": FREE})
        assert peer.wire.value() == (
            b"*6\r\n$4\r\nHSET\r\n$8\r\nivr:load\r\n"
            b"$7\r\ngeneral\r\n$17\r\n3 41 0 1732391234\r\n"
            b"$3\r\nvip\r\n$16\r\n0 0 7 1732391234\r\n"
            b"*3\r\n$6\r\nEXPIRE\r\n$8\r\nivr:load\r\n$2\r\n10\r\n"
        )

    def test_writes_nothing_where_there_is_no_queue(self, peer, writer):
        writer.publish({})
        assert peer.wire.value() == b""

    def test_does_not_wait_in_line_behind_itself(self, peer, writer):
        """A store that is slow gets the next one, not all of them."""
        writer.publish({"vip": BUSY})
        peer.wire.clear()
        writer.publish({"vip": FREE})
        assert peer.wire.value() == b""
        peer.connection.dataReceived(WRITTEN)
        writer.publish({"vip": FREE})
        assert b"0 0 7 1732391234" in peer.wire.value()

    @pytest.mark.parametrize("answer", [b"-READONLY no\r\n:0\r\n", b"-OOM no\r\n-OOM no\r\n"])
    def test_says_once_that_it_cannot_and_once_that_it_can_again(self, peer, writer, answer):
        with capture_logs() as said:
            for reply in (answer, answer, WRITTEN, WRITTEN):
                writer.publish({"vip": BUSY})
                peer.connection.dataReceived(reply)
        assert [entry["log_level"] for entry in said] == ["warning", "info"]

    def test_goes_on_after_a_connection_that_was_lost(self, peer, writer):
        writer.publish({"vip": BUSY})
        peer.connection.connectionLost()
        writer.publish({"vip": BUSY})
        peer.connect()
        peer.wire.clear()
        writer.publish({"vip": FREE})
        assert b"0 0 7" in peer.wire.value()


class TestReader:
    @pytest.fixture
    def clock(self):
        return Clock()

    @pytest.fixture
    def reader(self, clock):
        return LoadReader(("general", "vip"), clock)

    def test_asks_for_its_queues_by_one_command(self, reader):
        assert reader.command == b"*4\r\n$5\r\nHMGET\r\n$8\r\nivr:load\r\n$7\r\ngeneral\r\n$3\r\nvip\r\n"

    def test_asks_for_nothing_where_nothing_is_needed(self, clock):
        assert LoadReader((), clock).command == b""

    def test_reads_what_was_written(self, reader):
        assert reader.read([b"3 41 0 1732391234", b"0 0 7 1732391234"]) == {"general": BUSY, "vip": FREE}

    @pytest.mark.parametrize(
        ("value", "seconds", "is_news"),
        [
            (b"3 41 0 1732391234", 9.3, True),
            (b"3 41 0 1732391234", 9.4, False),
            (b"3 41 0 1732391234", -10.7, True),
            (b"3 41 0 1732391234", -10.8, False),
            (None, 0, False),
            (b"", 0, False),
            (b"3 41 0", 0, False),
            (b"3 41 0 1732391234 1", 0, False),
            (b"-3 41 0 1732391234", 0, False),
            (b"3,41,0,1732391234", 0, False),
        ],
    )
    def test_believes_what_is_whole_and_at_most_ten_seconds_old(self, reader, clock, value, seconds, is_news):
        """And not from the future: the clock of one of the two machines is wrong then."""
        clock.now += seconds
        fresh = b"0 0 7 %d" % clock.now
        assert reader.read([value, fresh]) == {**({"general": BUSY} if is_news else {}), "vip": FREE}

    def test_forgets_what_grows_old_though_the_reply_stays_the_same(self, reader, clock):
        """The observer stopped; the store's own clock may be slower."""
        reply = [b"3 41 0 1732391234", b"0 0 7 1732391230"]
        read = []
        for seconds in (0, 5, 5.4, 9.3, 9.4, -20):
            clock.now = NOW + seconds
            read.append(sorted(reader.read(list(reply))))
        assert read == [["general", "vip"], ["general", "vip"], ["general"], ["general"], [], []]

    def test_reads_the_same_reply_once(self, reader):
        """They change once a second, and callers come thousands of times."""
        reply = [b"3 41 0 1732391234", b"0 0 7 1732391234"]
        assert reader.read(reply) is reader.read(list(reply))

    @pytest.mark.parametrize("reply", [Exception("NOPERM"), None, b"x", [], [b"3 41 0 1732391234"], [3, 4]])
    def test_a_reply_of_another_form_is_no_news(self, reader, reply):
        """The caller is waiting, and his own data came."""
        assert reader.read(reply) == {}

    def test_says_once_that_there_is_no_news(self, reader):
        good, old = [b"3 41 0 1732391234", b"0 0 7 1732391234"], [None, b"0 0 7 1"]
        with capture_logs() as said:
            for reply in (good, old, old, good, good):
                reader.read(reply)
        assert [(entry["log_level"], entry["queues"]) for entry in said] == [
            ("warning", {"general": "not there", "vip": "old"}),
            ("info", {}),
        ]
