"""Hours of business: when a time lies in them, and all the times that do.

Hours are wall-clock times of a time zone, by day of the week, with holidays and with weekends that are
worked to make up for them. Where the clock is turned back, hours begin when it shows their beginning for the
first time, and end when it shows their end for the last. A time that it leaves out is the moment at which it
is turned.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FILE = "hours.yaml"

Span = tuple[int, int]
"""Minutes from midnight: the first, and the one behind the last; over 1,440 where it ends the next day."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which days are not like others of their day of the week."""

    zone: str
    """IANA's name: Asia/Shanghai."""
    holidays: frozenset[date]
    worked: frozenset[date]
    """Days at weekends that are worked to make up for a holiday."""
    announced_until: int | None
    """The last year whose holidays are announced; None: they follow from rules, every year's are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Named hours: the spans of each kind of day, sorted and apart."""

    name: str
    calendar: Calendar
    days: tuple[tuple[Span, ...], ...]
    """Monday to Sunday."""
    on_holidays: tuple[Span, ...] | None
    """None: as on other days of the week."""
    on_worked: tuple[Span, ...]


def opening(hours: Hours) -> Callable[[int], bool]:
    """The function that says whether a time (seconds since the epoch) lies in the hours.

    It remembers the opening or the break that it found last: asked again within it, it takes 0.1 µs.
    """
    since = until = 0
    is_open = False

    def test(now: int) -> bool:
        nonlocal since, until, is_open
        if not since <= now < until:
            since, until, is_open = _around(hours, now)
        return is_open

    return test


def spans(hours: Hours, since: int, until: int) -> Iterator[tuple[int, int]]:
    """The times from ``since`` to ``until`` that lie in the hours: first and behind the last second.

    In their order and apart; 10 years take some 40 ms.
    """
    zone = ZoneInfo(hours.calendar.zone)
    day = datetime.fromtimestamp(since, zone).date() - 2 * _DAY
    last = datetime.fromtimestamp(until, zone).date() + _DAY
    for opens, closes in _merged(_openings(hours, zone, day, last)):
        first, end = max(opens, since), min(closes, until)
        if first < end:
            yield first, end


def known_until(hours: Iterable[Hours]) -> int | None:
    """The last year whose holidays all these hours know: New Year after it, somebody must be told.

    None: they know those of every year, or no day would have other hours if it were a holiday.
    """
    years = (each.calendar.announced_until for each in hours if _minds_holidays(each))
    return min((year for year in years if year is not None), default=None)


def _minds_holidays(hours: Hours) -> bool:
    """Whether some day would have other hours if it were a holiday, or a weekend that is worked."""
    return any(hours.on_holidays not in {None, day} for day in hours.days) or any(
        hours.on_worked != day for day in hours.days[5:]
    )


def _around(hours: Hours, now: int) -> tuple[int, int, bool]:
    """The opening or the break that a time lies in; one of more than a day is told in parts."""
    before, behind = now - 86_400, now + 86_400
    for opens, closes in spans(hours, before, behind):
        if now < opens:
            return before, opens, False
        if now < closes:
            return opens, closes, True
        before = closes
    return before, behind, False


def _merged(openings: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Openings that touch as one; they come in the order of their beginnings."""
    held: tuple[int, int] | None = None
    for opens, closes in openings:
        if held is not None and opens <= held[1]:
            held = held[0], max(held[1], closes)
            continue
        if held is not None:
            yield held
        held = opens, closes
    if held is not None:
        yield held


def _openings(hours: Hours, zone: ZoneInfo, day: date, last: date) -> Iterator[tuple[int, int]]:
    while day <= last:
        for opens, closes in _of_day(hours, day):
            yield _second(zone, day, opens, fold=0), _second(zone, day, closes, fold=1)
        day += _DAY


def _of_day(hours: Hours, day: date) -> tuple[Span, ...]:
    if day in hours.calendar.worked:
        return hours.on_worked
    if hours.on_holidays is not None and day in hours.calendar.holidays:
        return hours.on_holidays
    return hours.days[day.weekday()]


def _second(zone: ZoneInfo, day: date, minute: int, *, fold: int) -> int:
    """When a clock shows so many minutes from midnight, in seconds since the epoch."""
    days, minute = divmod(minute, 1_440)
    shown = datetime.combine(day + days * _DAY, time(minute // 60, minute % 60), zone)
    first, last = int(shown.timestamp()), int(shown.replace(fold=1).timestamp())
    if first <= last:  # the same, but for a time that is shown twice
        return last if fold else first
    return _turned(zone, last, first)


def _turned(zone: ZoneInfo, since: int, until: int) -> int:
    """When the clock is turned forward between two times."""
    before = datetime.fromtimestamp(since, zone).utcoffset()
    seconds = range(since, until)
    return since + bisect_left(
        seconds, 1, key=lambda at: datetime.fromtimestamp(at, zone).utcoffset() != before
    )
