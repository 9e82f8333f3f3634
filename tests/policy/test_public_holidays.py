"""What is taken from the library of holidays."""

from datetime import date

import pytest

from router.policy.public_holidays import countries, joined, listed

FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 9, day) for day in (25, 26, 27, 28))


@pytest.mark.parametrize(
    ("country", "announces"),
    [("CN", True), ("VN", True), ("US", False), ("DE", False), ("UA", False), ("AM", False)],
)
def test_some_countries_announce_their_holidays_each_year(country: str, announces: bool) -> None:  # noqa: FBT001
    """Their years are known up to a last one; Ukraine and Armenia have ceased."""
    assert (listed(country).announced_until is not None) is announces


def test_the_list_of_china_has_at_least_the_year_of_this_release() -> None:
    """An older library would take later years for unknown."""
    assert (listed("CN").announced_until or 0) >= 2026


def test_countries_go_by_two_letters() -> None:
    assert "CN" in countries()
    assert "CHN" not in countries()


@pytest.mark.parametrize(
    ("holidays", "worked", "expected"),
    [
        ({FRIDAY}, set(), {SATURDAY, SUNDAY}),
        ({MONDAY}, set(), {SATURDAY, SUNDAY}),
        ({SATURDAY}, set(), {SATURDAY, SUNDAY}),
        ({SUNDAY}, set(), {SATURDAY, SUNDAY}),
        ({FRIDAY}, {SUNDAY}, {SATURDAY}),
        ({FRIDAY}, {SATURDAY}, set()),
        ({MONDAY}, {SATURDAY}, {SUNDAY}),
        ({MONDAY}, {SUNDAY}, set()),
        ({FRIDAY, MONDAY}, {SATURDAY}, {SUNDAY}),
        ({date(2026, 9, 24), date(2026, 9, 29)}, set(), set()),
        (set(), set(), set()),
    ],
)
def test_a_weekend_joins_the_holiday_that_it_touches(
    holidays: set[date], worked: set[date], expected: set[date]
) -> None:
    """Through its other day too, but not through one that is worked."""
    assert set(joined(holidays, worked)) == expected
