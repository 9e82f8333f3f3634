"""Public holidays, and the weekends that are worked to make up for them: the library ``holidays``, read once.

It is imported where it is needed: that takes a tenth of a second.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Years whose holidays are worked out."""

_STILL_ANNOUNCED = 2024
"""A country that has worked weekends in this year or later announces each year by itself (China, Vietnam).

Ukraine's and Armenia's ended in 2022 and 2021; their holidays follow from rules now.
"""
_DAY = timedelta(days=1)
_TO_SATURDAY = {4: 1, 5: 0, 6: -1, 0: -2}
"""Days from a Friday, Saturday, Sunday and Monday to the Saturday of the weekend that it touches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What the library says of a country."""

    holidays: frozenset[date]
    """In years that are not announced yet, those that follow from rules."""
    worked: frozenset[date]
    announced_until: int | None
    """The last year whose announcement the library has; None: its holidays follow from rules."""


def countries() -> AbstractSet[str]:
    """The names of the countries that the library knows, ISO 3166."""
    from holidays import list_supported_countries  # noqa: PLC0415  see above

    return list_supported_countries(include_aliases=False).keys()


@cache
def listed(country: str) -> Listed:
    """The holidays of one of the `countries`, in all years from `FIRST_YEAR` to `LAST_YEAR`."""
    from holidays import country_holidays  # noqa: PLC0415  see above

    found = country_holidays(country, years=range(FIRST_YEAR, LAST_YEAR + 1))
    worked = frozenset(found.weekend_workdays)
    last = max((day.year for day in worked), default=0)
    return Listed(
        holidays=frozenset(found), worked=worked, announced_until=last if last >= _STILL_ANNOUNCED else None
    )


def joined(holidays: AbstractSet[date], worked: AbstractSet[date]) -> Iterator[date]:
    """The Saturdays and Sundays that touch one of the holidays, alone or together, and are not worked.

    The library lists the days off that are no weekend: of 1 to 8 October 2025 not the 4th and the 5th.
    """
    touched = {day + _TO_SATURDAY[day.weekday()] * _DAY for day in holidays if day.weekday() in _TO_SATURDAY}
    for saturday in touched:
        sunday = saturday + _DAY
        on_saturday, on_sunday = saturday not in worked, sunday not in worked
        before = saturday - _DAY in holidays or saturday in holidays
        behind = sunday in holidays or sunday + _DAY in holidays
        if on_saturday and (before or (on_sunday and behind)):
            yield saturday
        if on_sunday and (behind or (on_saturday and before)):
            yield sunday
