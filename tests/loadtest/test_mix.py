"""Who calls in the demo, and where the shipped policy must send them."""

import csv

import pytest

from loadtest.mix import Caller, destination, mixed, one_of_each, read_callers

NOBODY = {"age": "40", "star": "2", "key_customer": "false", "occupation": "other"}
SENIOR, DRIVER, OTHER = "queue:elder-care", "queue:truck", "menu:main"


@pytest.mark.parametrize(
    ("who", "where"),
    [
        ({}, "menu:main"),
        ({"age": ""}, "menu:main"),
        ({"age": "64"}, "menu:main"),
        ({"age": "65"}, "queue:elder-care"),
        ({"occupation": "truck_driver"}, "queue:truck"),
        ({"star": "4"}, "menu:main"),
        ({"star": "5"}, "queue:vip"),
        ({"key_customer": "true"}, "queue:vip"),
        ({"age": "65", "star": "5"}, "queue:vip"),
    ],
)
def test_destination_is_the_shipped_policys(who, where):
    assert destination({**NOBODY, **who}) == where


def caller(number, where=OTHER):
    return Caller(number=str(number), destination=where)


def test_a_file_of_customers_is_read_in_its_order(tmp_path):
    file = tmp_path / "base.csv"
    with file.open("w", newline="") as out:
        table = csv.DictWriter(out, ["number", *NOBODY])
        table.writeheader()
        table.writerow({"number": "13800138000", **NOBODY, "age": "70"})
        table.writerow({"number": "13800138001", **NOBODY})
    assert read_callers(file) == [caller("13800138000", SENIOR), caller("13800138001")]


def test_one_of_each_is_the_first_of_each_destination():
    callers = [caller(1), caller(2, SENIOR), caller(3), caller(4, SENIOR), caller(5, DRIVER)]
    assert one_of_each(callers) == {OTHER: callers[0], SENIOR: callers[1], DRIVER: callers[4]}


def test_the_mix_has_the_same_seniors_in_each_block_and_nobody_else_twice():
    callers = [caller(number, SENIOR if number % 4 == 0 else OTHER) for number in range(100)]
    calls = mixed(callers, 30, block=10, again=2)
    seniors = [callers[0], callers[4]]
    assert [calls[start : start + 2] for start in (0, 10, 20)] == [seniors] * 3
    others = [call for call in calls if call not in seniors]
    assert len(others) == len({call.number for call in others}) == 24


def test_who_goes_straight_to_a_person_waits_and_the_others_press_zero():
    assert caller(1, SENIOR).scenario == "a_caller_waits_for_a_person"
    assert caller(1, OTHER).scenario == "a_caller_presses_zero_in_the_menu"
