"""What the switch says, as our events."""

import pytest

from router.ami.translate import Waiting, ready, ready_of, translate, waiting
from router.ami.wire import AmiError, AmiTrouble, Message, Receiver
from router.events import CallAbandoned, CallAnswered, Event, to_json
from router.numbers import Number, PseudonymKey
from tests.ami.packets import (
    ANSWERED,
    BANNER,
    CANCELLED,
    FORBIDDEN,
    FORGED,
    HUNG_UP,
    JOINED,
    READY,
    TIMED_OUT,
    packet,
    summary,
)

KEY = PseudonymKey(key_id="t1", secret=b"a secret of thirty-two bytes ...")
CALLER = KEY.pseudonym(Number("+8613800138000"))
READ = 1795470000.25


def messages(text: str) -> list[Message]:
    return Receiver().receive(BANNER + packet(text))


def event_of(text: str, region: str = "CN") -> Event | None:
    [message] = messages(text)
    return translate(message, at=READ, key=KEY, region=region)


def trouble_of(message: Message) -> AmiTrouble:
    with pytest.raises(AmiError) as refused:
        translate(message, at=READ, key=KEY, region="CN")
    return refused.value.trouble


def without(text: str, key: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith(key))


class TestAnswered:
    def test_is_told_of_a_real_call(self):
        """AgentConnect: the whole contact's id, the caller's pseudonym, who answered, and after how long."""
        assert event_of(ANSWERED) == CallAnswered(
            call_id="1795468683.10",
            at=1795468683.588064,
            caller=CALLER,
            hotline="10010",
            queue="elder-care",
            agent="Wang Fang",
            wait=0,
        )

    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("HoldTime: 0", "HoldTime: 97"),
            ("Linkedid: 1795468683.10\nChan", "Linkedid: pbx2-1795468683.10\nChan"),
            ("MemberName: Wang Fang", "MemberName: PJSIP/agent1"),
            ("Queue: elder-care", "Queue: vip"),
        ],
    )
    def test_follows_what_is_written(self, written, read):
        """A wait, a call id with a system's name, a member without a name of its own, a queue."""
        told = event_of(ANSWERED.replace(written, read))
        assert isinstance(told, CallAnswered)
        assert (
            str(getattr(told, {"H": "wait", "L": "call_id", "M": "agent", "Q": "queue"}[read[0]]))
            == (read.split(": ")[1].split("\n")[0])
        )

    def test_in_the_queue_that_queues_conf_must_name_otherwise(self):
        """There [general] is something else; everywhere else the queue is "general"."""
        told = event_of(ANSWERED.replace("Queue: elder-care", "Queue: general-queue"))
        assert told is not None
        assert told.queue == "general"

    def test_carries_no_number(self):
        """What leaves is a pseudonym."""
        told = event_of(ANSWERED)
        assert told is not None
        assert b"138001380" not in to_json(told)


class TestCaller:
    @pytest.mark.parametrize("number", ["13800138000", "+8613800138000", "008613800138000"])
    def test_is_the_same_however_displayed(self, number):
        """The pseudonym is that of the number in its one form, so that the contact is the caller's."""
        told = event_of(ANSWERED.replace("\nCallerIDNum: 13800138000", f"\nCallerIDNum: {number}"))
        assert told is not None
        assert told.caller == CALLER

    @pytest.mark.parametrize("number", ["<unknown>", "", "anonymous", "s"])
    def test_may_be_withheld(self, number):
        """Somebody was answered; nobody knows who."""
        told = event_of(ANSWERED.replace("\nCallerIDNum: 13800138000", f"\nCallerIDNum: {number}"))
        assert isinstance(told, CallAnswered)
        assert told.caller is None

    def test_is_at_home_somewhere(self):
        """A number without a country code belongs to the region that the site names."""
        told = event_of(ANSWERED.replace("\nCallerIDNum: 13800138000", "\nCallerIDNum: 07911 123456"), "GB")
        assert told is not None
        assert told.caller == KEY.pseudonym(Number("+447911123456"))


