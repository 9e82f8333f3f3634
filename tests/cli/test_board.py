"""What the demo makes of the journal: counts, and calls that went wrong."""

import pytest

from router.cli.board import Board
from router.cli.demo import shipped
from router.facts import Data
from tests import fakes
from tests.fakes import abandoned, routed

EXPERT, ELDER = "queue:expert", "queue:elder-care"


def answered(call_id, at, caller="k1.a", queue="elder-care", agent="elder-1"):
    return fakes.answered(
        call_id=call_id, at=at, caller=caller, hotline="10010", queue=queue, agent=agent, wait=1
    )


@pytest.fixture
def board():
    return Board()


def test_decided_answered_and_abandoned_calls_are_counted(board):
    board.take([routed(call_id="1.1"), routed(call_id="1.2"), answered("1.1", 2.0)])
    board.take([abandoned(call_id="1.2", at=3.0, caller=None, hotline="10010", queue="vip", wait=2)])
    assert (len(board.routed), [*board.answered], board.abandoned) == (2, ["1.1"], 1)
    assert board.table().row_count == 2
    assert board.counts().row_count == 1


def test_a_first_call_belongs_where_the_policy_says(board):
    board.take([routed(caller="k1.a", destination=ELDER), routed(caller="k1.b", destination="menu:main")])
    assert board.misrouted(shipped({"k1.a": ELDER, "k1.b": "queue:vip"})) == [
        "138****8000 went to menu:main, not to queue:vip"
    ]


def test_of_a_call_that_was_decided_without_the_store_it_is_said(board):
    board.take([routed(caller="k1.a", destination="menu:main", data=Data.ABSENT)])
    assert board.misrouted(shipped({"k1.a": ELDER})) == [
        "138****8000 went to menu:main, not to queue:elder-care: the store gave no answer in time"
    ]


@pytest.mark.parametrize(
    ("destination", "at", "wrong"),
    [
        (ELDER, 18.0, 0),  # before the second answer
        (EXPERT, 18.0, 1),
        (ELDER, 20.2, 0),  # so soon after it that either is right
        (EXPERT, 20.2, 0),
        (ELDER, 22.0, 1),  # well after it
        (EXPERT, 22.0, 0),
    ],
)
def test_after_two_answers_a_caller_belongs_to_an_expert(board, destination, at, wrong):
    board.take([answered("1.1", 10.0), answered("1.2", 20.0)])
    board.take([routed(call_id="1.3", caller="k1.a", at=at, destination=destination)])
    assert len(board.misrouted(shipped({"k1.a": ELDER}))) == wrong


def test_an_answer_counts_though_its_whole_second_is_before_the_call(board):
    """Two calls answered in the second in which they came; at the third the caller is a repeat one."""
    for call_id, at in (("1.1", 10.7), ("1.2", 20.7)):
        board.take([routed(call_id=call_id, caller="k1.a", at=at, destination=ELDER)])
        board.take([answered(call_id, float(int(at)))])
    board.take([routed(call_id="1.3", caller="k1.a", at=30.0, destination=EXPERT)])
    assert board.misrouted(shipped({"k1.a": ELDER})) == []


@pytest.mark.parametrize(
    ("queue", "named", "wrong"),
    [
        ("elder-care", {"elder-care", "general"}, []),
        ("vip", {"elder-care", "general"}, ["call 1.1 by senior-direct was answered in vip"]),
        ("vip", None, []),
    ],
)
def test_a_call_is_answered_in_a_queue_that_its_route_names(board, queue, named, wrong):
    board.take([routed(call_id="1.1"), answered("1.1", 2.0, queue=queue)])
    assert board.out_of_place(lambda _: named) == wrong


def test_what_phones_and_journal_do_not_both_tell_is_wrong(board):
    board.take([answered("1.1", 1.0, agent="elder-1"), answered("1.2", 2.0, agent="elder-2")])
    assert board.unlike([("k1.a", "elder-1"), ("k1.a", "elder-2")]) == []
    assert board.unlike([("k1.a", "elder-1"), ("k1.b", "elder-2")]) == [
        "elder-2 answered 1 calls by the journal only",
        "elder-2 answered 1 calls by the phone only",
    ]


def test_who_hung_up_at_the_answer_is_on_a_phone_and_no_trouble(board):
    board.take([abandoned(call_id="1.2", at=3.0, caller="k1.a", hotline="10010", queue="vip", wait=2)])
    assert board.unlike([("k1.a", "vip-1")]) == []


def test_an_agent_of_another_queue_is_wrong(board):
    board.take([answered("1.1", 1.0, agent="elder-1"), answered("1.2", 1.0, agent="vip-1")])
    queues = {"elder-1": ["elder-care", "default"], "vip-1": ["vip"]}
    assert board.wrong_agents(queues) == ["call 1.2 in elder-care was answered by vip-1"]


def test_percentiles_are_of_the_decisions_in_milliseconds(board):
    board.take([routed(seconds=number / 1000) for number in range(1, 101)])
    assert board.percentiles() == pytest.approx((50.5, 99.99), abs=0.1)
