"""What may stand in hours.yaml, as pydantic models, and the hours that it says."""

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

import holidays as public
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from router.errors import Problem
from router.policy.attributes import Date
from router.policy.check import Strict, check, described, unknown
from router.policy.hours import Calendar, Hours, Span
from router.policy.names import Token
from router.policy.source import Plain, Source

FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Years whose holidays are worked out."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _zone(name: str) -> str:
    if name not in (names := available_timezones()):
        raise ValueError(unknown("time zone", name, names))
    return name


def _country(name: str) -> str:
    if name not in (names := public.list_supported_countries()):
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


def _days(text: str) -> str:
    if not re.fullmatch(f"({'|'.join(_DAYS)})(-({'|'.join(_DAYS)}))?", text):
        raise ValueError(f"must be a day like mon, or days like mon-fri, not {described(text)}")
    first, _, last = text.partition("-")
    if last and _DAYS.index(first) >= _DAYS.index(last):
        raise ValueError("must be from an earlier to a later day of the week: mon is the first, sun the last")
    return text


SpanText = Annotated[
    Span,
    PlainValidator(_span),
    WithJsonSchema(
        {"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$", "examples": ["09:00-18:00"]}
    ),
]
Spans = Annotated[
    list[SpanText],
    Field(max_length=24),
    AfterValidator(_apart),
    BeforeValidator(_closed, json_schema_input_type=Literal["closed"] | list[SpanText]),
]
Days = Annotated[
    str, AfterValidator(_days), WithJsonSchema({"type": "string", "pattern": "^[a-z]{3}(-[a-z]{3})?$"})
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
    """The last year whose holidays the state has announced; without it, they follow from rules each year."""
    unannounced: Literal["as_rules_say", "none"] = "as_rules_say"
    """Later years have the days that follow from rules, without working weekends; or no holidays at all."""
    closed: list[Date] = Field(default_factory=list)
    """Holidays that are none elsewhere, or that the country's list has not yet."""
    worked: list[Date] = Field(default_factory=list)
    """Days that are worked although the country's list says otherwise, and working weekends."""


class HoursFile(Strict):
    """hours.yaml: when the hotlines are open."""

    time_zone: Annotated[str, AfterValidator(_zone)]
    """IANA's name: Asia/Shanghai."""
    holidays: HolidaysEntry | None = None
    """Without it no day is a holiday."""
    hours: dict[Token, HoursEntry]


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
    listed = [
        year
        for year in getattr(_public(entry.country), "special_public_holidays", {})
        if isinstance(year, int)
    ]
    own = {day.year for day in (*entry.closed, *entry.worked)}
    missing = [
        year
        for year in range(max(listed, default=LAST_YEAR) + 1, entry.announced_until + 1)
        if year not in own
    ]
    if not missing:
        return None
    ends = f"the list of {entry.country} ends with {max(listed)}"
    return f"{ends}; write the days of {missing[0]} under closed and worked"


def _public(country: str) -> public.HolidayBase:
    return public.country_holidays(country, years=range(FIRST_YEAR, LAST_YEAR + 1))


def _calendar(file: HoursFile) -> Calendar:
    entry = file.holidays
    if entry is None:
        return Calendar(zone=file.time_zone, holidays=frozenset(), worked=frozenset(), announced_until=None)
    listed = _public(entry.country)
    last = LAST_YEAR if entry.announced_until is None else entry.announced_until
    everywhere = {day for day in listed if day.year <= last or entry.unannounced == "as_rules_say"}
    worked: set[date] = {day for day in getattr(listed, "weekend_workdays", ()) if day.year <= last}
    return Calendar(
        zone=file.time_zone,
        holidays=frozenset((everywhere | set(entry.closed)) - set(entry.worked)),
        worked=frozenset((worked - set(entry.closed)) | set(entry.worked)),
        announced_until=entry.announced_until,
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
