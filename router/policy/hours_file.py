"""What may stand in hours.yaml, as pydantic models, and the hours that it says."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from itertools import chain, pairwise
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from router.errors import Problem
from router.policy.check import Strict, check, described, unknown
from router.policy.domains import day as day_of
from router.policy.hours import Calendar, Hours, Span
from router.policy.names import Token
from router.policy.public_holidays import FIRST_YEAR, LAST_YEAR, countries, joined, listed
from router.policy.source import Plain, Source

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ANY_DAY = "|".join(_DAYS)
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LONGEST = 31
"""Days in one range of dates; a longer one is a slip of the pen."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such file, a way out of the folder, a folder
        raise ValueError(unknown("time zone", name, available_timezones())) from None
    return name


def _country(name: str) -> str:
    if name not in (names := countries()):
        raise ValueError(unknown("country", name, names))
    return name


def _span(value: Plain) -> Span:
    found = (
        re.fullmatch("([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})", value) if isinstance(value, str) else None
    )
    if found is None:
        raise ValueError(f'must be hours like "09:00-18:00", not {described(value)}')
    hour, minute, end_hour, end_minute = map(int, found.groups())
    opens, closes = hour * 60 + minute, end_hour * 60 + end_minute
    if hour > 23 or minute > 59 or end_minute > 59 or closes > 1_440:
        raise ValueError(f"must be times from 00:00 to 24:00, not {described(value)}")
    if opens == closes:
        raise ValueError('begins and ends at once; the whole day is "00:00-24:00"')
    return opens, closes if closes > opens else closes + 1_440


def _apart(spans: list[Span]) -> list[Span]:
    """Sorted; none may begin before another ends."""
    spans = sorted(spans)
    for one, other in pairwise(spans):
        if other[0] < one[1]:
            raise ValueError(f"{_shown(other)} begins before {_shown(one)} ends")
    return spans


def _shown(span: Span) -> str:
    return "-".join(f"{minute // 60 % 24:02}:{minute % 60:02}" for minute in span)


def _closed(value: Plain) -> Plain:
    """The word "closed" alone is short for no hours."""
    if value == "closed":
        return []
    if not isinstance(value, list):
        raise ValueError(f'must be closed or a list like ["10:00-16:00"], not {described(value)}')  # noqa: TRY004 - pydantic's
    return value


def _dates(value: Plain) -> list[date]:
    """The days of ``2027-10-01``, or of ``2027-10-01..2027-10-07`` with both ends."""
    ends = [day_of(text) for text in value.split("..")] if isinstance(value, str) else []
    first, last = (ends[0], ends[-1]) if ends else (None, None)
    if first is None or last is None or len(ends) > 2:
        raise ValueError(f"must be a date like 2027-10-01, or 2027-10-01..2027-10-07, not {described(value)}")
    if any(not FIRST_YEAR <= each.year <= LAST_YEAR for each in (first, last)):
        raise ValueError(f"must be in the years {FIRST_YEAR} to {LAST_YEAR}")
    length = (last - first).days + 1
    if not len(ends) <= length <= _LONGEST:
        raise ValueError(f"must be the first day, then the last, of at most {_LONGEST} days")
    return [first + timedelta(days=ahead) for ahead in range(length)]


def _days(text: str) -> str:
    if not re.fullmatch(f"({_ANY_DAY})(-({_ANY_DAY}))?", text):
        raise ValueError(f"must be a day like mon, or days like mon-fri, not {described(text)}")
    first, _, last = text.partition("-")
    if last and _DAYS.index(first) >= _DAYS.index(last):
        raise ValueError("must be from an earlier to a later day of the week: mon is the first, sun the last")
    return text


SpanText = Annotated[
    Span,
    PlainValidator(_span),
    WithJsonSchema(
        {
            "type": "string",
            "title": "span",
            "pattern": "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$",
            "examples": ["09:00-18:00"],
        }
    ),
]
Spans = Annotated[
    list[SpanText],
    Field(max_length=24),
    AfterValidator(_apart),
    BeforeValidator(_closed, json_schema_input_type=Literal["closed"] | list[SpanText]),
]
Dates = Annotated[
    list[date],
    PlainValidator(_dates),
    WithJsonSchema(
        {
            "type": "string",
            "title": "date or first..last",
            "pattern": rf"^{_DATE}(\.\.{_DATE})?$",
            "examples": ["2027-10-01..2027-10-07"],
        }
    ),
]
Days = Annotated[
    str,
    AfterValidator(_days),
    WithJsonSchema({"type": "string", "title": "days", "pattern": f"^({_ANY_DAY})(-({_ANY_DAY}))?$"}),
]


