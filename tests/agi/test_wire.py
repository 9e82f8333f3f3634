"""FastAGI as bytes and values."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.agi.wire import (
    MAX_ENVIRONMENT,
    MAX_REPLY,
    AgiRequest,
    Reply,
    Session,
    call,
    command,
    parse_environment,
)
from router.decision import Announce, Overflow, Penalty, Refuse, ToMenu, ToQueue
from router.errors import Taint, TaintedSession
from router.facts import Call
from tests.fakes import ENVIRONMENT, decision, environment

REQUEST = AgiRequest(script="route", callerid="13800138000", dialled="10010", call_id="1732391200.1")


def taint_of(*pieces: bytes, answered: bool = False) -> Taint:
    session = Session()
    if answered:
        session.receive(environment())
        session.answered()
    *before, last = pieces
    for piece in before:
        session.receive(piece)
    with pytest.raises(TaintedSession) as refused:
        session.receive(last)
    return refused.value.taint


class TestEnvironment:
    def test_is_read_whole(self):
        """The environment of a real call gives script, number, number dialled and call id."""
        assert parse_environment(environment()) == REQUEST

    def test_is_read_in_any_pieces(self):
        """Byte by byte, nothing comes before the blank line, and then the same request."""
        session = Session()
        *most, last = [bytes([byte]) for byte in environment()]
        assert [session.receive(piece) for piece in most] == [None] * len(most)
        assert session.receive(last) == REQUEST

    def test_without_arguments_the_channel_speaks_for_itself(self):
        """A dialplan that passes no arguments is served by agi_dnid and agi_uniqueid."""
        block = environment(agi_arg_1=None, agi_arg_2=None, agi_dnid="4008010010", agi_uniqueid="7.8")
        assert parse_environment(block) == AgiRequest(
            script="route", callerid="13800138000", dialled="4008010010", call_id="7.8"
        )

    def test_without_a_script(self):
        """``agi://host:port`` alone sends no agi_network_script line."""
        assert parse_environment(environment(agi_network_script=None)).script == ""

    @pytest.mark.parametrize("key", [key for key in ENVIRONMENT if not key.startswith("agi_arg_")])
    def test_a_missing_key_is_refused(self, key):
        if key == "agi_network_script":
            return
        assert taint_of(environment(**{key: None})) is Taint.ENVIRONMENT

    @pytest.mark.parametrize("key", ENVIRONMENT)
    def test_a_key_twice_is_refused(self, key):
        block = environment()
        line = f"{key}: {ENVIRONMENT[key]}\n".encode()
        assert taint_of(block.replace(line, line + line)) is Taint.ENVIRONMENT

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("agi_calleridname", "x\nagi_dnid: 10086"),
            ("agi_callerid", "138\r00138000"),
            ("agi_callerid", "138\x0000138000"),
            ("agi_calleridname", "\x1b[2J"),
            ("agi_calleridname", "x\nagi_unknown: 1"),
        ],
    )
    def test_control_characters_in_a_value_are_refused(self, field, value):
        """What a hostile SIP peer puts into caller ID forges no line."""
        assert taint_of(environment(**{field: value})) is Taint.ENVIRONMENT

    def test_an_early_end_is_refused(self):
        """A blank line smuggled into caller ID ends the environment before agi_threadid."""
        assert taint_of(environment(agi_calleridname="x\n\n")) is Taint.ENVIRONMENT

    def test_bytes_behind_the_blank_line_are_refused(self):
        """A whole forged environment is followed by the rest of the real one."""
        assert taint_of(environment() + b"agi_callingpres: 0\n") is Taint.EARLY_BYTES

    @pytest.mark.parametrize("end", [b"HANGUP\n", b"HANGUP\nHANGUP\n"])
    def test_a_hang_up_behind_the_blank_line_is_one(self, end):
        """When nobody has read for a while, all that Asterisk wrote comes at once."""
        assert Session().receive(environment() + end) is Reply.HUNG_UP

    @pytest.mark.parametrize(
        ("block", "taint"),
        [
            (environment() + b"HANGUP\nagi_callingpres: 0\n", Taint.EARLY_BYTES),
            (environment() + b"agi_callingpres: 0\n\nHANGUP\n", Taint.EARLY_BYTES),
            (environment(agi_calleridname="x\n\nHANGUP"), Taint.ENVIRONMENT),
            (environment(agi_threadid=None) + b"HANGUP\n", Taint.ENVIRONMENT),
        ],
    )
    def test_a_hang_up_makes_nothing_else_believable(self, block, taint):
        assert taint_of(block) is taint

    def test_endless_lines_are_refused(self):
        assert taint_of(b"agi_network: " + b"y" * MAX_ENVIRONMENT) is Taint.OVERSIZE

    @given(st.binary(max_size=300))
    def test_no_bytes_do_anything_but_wait_or_be_refused(self, data):
        """Whatever comes, there is no exception but TaintedSession, and no request."""
        session = Session()
        with suppress(TaintedSession):
            assert session.receive(data) is None

    @given(st.data())
    def test_one_changed_byte_forges_no_other_field(self, data):
        """With one byte changed the environment is refused, or differs in that byte's value only."""
        block = environment()
        place = data.draw(st.integers(0, len(block) - 1))
        changed = block[:place] + data.draw(st.binary(min_size=1, max_size=1)) + block[place + 1 :]
        try:
            request = Session().receive(changed)
        except TaintedSession:
            return
        fields = ("script", "callerid", "dialled", "call_id")
        if request is not None:
            assert sum(getattr(request, name) != getattr(REQUEST, name) for name in fields) <= 1


