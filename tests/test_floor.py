"""What agents do, as a fold over what the switch says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.floor import AgentState, Floor, Member, MemberGone, TalkBegan, TalkEnded


def wrap_up_of(queue):
    return {"vip": 10, "general": 5}.get(queue, 0)


READY, RINGING, TALKING, WRITING, PAUSED, OUT = AgentState


def member(queue="vip", agent="a-1", device=1, **more):
    fields = {"paused": False, "reason": "", "last_call": 0, "wrap_up": 0, **more}
    return Member(queue=queue, agent=agent, device=device, **fields)


def floor(*members, now=100.0):
    made = Floor(wrap_up=wrap_up_of)
    made.resync(members, now)
    return made


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (member(device=1), READY),
        *((member(device=device), RINGING) for device in (2, 3, 6, 7, 8)),
        *((member(device=device, in_call=True), TALKING) for device in (2, 3, 6, 7, 8)),
        *((member(device=device), OUT) for device in (0, 4, 5, 99)),
        (member(paused=True, reason="lunch"), PAUSED),
        (member(paused=True, device=2, in_call=True), TALKING),
        (member(last_call=91), WRITING),
        (member(last_call=90), READY),
        (member(last_call=90, wrap_up=20), WRITING),
        (member(last_call=91, paused=True), PAUSED),
        (member(device=5, last_call=99), OUT),
    ],
)
def test_what_an_agent_does(seen, state):
    """By phone, pause and time; the queue's wrap-up holds where the member has none of his own."""
    assert floor(seen).queues(100.0) == {("vip", state): 1}


def test_a_phone_is_busy_while_it_rings_and_only_the_switch_tells_a_talk():
    """In every queue of the agent, whichever the caller is of; an idle phone ends it whatever was missed."""
    made = floor(member(device=3), member(queue="general", device=3))
    made.apply(TalkBegan(agent="a-1"), 100.0)
    assert made.queues(100.0) == {("vip", TALKING): 1, ("general", TALKING): 1}
    made.apply(member(device=1), 101.0)
    made.apply(member(device=3), 102.0)
    assert made.queues(102.0) == {("vip", RINGING): 1, ("general", RINGING): 1}


def test_a_list_tells_who_talks_with_a_caller_of_his_own():
    made = floor(member(device=3), member(queue="", device=3, in_call=True))
    assert made.queues(100.0) == {("vip", TALKING): 1}


def test_wrap_up_ends_with_time():
    made = floor(member())
    made.apply(TalkEnded(agent="a-1", at=100), 100.0)
    assert made.agents(109.9) == {WRITING: 1}
    assert made.agents(110.0) == {READY: 1}


def test_an_end_of_a_talk_counts_in_all_queues_and_is_not_forgotten():
    """The state of the phone may be told before the switch has written down when the talk ended."""
    made = floor(member(), member(queue="general"))
    made.apply(TalkEnded(agent="a-1", at=100), 100.0)
    made.apply(member(device=1, last_call=0), 100.0)
    assert made.queues(104.0) == {("vip", WRITING): 1, ("general", WRITING): 1}
    assert made.queues(106.0) == {("vip", WRITING): 1, ("general", READY): 1}


def test_an_agent_is_one_in_however_many_queues():
    made = floor(member(paused=True), member(queue="general"), member(agent="a-2", device=6))
    assert made.agents(100.0) == {READY: 1, RINGING: 1}


def test_who_works_in_a_queue_no_more_is_gone():
    made = floor(member(), member(queue="general"))
    made.apply(MemberGone(queue="vip", agent="a-1"), 100.0)
    made.apply(MemberGone(queue="vip", agent="a-9"), 100.0)
    assert made.queues(100.0) == {("general", READY): 1}


def test_time_in_each_state_is_counted_from_change_to_change():
    made = floor(member(), now=100.0)
    made.apply(member(device=3), 103.0)
    made.apply(TalkBegan(agent="a-1"), 105.0)
    made.advance(145.0)
    assert made.seconds == {("vip", READY): 3, ("vip", RINGING): 2, ("vip", TALKING): 40}


def test_time_is_parted_where_wrap_up_ends():
    """Nobody says so; the time is right whenever it is looked at."""
    made = floor(member(last_call=95), now=100.0)
    made.advance(112.0)
    assert made.seconds == {("vip", WRITING): 5, ("vip", READY): 7}


def test_nothing_is_counted_while_nobody_knows():
    made = floor(member(), now=100.0)
    made.lose(110.0)
    assert not made.is_known
    made.resync([member()], 200.0)
    made.advance(205.0)
    assert made.is_known
    assert made.seconds == {("vip", READY): 15}


def test_a_list_corrects_and_says_so_unless_nothing_was_known():
    made = floor(member(), member(agent="a-2"))
    made.resync([member(device=2), member(agent="a-2")], 101.0)
    assert made.corrections == 1
    made.resync([member(device=2)], 102.0)
    assert made.corrections == 2
    made.lose(103.0)
    made.resync([member(device=1)], 104.0)
    assert made.corrections == 2


MEMBERS = st.builds(
    Member,
    queue=st.sampled_from(["vip", "general", "x"]),
    agent=st.sampled_from(["a-1", "a-2"]),
    device=st.integers(0, 9),
    paused=st.booleans(),
    reason=st.just(""),
    last_call=st.integers(0, 200),
    wrap_up=st.integers(0, 30),
)
EVENTS = st.one_of(
    MEMBERS,
    st.builds(MemberGone, queue=st.sampled_from(["vip", "general"]), agent=st.sampled_from(["a-1", "a-2"])),
    st.builds(TalkBegan, agent=st.sampled_from(["a-1", "a-2", "a-3"])),
    st.builds(TalkEnded, agent=st.sampled_from(["a-1", "a-2", "a-3"]), at=st.integers(0, 200)),
)


def size(made):
    return sum(map(len, made.members.values()))


@given(st.lists(st.tuples(EVENTS, st.floats(0, 20))), st.lists(MEMBERS))
def test_whatever_is_said_it_adds_up(told, listed):
    """Seconds are those of all members; a list makes the floor what it says."""
    made = Floor(wrap_up=wrap_up_of)
    made.resync([], 0.0)
    now, expected = 0.0, 0.0
    for event, later in told:
        expected += size(made) * later
        now += later
        made.apply(event, now)
        assert sum(made.queues(now).values()) == size(made)
        assert sum(made.agents(now).values()) == len(made.members)
    made.advance(now)
    assert sum(made.seconds.values()) == pytest.approx(expected)
    made.resync(listed, now)
    fresh = Floor(wrap_up=wrap_up_of)
    fresh.resync(listed, now)
    assert made.queues(now) == fresh.queues(now)