class TestHotline:
    @pytest.mark.parametrize(
        ("named", "dialled", "hotline"),
        [("10010", "4008010010", "10010"), ("", "4008010010", "4008010010"), ("", "", "")],
    )
    def test_is_the_one_the_router_named(self, named, dialled, hotline):
        """Without a router's answer it is the number dialled."""
        text = ANSWERED.replace("\nChanVariable: IVR_HOTLINE=10010", f"\nChanVariable: IVR_HOTLINE={named}")
        told = event_of(text.replace("\nChanVariable: IVR_DNIS=10010", f"\nChanVariable: IVR_DNIS={dialled}"))
        assert told is not None
        assert told.hotline == hotline

    def test_is_empty_where_the_switch_does_not_say(self):
        """A manager.conf without channelvars loses the hotline, not the event."""
        told = event_of(without(ANSWERED, "ChanVariable"))
        assert told is not None
        assert told.hotline == ""


class TestTime:
    def test_is_when_it_was_read(self):
        """Without timestampevents in manager.conf there is nothing better."""
        told = event_of(without(ANSWERED, "Timestamp"))
        assert told is not None
        assert told.at == READ


class TestAbandoned:
    def test_is_told_of_a_caller_who_hung_up(self):
        """QueueCallerAbandon of a channel whose far end ended the call."""
        assert event_of(HUNG_UP) == CallAbandoned(
            call_id="1795468687.12",
            at=1795468689.61035,
            caller=CALLER,
            hotline="10010",
            queue="elder-care",
            wait=2,
        )

    def test_is_told_before_the_call_was_answered_too(self):
        """A cancelled INVITE is a caller who left; no router answered: it has the number dialled."""
        told = event_of(CANCELLED)
        assert isinstance(told, CallAbandoned)
        assert (told.queue, told.hotline, told.wait) == ("waiting", "10010", 3)

    def test_is_not_told_when_the_queue_gave_up(self):
        """Asterisk says QueueCallerAbandon for a wait that ran out as well: this caller is still there."""
        assert event_of(TIMED_OUT) is None

    def test_is_asterisks_word_where_the_switch_does_not_say_who_hung_up(self):
        """Without CHANNEL(hangupsource) among channelvars every wait that ends is one abandoned."""
        assert isinstance(event_of(without(TIMED_OUT, "ChanVariable: CHANNEL")), CallAbandoned)


class TestNothing:
    @pytest.mark.parametrize(
        "text",
        [JOINED, "Event: PeerStatus\nPrivilege: system,all", "Response: Success\nMessage: x", "Queue: vip"],
    )
    def test_is_what_other_messages_mean(self, text):
        """Other events, responses and the rest are nobody's business here."""
        assert event_of(text) is None


class TestForm:
    def test_of_a_newer_asterisk_may_have_more(self):
        """Lines between the head and the channel, behind the channel and at the end do no harm."""
        text = ANSWERED.replace("\nChannel: PJ", "\nSystemName: a\nFunc: b\nChannel: PJ").replace(
            "\nChanVariable: IVR_DNIS", "\nTenantid: c\nChanVariable: IVR_DNIS"
        )
        assert event_of(text + "NewInAsterisk30: d\n") == event_of(ANSWERED)

    @pytest.mark.parametrize(
        "key",
        [
            "Privilege",
            "Channel:",
            "ChannelState:",
            "CallerIDNum",
            "Uniqueid",
            "Linkedid",
            "Queue",
            "MemberName",
            "Hold",
        ],
    )
    def test_must_be_whole(self, key):
        """An event that lacks a line is not believed."""
        [message] = messages(without(ANSWERED, key))
        assert trouble_of(message) is AmiTrouble.TAINTED

    @pytest.mark.parametrize(
        "key", ["Linkedid: x", "CallerIDNum: 10086", "Queue: vip", "HoldTime: 9", "Timestamp: 1.000000"]
    )
    @pytest.mark.parametrize("place", [3, 20, 44])
    def test_has_each_line_once(self, key, place):
        """A second value of a line that is believed may be the caller's."""
        lines = ANSWERED.strip().split("\n")
        [message] = messages("\n".join([*lines[:place], key, *lines[place:]]))
        assert trouble_of(message) is AmiTrouble.TAINTED

    @pytest.mark.parametrize(
        ("written", "forged"),
        [
            ("Privilege: agent,all", "Privilege: user,all"),
            ("HoldTime: 0", "HoldTime: -1"),
            ("HoldTime: 0", "HoldTime: soon"),
            ("HoldTime: 0", "HoldTime: ٣"),
            ("Timestamp: 1795468683.588064", "Timestamp: nan"),
            ("Linkedid: 1795468683.10\nChan", "Linkedid: a b\nChan"),
            ("Linkedid: 1795468683.10\nChan", "Linkedid: \nChan"),
        ],
    )
    def test_of_the_values_counts(self, written, forged):
        """Times, waits and call ids are what Asterisk makes of them."""
        [message] = messages(ANSWERED.replace(written, forged))
        assert trouble_of(message) is AmiTrouble.TAINTED

    def test_is_what_a_forged_number_destroys(self):
        """The real thing, from a switch whose dialplan lets the number through: neither half is believed."""
        assert [trouble_of(message) for message in messages(FORGED)] == [AmiTrouble.TAINTED] * 2

    @pytest.mark.parametrize("event", ["AgentConnect", "QueueCallerAbandon"])
    @pytest.mark.parametrize("real", [JOINED, ANSWERED, HUNG_UP, TIMED_OUT])
    def test_is_not_forged_in_79_characters(self, event, real):
        """Whatever a caller's number makes of a real event, no packet of it is believed.

        The attack needs the head of an event and as much of a channel as fits; the real event's rest follows.
        """
        head = f"1\n\nEvent: {event}\nPrivilege: agent,all\nChannel: x\nCallerIDNum: 10086\n"
        for number in (head[:79], f"1\n\nEvent: {event}\nHoldTime: 0", f"1\nLinkedid: 7.7\n\nEvent: {event}"):
            text = real.replace("\nCallerIDNum: 13800138000", f"\nCallerIDNum: {number}").replace(
                "\nCallerIDNum: <unknown>", f"\nCallerIDNum: {number}"
            )
            for message in messages(text):
                if message.event in ("AgentConnect", "QueueCallerAbandon"):
                    assert trouble_of(message) is AmiTrouble.TAINTED


