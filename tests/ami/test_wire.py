"""AMI as bytes and values."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.ami.wire import AmiError, AmiTrouble, Answer, Limits, Message, Receiver, action
from tests.ami.packets import (
    ACCEPTED,
    ANSWERED,
    BANNER,
    FORBIDDEN,
    FORGED,
    HUNG_UP,
    JOINED,
    READY,
    SUMMARY,
    packet,
)

FULL = Limits()
SMALL = Limits(line=20, lines=4, packet=60)


def received(*pieces: bytes, limits: Limits = FULL) -> list[Message]:
    receiver = Receiver(limits)
    return [message for piece in pieces for message in receiver.receive(piece)]


def in_bytes(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]


def trouble_of(*pieces: bytes, limits: Limits = FULL) -> AmiTrouble:
    with pytest.raises(AmiError) as broken:
        received(*pieces, limits=limits)
    return broken.value.trouble


STREAM = BANNER + packet(ACCEPTED) + packet(JOINED) + packet(ANSWERED) + packet(HUNG_UP)


class TestGreeting:
    def test_comes_first_and_is_no_packet(self):
        """The first line makes actions possible and gives no message."""
        receiver = Receiver()
        assert not receiver.is_greeted
        assert receiver.receive(BANNER) == []
        assert receiver.is_greeted

    @pytest.mark.parametrize(
        "data",
        [
            b"HTTP/1.1 400 Bad Request\r\n",
            b"Asterisk\r\n",
            b"\r\n",
            b"+",
            b"Asterisk Call Manager/" + b"1" * 80,
        ],
    )
    def test_of_somebody_else_is_noticed(self, data):
        """Another server on that port, a line that is too short or one without an end."""
        assert trouble_of(data) is AmiTrouble.NOT_AMI
        assert trouble_of(*in_bytes(data)) is AmiTrouble.NOT_AMI


class TestPackets:
    def test_keep_their_lines_in_order(self):
        """Keys and values as written, repeated keys too."""
        [message] = received(
            BANNER, packet("Event: A\nChanVariable: X=1\nChanVariable: Y=:2: \nEmpty:\nNote")
        )
        assert message.lines == (
            ("Event", "A"),
            ("ChanVariable", "X=1"),
            ("ChanVariable", "Y=:2: "),
            ("Empty", ""),
            ("Note", ""),
        )
        assert message.all("ChanVariable") == ["X=1", "Y=:2: "]
        assert (message["ChanVariable"], message["Nothing"]) == ("X=1", "")

    def test_of_a_real_switch(self):
        """A login's answer, then three events."""
        answer, *events = received(STREAM)
        assert answer.is_response
        assert answer.event is None
        assert [event.event for event in events] == ["QueueCallerJoin", "AgentConnect", "QueueCallerAbandon"]
        assert events[1].all("ChanVariable")[:2] == ["IVR_DNIS=10010", "IVR_HOTLINE=10010"]
        assert events[1]["DestUniqueid"] == "1795468683.11"

    def test_come_in_any_pieces(self):
        """Byte by byte the same messages as whole."""
        assert received(*in_bytes(STREAM)) == received(STREAM)

    def test_the_next_one_may_have_begun(self):
        """Bytes behind a packet wait for the rest of theirs."""
        receiver = Receiver()
        first = receiver.receive(BANNER + packet("Event: A") + b"Event: B\r\n\r")
        assert [message.event for message in first] == ["A"]
        assert [message.event for message in receiver.receive(b"\n")] == ["B"]

    def test_output_of_a_command_is_repeated_lines(self):
        """Leading blanks of a table stay; an empty line of it is a line with an empty value."""
        [message] = received(BANNER, packet("Response: Success\nOutput:   name\nOutput: \nOutput: end"))
        assert message.all("Output") == ["  name", "", "end"]

    def test_more_blank_lines_than_one(self):
        """Some actions end their lists with one more."""
        assert [
            message.event for message in received(BANNER + packet("Event: A") + b"\r\n" + packet("Event: B"))
        ] == [
            "A",
            "B",
        ]

    def test_bytes_that_are_no_text(self):
        """A name in another encoding is replaced, not refused."""
        [message] = received(BANNER + b"Event: A\r\nCallerIDName: \xff\xfe\r\n\r\n")
        assert message["CallerIDName"] == "\ufffd\ufffd"

    def test_a_forged_one_is_two(self):
        """Line ends inside a caller's number cut an event in two: here nobody can tell."""
        assert [message.event for message in received(BANNER + packet(FORGED))] == [
            "QueueCallerAbandon",
            "AgentConnect",
        ]


