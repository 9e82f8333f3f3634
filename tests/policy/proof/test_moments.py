"""Moments: each way that hours are open together, and no other."""

from datetime import date
from itertools import product

from router.policy.hours import Calendar, Hours, opening
from router.policy.proof.moments import HORIZON, moments
from router.policy.proof.runs import contains
from tests.policy.callers import NOW
from tests.policy.proof.books import CALENDAR, HOURS, week

NAMED = {(0, name): hours for name, hours in HOURS.items()}


def test_there_is_a_moment_for_each_way_to_be_open_and_no_other() -> None:
    found = moments(NAMED, NOW)
    ways = {tuple(opening(HOURS[name])(at) for name in HOURS) for at in range(NOW, NOW + 30 * 86_400, 900)}
    assert {
        tuple(contains(found.answers[0, name], number) for name in HOURS)
        for number in range(len(found.examples))
    } == ways
    assert len(ways) < 2 ** len(HOURS)


def test_each_moment_is_as_its_hours_say() -> None:
    found = moments(NAMED, NOW)
    for (number, at), (name, hours) in product(enumerate(found.examples), HOURS.items()):
        assert contains(found.answers[0, name], number) == opening(hours)(at)
        assert NOW <= at < NOW + HORIZON


def test_the_first_moment_is_the_plain_one() -> None:
    found = moments(NAMED, NOW)
    assert found.examples[found.plain] == NOW


def test_without_hours_there_is_one_moment() -> None:
    assert moments({}, NOW).examples == (NOW,)


def test_hours_that_are_never_open_and_always_open_make_one_moment() -> None:
    never = week("never", (), (), ())
    all_day = ((0, 1_440),)
    always = Hours(name="always", calendar=CALENDAR, days=(all_day,) * 7, on_holidays=None, on_worked=all_day)
    found = moments({(0, "never"): never, (0, "always"): always}, NOW)
    assert len(found.examples) == 1
    assert (found.answers[0, "never"], found.answers[0, "always"]) == ((), ((0, 0),))


def test_a_holiday_in_four_years_is_found() -> None:
    """An opening of one day in years: a moment all the same."""
    rare = Hours(
        name="rare",
        calendar=Calendar(
            zone="Asia/Shanghai",
            holidays=frozenset(),
            worked=frozenset({date(2028, 11, 5)}),
            announced_until=None,
        ),
        days=((),) * 7,
        on_holidays=None,
        on_worked=((600, 660),),
    )
    found = moments({(0, "rare"): rare}, NOW)
    assert len(found.examples) == 2
