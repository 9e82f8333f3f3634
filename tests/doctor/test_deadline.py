"""Questions with a deadline."""

import threading

import pytest

from router.doctor.deadline import within


def test_an_answer_in_time_is_given():
    assert within(10.0, lambda: "yes") == "yes"


def test_what_is_raised_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        within(10.0, lambda: 1 / 0)


def test_an_answer_that_does_not_come_is_left():
    never = threading.Event()
    with pytest.raises(TimeoutError, match=r"no answer within 0\.05 s"):
        within(0.05, lambda: never.wait(30))
    never.set()


def test_leave_is_taken_once_the_answer_is_there():
    order = []
    within(10.0, lambda: order.append("asked"), lambda: order.append("left"))
    assert order == ["asked", "left"]