class TestWaiting:
    def test_is_of_every_queue_those_who_wait_now(self):
        """Callers and the longest wait of them; not HoldTime, the average of calls that are over."""
        assert waiting(messages(summary())) == {
            "general-queue": Waiting(callers=3, longest=41),
            "vip": Waiting(callers=0, longest=0),
        }

    def test_is_of_none_where_the_switch_has_no_queue(self):
        first, *_, last = messages(summary())
        assert waiting([first, last]) == {}

    def test_has_a_bound(self):
        found = waiting(messages(summary(Callers="999999999", LongestHoldTime="100001")))
        assert found["general-queue"] == Waiting(callers=100_000, longest=100_000)

    @pytest.mark.parametrize(
        "changed",
        [
            {"Callers": "-1"},
            {"Callers": ""},
            {"Callers": "1e3"},
            {"LongestHoldTime": "4294967295"},
            {"LongestHoldTime": "٣"},
            {"Queue": ""},
            {"Queue": "vip,ready)"},
            {"Queue": "v" * 81},
            {"Event": "QueueParams"},
        ],
    )
    def test_is_not_read_from_strange_lines(self, changed):
        with pytest.raises(AmiError) as refused:
            waiting(messages(summary(**changed)))
        assert refused.value.trouble is AmiTrouble.TAINTED

    @pytest.mark.parametrize("key", ["Queue", "Callers", "LongestHoldTime"])
    def test_is_not_read_where_a_line_is_missing(self, key):
        first, *rest = summary().strip().split("\n\n")
        with pytest.raises(AmiError) as refused:
            waiting(messages("\n\n".join([first, *(without(text, key) for text in rest)])))
        assert refused.value.trouble is AmiTrouble.TAINTED

    def test_a_refusal_is_told_apart(self):
        with pytest.raises(AmiError) as refused:
            waiting(messages(FORBIDDEN))
        assert refused.value.trouble is AmiTrouble.REFUSED
        with pytest.raises(AmiError) as refused:
            waiting(messages(READY))
        assert refused.value.trouble is AmiTrouble.TAINTED


class TestReady:
    def test_is_a_figure_of_app_queue(self):
        assert ready_of("general-queue") == "QUEUE_MEMBER(general-queue,ready)"
        assert ready(messages(READY)) == 0

    @pytest.mark.parametrize("text", [FORBIDDEN, READY.replace("Value: 0", "Value:"), "Response: Success"])
    def test_is_not_read_from_anything_else(self, text):
        with pytest.raises(AmiError):
            ready(messages(text))