class HoursEntry(Strict):
    """Named hours."""

    days: dict[Days, Spans]
    """By day of the week, or days from one to another: "mon-fri". A day that is not named is closed."""
    holidays: Spans | None = None
    """Hours on holidays, or closed; without it, as on other days of the week."""
    working_weekends: Spans | None = None
    """Hours at weekends that are worked to make up for a holiday; without it, as on Mondays."""

    @model_validator(mode="after")
    def _each_day_once(self) -> Self:
        owners: dict[str, str] = {}
        for key in self.days:
            for day in _named(key):
                if owners.setdefault(day, key) != key:
                    raise ValueError(f"has {day} in {owners[day]} and in {key}")
        return self


class HolidaysEntry(Strict):
    """Which days are holidays: those of a country, and what is said here, which counts more."""

    country: Annotated[str, AfterValidator(_country)]
    """Two letters, ISO 3166: CN."""
    announced_until: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)] | None = None
    """The last year whose holidays the state has announced; without it, the last of the country's list.

    The lists of most countries have none: their holidays follow from rules, and every year's are known.
    """
    unannounced: Literal["as_rules_say", "none"] = "as_rules_say"
    """Later years have the days that follow from rules, without working weekends; or no holidays at all."""
    joined_weekends: bool = False
    """The weekend that touches a holiday of the country's list belongs to it, unless it is worked."""
    closed: list[Dates] = Field(default_factory=list)
    """Holidays that are none elsewhere, or that the country's list has not yet."""
    worked: list[Dates] = Field(default_factory=list)
    """Days that are worked although the country's list says otherwise, and working weekends."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if both := sorted({*chain(*self.closed)} & {*chain(*self.worked)}):
            raise ValueError(f"{both[0]} is in closed and in worked")
        return self


class HoursFile(Strict):
    """hours.yaml: when the hotlines are open."""

    time_zone: Annotated[str, AfterValidator(_zone)]
    """IANA's name: Asia/Shanghai."""
    holidays: HolidaysEntry | None = None
    """Without it no day is a holiday."""
    hours: dict[Token, HoursEntry]
    """Hours by name, for the condition "open: NAME"."""


def hours_of(source: Source) -> tuple[Mapping[str, Hours] | None, list[Problem]]:
    """The hours that a file declares (None when it cannot be used), and every mistake in it."""
    file, problems = check(HoursFile, source)
    if file is None:
        return None, problems
    if (told := _not_announced(file.holidays)) is not None:
        problems.append(source.problem(("holidays", "announced_until"), told))
    calendar = _calendar(file)
    return {name: _hours(name, entry, calendar) for name, entry in file.hours.items()}, problems


def _not_announced(entry: HolidaysEntry | None) -> str | None:
    """What to do about a year that is said to be announced, and of which nobody says the days."""
    if entry is None or entry.announced_until is None:
        return None
    last = listed(entry.country).announced_until
    own = {day.year for day in chain(*entry.closed, *entry.worked)}
    years = range(entry.announced_until if last is None else last, entry.announced_until)
    missing = next((year + 1 for year in years if year + 1 not in own), None)
    if missing is None:
        return None
    return (
        f"the list of {entry.country} ends with {last}; write the days of {missing} under closed and worked"
    )


def _calendar(file: HoursFile) -> Calendar:
    entry = file.holidays
    if entry is None:
        return Calendar(zone=file.time_zone, holidays=frozenset(), worked=frozenset(), announced_until=None)
    country = listed(entry.country)
    until = country.announced_until if entry.announced_until is None else entry.announced_until
    last = LAST_YEAR if until is None else until
    days = {day for day in country.holidays if day.year <= last or entry.unannounced == "as_rules_say"}
    worked = {day for day in country.worked if day.year <= last}
    if entry.joined_weekends:
        days |= set(joined(days, worked))
    own_closed, own_worked = frozenset(chain(*entry.closed)), frozenset(chain(*entry.worked))
    return Calendar(
        zone=file.time_zone,
        holidays=frozenset((days | own_closed) - own_worked),
        worked=frozenset((worked - own_closed) | own_worked),
        announced_until=until,
    )


def _hours(name: str, entry: HoursEntry, calendar: Calendar) -> Hours:
    by_day = {day: tuple(spans) for key, spans in entry.days.items() for day in _named(key)}
    days = tuple(by_day.get(day, ()) for day in _DAYS)
    return Hours(
        name=name,
        calendar=calendar,
        days=days,
        on_holidays=None if entry.holidays is None else tuple(entry.holidays),
        on_worked=days[0] if entry.working_weekends is None else tuple(entry.working_weekends),
    )


def _named(key: str) -> tuple[str, ...]:
    """The days of "mon-fri"."""
    first, _, last = key.partition("-")
    return _DAYS[_DAYS.index(first) : _DAYS.index(last or first) + 1]
