"""What the shipped policies say calls are measured by."""

from pathlib import Path

from router.live.yardsticks import hotline_of, yardsticks
from router.policy.load import load

SHIPPED = load(Path("policies"))


def test_queues_say_when_an_answer_is_late_and_how_long_agents_write():
    found = yardsticks(SHIPPED)
    assert (found.within["expert"], found.wrap_up["expert"]) == (30, 20)
    assert found.within.keys() == found.wrap_up.keys() == SHIPPED.book.queues.keys()


def test_a_person_can_be_asked_for_by_a_route_and_by_a_key():
    found = yardsticks(SHIPPED).requests
    assert ("10010", "elder-care", "senior") in found
    assert ("10010", "general", "none") in found  # key 0 of the menu
    assert not any(segment == "senior" and queue == "truck" for _, queue, segment in found)


def test_the_province_of_whom_nobody_knows_is_the_missing_one():
    assert yardsticks(SHIPPED).province == str(SHIPPED.book.attributes["province"].missing)


def test_a_number_is_its_hotlines_and_a_strange_one_its_own():
    assert hotline_of(SHIPPED, "10010") == "10010"
    assert hotline_of(SHIPPED, "999") == "999"
