"""How busy the switch's queues are: a played switch answers."""

import re

import pytest
from structlog.testing import capture_logs

from router.ami.loads import QueueLoads
from router.ami.wire import AmiTrouble
from router.facts import QueueLoad
from tests.ami.packets import FORBIDDEN, READY, summary
from tests.ami.test_client import Switch

LOADS = {
    "general": QueueLoad(waiting=3, longest_wait=41, ready=2),
    "vip": QueueLoad(waiting=0, longest_wait=0, ready=2),
}


class Floor(Switch):
    """A switch that is asked for loads, and what was told of them."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[dict[str, QueueLoad]] = []
        self.queues = {"general", "vip", "expert"}
        self.asking = QueueLoads(self.link, lambda: self.queues, self.loads.append)
        self.let_in()

    def answer(self, *texts: str) -> list[str]:
        """Ask, answer the summary with the text, and each question after it with one; what was asked."""
        self.asking.ask()
        [asked] = self.heard()
        self.say(texts[0].replace("ActionID: 3", f"ActionID: {asked['ActionID']}"))
        more = self.heard()
        for question, text in zip(more, texts[1:], strict=True):
            self.say(re.sub("ActionID: .*", f"ActionID: {question['ActionID']}", text))
        return [question["Variable"] for question in more]


@pytest.fixture
def floor():
    return Floor()


TWO = READY.replace("Value: 0", "Value: 2")


def test_the_load_of_every_queue_is_told_by_our_name(floor):
    """Who waits, for how long, and who could take a call: not those who are Available and write."""
    assert floor.answer(summary(), TWO, TWO) == [
        "QUEUE_MEMBER(general-queue,ready)",
        "QUEUE_MEMBER(vip,ready)",
    ]
    assert floor.loads == [LOADS]


def test_a_queue_that_no_policy_can_name_is_not_asked_for(floor):
    floor.queues = {"vip", "expert"}
    assert floor.answer(summary(), TWO) == ["QUEUE_MEMBER(vip,ready)"]
    assert floor.loads == [{"vip": LOADS["vip"]}]


def test_a_switch_without_queues_tells_nothing(floor):
    floor.queues = set()
    assert floor.answer(summary()) == []
    assert floor.answer(summary()) == []
    assert floor.loads == []


def test_one_question_is_open_at_a_time(floor):
    """A switch that needs longer than a second is not asked twice."""
    floor.asking.ask()
    floor.asking.ask()
    [asked] = floor.heard()
    floor.say(summary(asked["ActionID"]))
    floor.asking.ask()
    assert [question["Action"] for question in floor.heard()] == ["Getvar", "Getvar"]
    floor.asking.ask()
    assert floor.heard() == []
    for number in ("4", "5"):
        floor.say(READY.replace("ActionID: 4", f"ActionID: {number}"))
    floor.asking.ask()
    assert [question["Action"] for question in floor.heard()] == ["QueueSummary"]


@pytest.mark.parametrize("answered", [0, 1, 2])
def test_nothing_is_told_of_a_switch_that_goes(floor, answered):
    """At whatever point; and the next connection is asked again."""
    floor.asking.ask()
    texts = [summary("3"), READY]
    for text in texts[:answered]:
        floor.say(text)
    floor.hang_up()
    floor.asking.ask()
    assert floor.loads == []
    floor.advance(0.3)
    floor.let_in()
    floor.answer(summary(), TWO, TWO)
    assert floor.loads == [LOADS]


@pytest.mark.parametrize(
    ("texts", "trouble"),
    [
        ([FORBIDDEN.replace("ActionID: 4", "ActionID: 3")], AmiTrouble.REFUSED),
        ([summary(Callers="many")], AmiTrouble.TAINTED),
        ([summary(), TWO, FORBIDDEN], AmiTrouble.REFUSED),
        ([summary(), READY.replace("Value: 0", "Value: no"), TWO], AmiTrouble.TAINTED),
    ],
)
def test_a_strange_answer_is_no_load(floor, texts, trouble):
    """Counted each time, said once; half of the loads would be believed to be all."""
    with capture_logs() as said:
        for _ in range(3):
            floor.answer(*texts)
    assert floor.loads == []
    assert floor.told.troubles == [trouble] * 3
    assert len(said) == 1
    assert not floor.wire.disconnected
