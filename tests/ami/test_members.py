"""What the switch says of the members of its queues, as news of the floor."""

import pytest

from router.ami.members import members, news
from router.ami.wire import AmiError, AmiTrouble, Receiver
from router.floor import Member, MemberGone, TalkBegan, TalkEnded
from tests.ami.packets import (
    ANSWERED,
    BANNER,
    COMPLETED,
    FORBIDDEN,
    JOINED,
    MEMBER_PAUSED,
    MEMBERS,
    packet,
)


def messages(text):
    return Receiver().receive(BANNER + b"".join(packet(part) for part in text.strip().split("\n\n")))


def news_of(text):
    [message] = messages(text)
    return news(message)


def test_a_member_is_as_the_switch_says():
    assert news_of(MEMBER_PAUSED) == Member(
        queue="general",
        agent="general-1",
        device=1,
        paused=True,
        reason="lunch",
        last_call=1795468600,
        wrap_up=0,
    )


@pytest.mark.parametrize("name", ["QueueMemberStatus", "QueueMemberAdded", "QueueMemberPenalty"])
def test_other_events_have_the_same_lines(name):
    assert isinstance(news_of(MEMBER_PAUSED.replace("QueueMemberPause", name)), Member)


def test_a_member_may_go():
    told = news_of(MEMBER_PAUSED.replace("QueueMemberPause", "QueueMemberRemoved"))
    assert told == MemberGone(queue="general", agent="general-1")


def test_a_talk_begins_when_the_switch_says():
    assert news_of(ANSWERED) == TalkBegan(agent="Wang Fang")


def test_a_talk_ends_when_the_switch_says():
    assert news_of(COMPLETED) == TalkEnded(agent="Wang Fang", at=1795468693)


@pytest.mark.parametrize("text", [JOINED, MEMBER_PAUSED.replace("general-queue", "own-general-1")])
def test_other_events_are_no_news(text):
    assert news_of(text) is None


@pytest.mark.parametrize(
    ("written", "forged"),
    [
        ("Privilege: agent,all", "Privilege: call,all"),
        ("Status: 1", "Status: x"),
        ("Status: 1\n", ""),
        ("MemberName: general-1\n", ""),
        ("LastCall: 1795468600", "LastCall: -1"),
    ],
)
def test_a_strange_event_is_not_believed(written, forged):
    assert written in MEMBER_PAUSED
    [message] = messages(MEMBER_PAUSED.replace(written, forged))
    with pytest.raises(AmiError) as refused:
        news(message)
    assert refused.value.trouble is AmiTrouble.TAINTED


def test_the_list_has_every_member_and_agents_own_queues_without_a_name():
    assert [(member.queue, member.agent, member.device) for member in members(messages(MEMBERS))] == [
        ("vip", "vip-1", 1),
        ("general", "vip-1", 1),
        ("", "vip-1", 1),
    ]


def test_a_refusal_is_told_apart():
    with pytest.raises(AmiError) as refused:
        list(members(messages(FORBIDDEN)))
    assert refused.value.trouble is AmiTrouble.REFUSED