class TestBounds:
    @pytest.mark.parametrize(
        "data",
        [
            b"E" * 23,
            b"Event: A\r\n" + b"E" * 23,
            b"Event: " + b"A" * 14 + b"\r\n\r\n",
            b"E\r\n" * 5,
            b"E\r\n" * 5 + b"\r\n",
            (b"E" * 19 + b"\r\n") * 4,
        ],
    )
    def test_are_kept(self, data):
        """Of a line, of the lines of a packet, of a packet; whole and byte by byte."""
        assert trouble_of(BANNER + data, limits=SMALL) is AmiTrouble.OVERSIZE
        assert trouble_of(BANNER, *in_bytes(data), limits=SMALL) is AmiTrouble.OVERSIZE

    @pytest.mark.parametrize(
        "data", [b"E" * 20, b"E\r\nE\r\nE\r\nE", b"E" * 20 + b"\r\n" + b"E" * 20 + b"\r\nE"]
    )
    def test_may_be_reached(self, data):
        """What is just small enough comes through; whole and byte by byte."""
        data += b"\r\n\r\n"
        assert len(received(BANNER + data, limits=SMALL)) == 1
        assert received(BANNER, *in_bytes(data), limits=SMALL) == received(BANNER + data, limits=SMALL)

    def test_a_real_event_is_far_below_them(self):
        """The default bounds leave room for a hundred times the largest event."""
        assert len(packet(ANSWERED)) * 100 < FULL.packet
        assert ANSWERED.count("\n") * 100 < FULL.lines


class TestAnswer:
    @pytest.mark.parametrize("text", [READY, FORBIDDEN, "Response: Success"])
    def test_is_a_response_alone(self, text):
        """Most actions have no list behind it, a refused one neither."""
        [response] = received(BANNER, packet(text))
        answer = Answer()
        assert answer.awaits(response)
        assert answer.take(response)

    def test_is_a_list_up_to_its_end(self):
        """The last event says that it is: EventList: Complete; or Cancelled."""
        messages = received(BANNER, packet(SUMMARY))
        answer = Answer()
        assert [(answer.awaits(message), answer.take(message)) for message in messages] == [
            (True, False),
            (True, False),
            (True, False),
            (True, True),
        ]
        assert answer.messages == messages

    def test_begins_with_a_response_and_has_one(self):
        """An event that came before it, or a second response, belongs to something else."""
        response, event, *_ = received(BANNER, packet(SUMMARY))
        answer = Answer()
        assert not answer.awaits(event)
        answer.take(response)
        assert not answer.awaits(response)

    def test_without_an_end_is_noticed(self):
        """After so many packets: they are kept until the answer is whole."""
        response, event, *_ = received(BANNER, packet(SUMMARY))
        answer = Answer(Limits(answer=3))
        assert [answer.take(message) for message in (response, event, event)] == [False] * 3
        with pytest.raises(AmiError) as endless:
            answer.take(event)
        assert endless.value.trouble is AmiTrouble.OVERSIZE


class TestAction:
    def test_is_lines_and_a_blank_one(self):
        """The name first, then the headers in their order."""
        assert action("Login", ActionID="2", Username="ivr") == (
            b"Action: Login\r\nActionID: 2\r\nUsername: ivr\r\n\r\n"
        )

    @pytest.mark.parametrize("value", ["a\r\nAction: Originate", "a\n", "a\r", "a\x00b"])
    def test_cannot_be_made_two(self, value):
        """CR, LF and NUL are refused in values, in keys and in the name."""
        for attempt in ({"Username": value}, {value: "x"}):
            with pytest.raises(ValueError, match="control characters"):
                action("Login", **attempt)
        with pytest.raises(ValueError, match="control characters"):
            action(value)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12)
keys = st.text("ABCdef()-", min_size=1, max_size=8)
blocks = st.lists(st.lists(st.tuples(keys, texts), min_size=1, max_size=6), max_size=4)


def written(packets: list[list[tuple[str, str]]]) -> bytes:
    return b"".join(
        "".join(f"{key}: {value}\r\n" for key, value in lines).encode() + b"\r\n" for lines in packets
    )


@given(packets=blocks, cuts=st.lists(st.integers(0, 400), max_size=8))
def test_what_is_written_is_read(packets, cuts):
    """Any packets, cut anywhere, are read as they were written."""
    data = BANNER + written(packets)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[begin:end] for begin, end in pairwise(edges)]
    assert [message.lines for message in received(*pieces)] == [tuple(lines) for lines in packets]


def outcome(*pieces: bytes) -> list[Message] | AmiTrouble:
    try:
        return received(BANNER, *pieces, limits=SMALL)
    except AmiError as broken:
        return broken.trouble


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"E", b": ", b"ab" * 8]), max_size=40).map(b"".join))
def test_garbage_is_messages_or_an_error(data):
    """Whatever comes behind the greeting: the same outcome whole and byte by byte, and little is kept."""
    receiver = Receiver(SMALL)
    ended = data + b"\r\n\r\n"
    assert outcome(ended) == outcome(*in_bytes(ended))
    with suppress(AmiError):
        receiver.receive(BANNER + data)
        assert len(receiver._rest) <= SMALL.packet + 3


@given(
    headers=st.dictionaries(
        keys.filter(lambda key: key != "Action"), texts.filter(lambda text: "\x00" not in text)
    )
)
def test_an_action_is_one_packet(headers):
    """Whatever its values, an action is read back as one packet with just those headers."""
    [message] = received(BANNER, action("Ping", **headers))
    assert message.lines == (("Action", "Ping"), *headers.items())
