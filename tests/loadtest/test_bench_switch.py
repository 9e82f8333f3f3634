"""What a switch sustains, by the calls of a ramp."""

import pytest

from loadtest.bench.switch import sustained
from loadtest.load.seen import Phone, Sample

BEGAN = 1000.0


def second(place, calls, took):
    """The calls of one second, each answered after so long; None is never."""
    due = [BEGAN + place + number / calls for number in range(calls)]
    return [
        Phone(kind="direct", due=at, placed=at, answered=None if took is None else at + took) for at in due
    ]


def ramp(*seconds):
    return [phone for place, (calls, took) in enumerate(seconds) for phone in second(place, calls, took)]


@pytest.mark.parametrize(
    ("seconds", "rate", "is_bound"),
    [
        ([(10, 0.1), (20, 0.1)], 20, False),
        ([(10, 0.1), (20, 0.1), (30, 0.6), (40, 0.6), (50, 0.6)], 20, True),
        ([(10, 0.1), (20, 0.6), (30, 0.1), (40, 0.6), (50, 0.6), (60, 0.6)], 30, True),  # a hiccup
        (
            [(10, 0.1), (20, 0.6), (30, 0.6), (40, 0.6), (50, 0.1)],
            10,
            True,
        ),  # what comes later does not count
        ([(10, 0.1), (20, None)], 10, False),
        ([(10, 0.6), (20, 0.6), (30, 0.6)], 0, True),
    ],
)
def test_it_is_the_most_that_was_answered_in_time_before_it_was_not(seconds, rate, is_bound):
    found = sustained("ivr", ramp(*seconds), BEGAN, [])
    assert (found.rate, found.is_bound) == (rate, is_bound)


def test_one_in_twenty_may_take_longer():
    one_late = [*second(0, 19, 0.1), *second(0, 1, 3.0)]
    two_late = [*second(0, 18, 0.1), *second(0, 2, 3.0)]
    assert sustained("ivr", one_late, BEGAN, []).rate == 20
    assert sustained("ivr", two_late, BEGAN, []).rate == 0


def test_a_call_that_is_placed_late_is_late():
    """The time counts from when it was due, whoever could not keep up."""
    late = [Phone(kind="direct", due=BEGAN, placed=BEGAN + 1, answered=BEGAN + 1.01)]
    assert sustained("ivr", late, BEGAN, []).rate == 0


def test_those_that_were_never_answered_are_counted_up_to_that_rate():
    calls = [*second(0, 39, 0.1), *second(0, 1, None), *second(1, 50, 0.1), *second(2, 60, None)]
    assert sustained("ivr", calls, BEGAN, []).unanswered == 1


def test_cores_are_those_of_its_second():
    samples = [Sample(at=BEGAN + place + 0.1, cpu={"ivr": place**2 / 10}, rss={}) for place in range(4)]
    found = sustained("ivr", ramp((10, 0.1), (20, 0.1), (30, 0.9)), BEGAN, samples)
    assert found.cores == {"ivr": 0.3}
