"""Calls as a fold over the lines of queue_log."""

from collections import Counter

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.kpis import CallKpis
from router.events import (
    LEFT,
    UNDECIDED,
    CallAbandoned,
    CallAnswered,
    CallCompleted,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallUnanswered,
    PersonRequested,
    Unanswered,
)
from router.queue_log import calls as module
from router.queue_log.lines import BadLine, Kind
from tests.queue_log.histories import call, fold, followed, interleaved, line

ROUTED = "100|1.1|NONE|NONE|IVRROUTED|10010|10010|senior-direct|senior|henan|1|queue:elder-care"
REQUEST = "100|1.1|elder-care|NONE|IVRREQUEST|direct"
ENTERED = "101|1.1|elder-care|NONE|ENTERQUEUE||13800138000|1"
CONNECTED = "108|1.1|elder-care|Wang Fang|CONNECT|7|1.2|3"
COMPLETED = "150|1.1|elder-care|Wang Fang|COMPLETEAGENT|7|42|1"
ENDED = "151|1.1|NONE|NONE|IVRENDED|10010"
TIMED_OUT = "131|1.1|elder-care|NONE|EXITWITHTIMEOUT|1|1|30"
OVERFLOW = "131|1.1|elder-care|NONE|IVROVERFLOW|general|TIMEOUT"
IN_GENERAL = "131|1.1|general-queue|NONE|ENTERQUEUE||13800138000|1"
START = "200|NONE|NONE|NONE|QUEUESTART|"
WHO = {"call_id": "1.1", "hotline": "10010"}
WHAT = {**WHO, "segment": "senior", "province": "henan"}


def events(*texts):
    return fold(map(line, texts))[0]


def test_an_answered_call():
    """From the offer to the end, with the segment, the wait and the talk."""
    found, calls = fold(map(line, [ROUTED, REQUEST, ENTERED, CONNECTED, COMPLETED, ENDED]))
    caller = "k1.13800138000"
    assert found == [
        CallOffered(**WHAT, at=100, rule="senior-direct", destination="queue:elder-care"),
        PersonRequested(**WHAT, at=100, queue="elder-care", by="direct"),
        CallQueued(**WHO, at=101, caller=caller, queue="elder-care"),
        CallAnswered(
            **WHAT,
            at=108,
            caller=caller,
            asked="elder-care",
            queue="elder-care",
            agent="Wang Fang",
            wait=7,
            waited=7,
            repeat=True,
        ),
        CallCompleted(
            **WHO,
            at=150,
            caller=caller,
            queue="elder-care",
            agent="Wang Fang",
            wait=7,
            talk=42,
            by="agent",
            to="",
        ),
        CallEnded(**WHO, at=151),
    ]
    assert calls.open == {}


def test_the_end_of_a_talk_may_be_told_after_the_end_of_the_call():
    """It comes from another thread of the switch."""
    found, calls = fold(map(line, [ROUTED, REQUEST, ENTERED, CONNECTED, ENDED, COMPLETED]))
    assert [type(event) for event in found[-2:]] == [CallEnded, CallCompleted]
    assert calls.open == {}


def test_waits_of_all_queues_add_up():
    """The queue that was asked for stays the one that is asked for."""
    answered = "140|1.1|general-queue|g-1|CONNECT|9|1.2|1"
    *_, overflowed, _, told = events(ROUTED, REQUEST, ENTERED, TIMED_OUT, OVERFLOW, IN_GENERAL, answered)
    assert overflowed == CallOverflowed(
        **WHO, at=131, queue="elder-care", to="general", wait=30, refused=False
    )
    assert (told.asked, told.queue, told.wait, told.waited) == ("elder-care", "general", 9, 39)


def test_a_queue_that_does_not_take_the_call_has_no_wait():
    refused = "100|1.1|elder-care|NONE|IVROVERFLOW|default|JOINEMPTY"
    told = events(ROUTED, REQUEST, refused)[-1]
    assert (told.refused, told.wait, told.to) == (True, 0, "default")