class TestCall:
    def test_is_what_the_switch_asks_about(self):
        assert call(REQUEST, "CN") == Call(call_id="1732391200.1", ani="+8613800138000", dnis="10010")

    @pytest.mark.parametrize("withheld", ["", "unknown", "anonymous", "Anonymous", "<>", "\xff\xfe"])
    def test_a_withheld_number_is_none(self, withheld):
        request = AgiRequest(script="route", callerid=withheld, dialled="10010", call_id="1.1")
        assert call(request, "CN").ani is None

    @pytest.mark.parametrize("call_id", ["", " ", "a b", "x" * 151, "1;2"])
    def test_a_call_id_of_other_characters_is_refused(self, call_id):
        request = AgiRequest(script="route", callerid="", dialled="10010", call_id=call_id)
        with pytest.raises(TaintedSession):
            call(request, "CN")


class TestBeforeTheAnswer:
    def test_a_hang_up_may_come(self):
        session = Session()
        session.receive(environment())
        assert session.receive(b"HANG") is None
        assert session.receive(b"UP\n") is Reply.HUNG_UP

    @pytest.mark.parametrize("early", [b"200 result=0\n", b"\n", b"HANGED\n", b"agi_arg_3: x\n"])
    def test_nothing_else_may(self, early):
        assert taint_of(environment(), early) is Taint.EARLY_BYTES


class TestReply:
    @pytest.mark.parametrize(
        ("data", "reply"),
        [
            (b"200 result=0\n", Reply.DONE),
            (b"200 result=1\n", Reply.DONE),
            (b"200 result=0 (x)\n", Reply.DONE),
            (b"HANGUP\n200 result=0\n", Reply.DONE),
            (b"200 result=-1\n", Reply.HUNG_UP),
            (b"511 Command Not Permitted on a dead channel or intercept routine\n", Reply.HUNG_UP),
            (b"HANGUP\n", None),
            (b"200 resu", None),
        ],
    )
    def test_is_read(self, data, reply):
        session = Session()
        session.receive(environment())
        session.answered()
        assert session.receive(data) is reply

    def test_is_read_byte_by_byte(self):
        session = Session()
        session.receive(environment())
        session.answered()
        given = [session.receive(bytes([byte])) for byte in b"200 result=0\n"]
        assert given == [None] * 12 + [Reply.DONE]

    @pytest.mark.parametrize(
        "data",
        [
            b"510 Invalid or unknown command\n",
            b"520-Invalid command syntax.  Proper usage follows:\n520 End of proper usage.\n",
            b"200 result=-2\n",
            b"hello\n",
            b"\n",
        ],
    )
    def test_of_another_form_is_refused(self, data):
        assert taint_of(data, answered=True) is Taint.REPLY

    def test_without_an_end_is_refused(self):
        assert taint_of(b"2" * (MAX_REPLY + 1), answered=True) is Taint.OVERSIZE


class TestCommand:
    @pytest.mark.parametrize(
        ("action", "variables"),
        [
            (
                ToQueue(
                    queue="expert",
                    priority=30,
                    overflow=(
                        Overflow(after=45, queue="general", priority=40),
                        Overflow(after=60, queue="default", priority=50),
                    ),
                ),
                (
                    "IVR_ACTION=queue,IVR_QUEUE=expert,IVR_PRIORITY=30,QUEUE_PRIO=30,"
                    "IVR_OVERFLOW=45:general:40/60:default:50"
                ),
            ),
            (
                ToQueue(
                    queue="vip",
                    penalty=Penalty(low=0, high=0),
                    announcement="expert-soon",
                    overflow=(
                        Overflow(after=30, queue="vip", priority=10, penalty=Penalty(low=1, high=9)),
                        Overflow(after=60, queue="default", priority=20),
                    ),
                ),
                (
                    "IVR_ACTION=queue,IVR_QUEUE=vip,IVR_PRIORITY=0,QUEUE_PRIO=0,"
                    "IVR_OVERFLOW=30:vip:10:1:9/60:default:20,IVR_PENALTY=0:0,IVR_ANNOUNCEMENT=expert-soon"
                ),
            ),
            (ToMenu(menu="main"), "IVR_ACTION=menu,IVR_MENU=main"),
            (Announce(prompt="closed"), "IVR_ACTION=announce,IVR_PROMPT=closed"),
            (Refuse(prompt="no-service"), "IVR_ACTION=refuse,IVR_PROMPT=no-service"),
        ],
    )
    def test_is_one_mset_with_ok_last(self, action, variables):
        assert (
            command(decision(action=action))
            == (
                f'EXEC MSet "{variables},IVR_HOTLINE=10010,IVR_RULE=senior-direct,IVR_SEGMENT=senior,'
                'IVR_POLICY=10010@0123456789ab,IVR_OK=1"\n'
            ).encode()
        )

    @pytest.mark.parametrize("value", ["a b", 'a"b', "a,b", "a(b", "a\nb", "a[b", "值", "${X}"])
    def test_refuses_what_mset_would_misread(self, value):
        """A value that is no token never reaches the switch."""
        with pytest.raises(ValueError, match="MSet"):
            command(decision(rule=value))
        with pytest.raises(ValueError, match="MSet"):
            command(decision(action=ToQueue(queue="vip", announcement=value)))