@pytest.mark.parametrize(
    ("lines", "why", "queue", "waited"),
    [
        (
            [ENTERED, TIMED_OUT, "131|1.1|elder-care|NONE|IVRUNANSWERED|TIMEOUT"],
            "timed_out",
            "elder-care",
            30,
        ),
        ([ENTERED, TIMED_OUT, ENDED], "timed_out", "elder-care", 30),
        (["100|1.1|elder-care|NONE|IVRUNANSWERED|JOINEMPTY"], "refused", "elder-care", 0),
        ([ENTERED, "110|1.1|elder-care|x|RINGNOANSWER|9000"], None, None, None),
        ([ENTERED, START], "cut", "elder-care", 0),
    ],
)
def test_what_nobody_answers(lines, why, queue, waited):
    """By the dialplan's word, by the caller's going in that moment, by the switch's end."""
    texts = [text for text in [ROUTED, REQUEST, *lines] if "RINGNOANSWER" not in text]
    told = [event for event in events(*texts) if isinstance(event, CallUnanswered)]
    assert [(event.why, event.queue, event.waited) for event in told] == (
        [] if why is None else [(Unanswered(why), queue, waited)]
    )


@pytest.mark.parametrize(
    ("lines", "queue", "wait", "waited"),
    [
        ([ENTERED, "110|1.1|elder-care|NONE|ABANDON|1|1|9"], "elder-care", 9, 9),
        (
            [ENTERED, TIMED_OUT, OVERFLOW, IN_GENERAL, "140|1.1|general-queue|NONE|ABANDON|1|1|9"],
            "general",
            9,
            39,
        ),
        ([ENDED], "", 0, 0),
        ([ENTERED, ENDED], "elder-care", 50, 50),
    ],
)
def test_callers_who_hang_up(lines, queue, wait, waited):
    """Waiting, waiting elsewhere, before any queue has them, and when the queue did not say so."""
    told = [event for event in events(ROUTED, REQUEST, *lines) if isinstance(event, CallAbandoned)]
    assert [(event.asked, event.queue, event.wait, event.waited) for event in told] == [
        ("elder-care", queue, wait, waited)
    ]


def test_a_call_that_no_router_decided_belongs_to_the_number_dialled():
    told = events("100|1.1|NONE|NONE|IVRROUTED||10010|dialplan-default|none|||queue:default")[0]
    assert (told.hotline, told.rule, told.segment, told.province) == ("10010", UNDECIDED, "none", "none")


def test_a_call_that_ended_before_it_was_decided_was_offered():
    offered, ended = events(ENDED)
    assert (offered.rule, offered.hotline) == (LEFT, "10010")
    assert ended == CallEnded(**WHO, at=151)


def test_a_call_that_is_handed_on_asks_for_a_person_again():
    handed = "120|1.1|elder-care|Wang Fang|BLINDTRANSFER|expert|ivr-transfer|7|12|1"
    again = "120|1.1|expert|NONE|IVRREQUEST|transfer"
    found = events(ROUTED, REQUEST, ENTERED, CONNECTED, again, handed)
    assert isinstance(found[-2], PersonRequested)
    assert (found[-2].queue, found[-2].by) == ("expert", "transfer")
    assert (found[-1].by, found[-1].to, found[-1].talk) == ("transfer", "expert", 12)


def test_a_call_that_is_handed_on_to_somebodys_number_does_not_tell_it():
    """The journal has no numbers."""
    handed = "120|1.1|elder-care|Wang Fang|BLINDTRANSFER|13800138001|ivr-transfer|7|12|1"
    assert events(ROUTED, REQUEST, ENTERED, CONNECTED, handed)[-1].to == "138****8001"


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "100||general|NONE|ENTERQUEUE||13800138000|1",
        "13800138000|1.1|general|NONE",
        "100|+8613800138000 0|general|NONE|ENTERQUEUE||x|1",
        "108|1.1|elder-care|Wang Fang|CONNECT|13800138000|1.2|3",
        "108|1.1|elder-care|Wang Fang|CONNECT|" + "x" * 30 + "13800138000|1.2|3",
    ],
)
def test_what_is_said_of_a_bad_line_has_no_number(text):
    """It goes to the log."""
    with pytest.raises(BadLine) as bad:
        events(text)
    assert "13800" not in str(bad.value)


def test_a_switch_that_died_has_ended_its_calls():
    """A talk is counted up to the last that was heard of the call."""
    found, calls = fold(map(line, [ROUTED, REQUEST, ENTERED, CONNECTED, START]))
    assert [type(event) for event in found[-2:]] == [CallCompleted, CallEnded]
    assert (found[-2].by, found[-2].talk) == ("cut", 0)
    assert calls.open == {}


def test_an_agents_own_queue_is_one_of_all():
    told = events(ROUTED, REQUEST, "101|1.1|own-elder-1|NONE|ENTERQUEUE||1|1")[-1]
    assert told.queue == "own"


def test_calls_of_another_dialplan_are_told_of_and_forgotten():
    found, calls = fold(map(line, [ENTERED, CONNECTED, COMPLETED]))
    assert [type(event) for event in found] == [CallQueued, CallAnswered, CallCompleted]
    assert calls.open == {}


def test_open_calls_are_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    _, calls = fold(line(ROUTED.replace("1.1", f"1.{number}")) for number in range(3))
    assert ([*calls.open], calls.forgotten) == (["1.1", "1.2"], 1)


@given(interleaved())
def test_each_call_is_told_as_if_it_were_alone(made):
    whole, mixed = made
    together, calls = fold(map(line, mixed))
    assert calls.open == {}
    for lines in whole:
        alone, _ = fold(map(line, lines))
        assert [event for event in together if event.call_id == alone[0].call_id] == alone


@given(interleaved(), st.integers(0, 80))
def test_one_can_stop_anywhere_and_go_on_from_what_was_dumped(made, cut):
    """The dump is JSON, as it is saved."""
    _, mixed = made
    lines = [line(text) for text in mixed]
    whole, _ = fold(lines)
    first, calls = fold(lines[:cut])
    kpis = CallKpis()
    for event in first:
        kpis.observe(event)
    again, totals = followed(), CallKpis()
    again.load(orjson.loads(orjson.dumps(calls.dump())))
    totals.load(orjson.loads(orjson.dumps(kpis.dump())))
    rest, _ = fold(lines[cut:], again)
    assert first + rest == whole
    for event in rest:
        totals.observe(event)
    expected = CallKpis()
    for event in whole:
        expected.observe(event)
    assert ordered(totals) == ordered(expected)


def ordered(kpis):
    """Totals without the order in which their series came."""
    dumped = kpis.dump()
    return {name: sorted(each["rows"] if isinstance(each, dict) else each) for name, each in dumped.items()}


@given(call())
def test_every_request_has_one_end(lines):
    """And whoever enters a queue leaves it in one way."""
    found, _ = fold(map(line, lines))
    kinds = Counter(type(event).__name__ for event in found)
    ended = kinds["CallAnswered"] + kinds["CallAbandoned"] + kinds["CallUnanswered"]
    assert ended == kinds["PersonRequested"]
    left = sum(
        isinstance(event, CallAnswered)
        or (isinstance(event, CallAbandoned) and event.queue != "" and event.wait == event.wait)
        or (isinstance(event, CallOverflowed) and not event.refused)
        or (isinstance(event, CallUnanswered) and event.why is Unanswered.TIMED_OUT)
        for event in found
    )
    before = sum(isinstance(event, CallAbandoned) and event.queue != "" for event in found)
    assert left - before <= kinds["CallQueued"] <= left


TEXTS = st.sampled_from(["", "0", "7", "elder-care", "-1", "x y", "99999999999"])


@given(
    st.lists(st.tuples(st.sampled_from(list(Kind)), st.sampled_from(["1", "2"]), st.lists(TEXTS, max_size=7)))
)
def test_nothing_but_a_bad_line_is_raised(made):
    """Whatever stands in the file, in whatever order."""
    calls = followed()
    for kind, name, data in made:
        try:
            calls.take(line("|".join(["100", name, "general-queue", "a", kind, *data])))
        except BadLine:
            continue
