"""Hours of business: known days of China's calendar, clocks that are turned, and a naive reader beside it."""

import pickle
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.errors import PolicyError
from router.facts import Facts
from router.policy.conditions import Closures
from router.policy.hours import Calendar, Hours, Span, known_until, opening, spans
from router.policy.hours_file import hours_of
from router.policy.load import load
from router.policy.nodes import Open
from router.policy.public_holidays import listed
from router.policy.source import parse, read
from tests.policy.callers import facts
from tests.policy.conftest import Write

SHIPPED, _ = hours_of(read(Path(__file__).parents[2] / "policies" / "hours.yaml"))
assert SHIPPED is not None
OFFICE, SERVICE = SHIPPED["office"], SHIPPED["service"]
NINE_TO_SIX = ((9 * 60, 18 * 60),)


def hours(text: str) -> Mapping[str, Hours]:
    made, problems = hours_of(parse(text.encode(), "hours.yaml"))
    assert made is not None
    assert problems == []
    return made


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-02T08:59:59", False),
        ("2026-03-02T09:00:00", True),
        ("2026-03-02T17:59:59", True),
        ("2026-03-02T18:00:00", False),
        ("2026-03-07T10:00:00", False),  # a Saturday
        ("2025-10-01T10:00:00", False),  # National Day
        ("2025-10-08T10:00:00", False),  # a Wednesday, its last holiday
        ("2025-10-09T10:00:00", True),
        ("2025-09-28T10:00:00", True),  # a Sunday that is worked for it
        ("2025-10-11T10:00:00", True),  # a Saturday that is worked for it
        ("2026-02-16T10:00:00", False),  # a Monday, New Year's Eve of the moon's calendar
        ("2026-02-14T10:00:00", True),  # a Saturday that is worked for it
    ],
)
def test_the_office_is_open_as_the_state_announced(moment: str, expected: bool) -> None:  # noqa: FBT001
    assert opening(OFFICE)(at(moment)) is expected


def test_service_hours_know_no_holiday() -> None:
    is_open = opening(SERVICE)
    assert [
        is_open(at(f"2025-10-01T{time}")) for time in ("07:59:59", "08:00:00", "21:59:59", "22:00:00")
    ] == [
        False,
        True,
        True,
        False,
    ]


def test_holidays_are_known_as_far_as_the_list_of_the_country_reaches() -> None:
    """Only of hours in which a holiday changes anything."""
    listed_until = listed("CN").announced_until
    assert OFFICE.calendar.announced_until == known_until([SERVICE, OFFICE]) == listed_until
    assert known_until([SERVICE]) is None
    assert known_until([]) is None


def test_a_year_that_is_written_out_is_known() -> None:
    """Ranges have both ends; the earliest last year counts."""
    text = "time_zone: Asia/Shanghai\n"
    text += "holidays: {country: CN, announced_until: 2027,\n"
    text += "  closed: [2027-10-01..2027-10-07], worked: [2027-10-09]}\n"
    text += 'hours: {office: {days: {mon-fri: ["09:00-18:00"]}, holidays: closed}}\n'
    office = hours(text)["office"]
    assert known_until([office]) == 2027
    assert known_until([office, OFFICE]) == listed("CN").announced_until
    is_open = opening(office)
    open_on = [day for day in range(1, 12) if is_open(at(f"2027-10-{day:02}T10:00:00"))]
    assert open_on == [8, 9, 11]


def test_a_year_that_is_not_announced_has_the_days_of_the_rules_and_no_working_weekend() -> None:
    is_open = opening(OFFICE)
    assert not is_open(at("2031-10-01T10:00:00"))
    weekends = [day for day in days(2031) if day.weekday() > 4]
    assert not any(is_open(at(f"{day}T10:00:00")) for day in weekends)


def test_a_year_that_is_not_announced_can_be_without_holidays() -> None:
    text = "time_zone: Asia/Shanghai\n"
    text += "holidays: {country: CN, announced_until: 2026, unannounced: none}\n"
    text += 'hours: {office: {days: {mon-fri: ["09:00-18:00"]}, holidays: closed}}\n'
    assert opening(hours(text)["office"])(at("2031-10-01T10:00:00"))


def test_what_is_written_counts_more_than_the_list_of_the_country() -> None:
    text = "time_zone: Asia/Shanghai\n"
    text += 'holidays: {country: CN, closed: ["2026-03-02", "2026-02-14"],\n'
    text += '  worked: ["2026-10-01", "2026-03-07"]}\n'
    text += 'hours: {office: {days: {mon-fri: ["09:00-18:00"]}, holidays: ["10:00-11:00"]}}\n'
    is_open = opening(hours(text)["office"])
    assert [
        is_open(at(f"{day}T09:30:00")) for day in ("2026-03-02", "2026-02-14", "2026-10-01", "2026-03-07")
    ] == [
        False,
        False,
        True,
        True,
    ]
    assert is_open(at("2026-03-02T10:30:00"))


def test_a_country_without_announcements_is_known_in_every_year() -> None:
    text = "time_zone: America/New_York\nholidays: {country: US}\n"
    text += 'hours: {office: {days: {mon-fri: ["09:00-18:00"]}, holidays: closed}}\n'
    office = hours(text)["office"]
    assert office.calendar.announced_until is None
    assert not opening(office)(at("2040-07-04T10:00:00", "America/New_York"))


DAYS_OFF = {
    2025: ["01-01", "01-28..02-04", "04-04..04-06", "05-01..05-05", "05-31..06-02", "10-01..10-08"],
    2026: [
        "01-01..01-03",
        "02-15..02-23",
        "04-04..04-06",
        "05-01..05-05",
        "06-19..06-21",
        "09-25..09-27",
        "10-01..10-07",
    ],
}
WORKED = {
    2025: ["01-26", "02-08", "04-27", "09-28", "10-11"],
    2026: ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
}
"""As the State Council's office announced them, on 2024-11-12 and 2025-11-04."""


@pytest.mark.parametrize("year", DAYS_OFF)
def test_the_days_off_are_those_that_the_state_announced(year: int) -> None:
    """All of them, the weekends in them too, and no other."""
    announced: set[date] = set()
    for part in DAYS_OFF[year]:
        first, last = (date.fromisoformat(f"{year}-{end}") for end in (part[:5], part[-5:]))
        announced |= {day for day in days(year) if first <= day <= last}
    assert {day for day in OFFICE.calendar.holidays if day.year == year} == announced
    worked = {date.fromisoformat(f"{year}-{day}") for day in WORKED[year]}
    assert {day for day in OFFICE.calendar.worked if day.year == year} == worked


def test_a_weekend_is_a_holiday_only_where_that_is_said() -> None:
    text = "time_zone: Asia/Shanghai\nholidays: {country: CN}\n"
    text += 'hours: {shop: {days: {mon-sun: ["09:00-18:00"]}, holidays: closed}}\n'
    october = [f"2025-10-{day:02}T10:00:00" for day in range(1, 10)]
    plain = opening(hours(text)["shop"])
    assert [moment[8:10] for moment in october if plain(at(moment))] == ["04", "05", "09"]
    joined = opening(hours(text.replace("CN}", "CN, joined_weekends: true}"))["shop"])
    assert [moment[8:10] for moment in october if joined(at(moment))] == ["09"]


def days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


BERLIN = Calendar(zone="Europe/Berlin", holidays=frozenset(), worked=frozenset(), announced_until=None)


def daily(*of_a_day: Span) -> Hours:
    return Hours(name="x", calendar=BERLIN, days=(of_a_day,) * 7, on_holidays=None, on_worked=())


@pytest.mark.parametrize(
    ("span", "day", "opens", "closes"),
    [
        # 29 March 2026: from 02:00 the clock is turned to 03:00, at 01:00 UTC
        ((60, 150), "2026-03-29", "00:00", "01:00"),
        ((150, 240), "2026-03-29", "01:00", "02:00"),
        # 25 October 2026: from 03:00 the clock is turned back to 02:00, at 01:00 UTC
        ((60, 150), "2026-10-25", "23:00", "01:30"),
        ((150, 240), "2026-10-25", "00:30", "03:00"),
    ],
    ids=["ends in the gap", "begins in the gap", "ends in the hour that comes twice", "begins in it"],
)
def test_a_clock_that_is_turned(span: Span, day: str, opens: str, closes: str) -> None:
    """Times below are UTC."""
    noon = int(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC).timestamp())
    found = [
        tuple(datetime.fromtimestamp(second, UTC).strftime("%H:%M") for second in pair)
        for pair in spans(daily(span), noon - 86_400, noon + 43_200)
        if noon - 50_000 < pair[1] <= noon
    ]
    assert (opens, closes) in found


def test_spans_over_midnight_and_whole_days_join() -> None:
    is_open = opening(
        hours('time_zone: UTC\nhours: {x: {days: {mon-tue: ["00:00-24:00"], fri: ["22:00-02:00"]}}}')["x"]
    )
    assert not is_open(at("2026-03-01T23:59:59", "UTC"))
    assert is_open(at("2026-03-02T00:00:00", "UTC"))
    assert is_open(at("2026-03-02T23:59:59", "UTC"))
    assert is_open(at("2026-03-03T12:00:00", "UTC"))
    assert not is_open(at("2026-03-04T00:00:00", "UTC"))
    assert is_open(at("2026-03-07T01:59:59", "UTC"))
    assert not is_open(at("2026-03-07T02:00:00", "UTC"))
    assert (
        len(
            list(
                spans(hours('time_zone: UTC\nhours: {x: {days: {mon-sun: ["00:00-24:00"]}}}')["x"], 0, 10**6)
            )
        )
        == 1
    )


def clocked(asked: Hours, now: int) -> bool:
    """The naive reader: what the clock on the wall shows; not for the hours in which it is turned."""
    shown = datetime.fromtimestamp(now, ZoneInfo(asked.calendar.zone))
    minute = shown.hour * 60 + shown.minute
    today, yesterday = shown.date(), shown.date() - timedelta(days=1)
    return any(opens <= minute < closes for opens, closes in kind(asked, today)) or any(
        opens <= minute + 1_440 < closes for opens, closes in kind(asked, yesterday)
    )


def kind(asked: Hours, day: date) -> tuple[Span, ...]:
    if day in asked.calendar.worked:
        return asked.on_worked
    if asked.on_holidays is not None and day in asked.calendar.holidays:
        return asked.on_holidays
    return asked.days[day.weekday()]


@st.composite
def one_day(draw: st.DrawFn) -> tuple[Span, ...]:
    edges = sorted(draw(st.lists(st.integers(0, 1_439), unique=True, max_size=4)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    if pairs and draw(st.booleans()):
        pairs[-1] = (pairs[-1][0], pairs[-1][1] + 1_440)
        pairs[-1] = (pairs[-1][0], min(pairs[-1][1], pairs[-1][0] + 1_440))
    return tuple(pairs)


some_days = st.frozensets(
    st.integers(0, 20).map(lambda days: date(2026, 3, 1) + timedelta(days=days)), max_size=5
)
some_hours = st.builds(
    Hours,
    name=st.just("x"),
    calendar=st.builds(
        Calendar,
        zone=st.sampled_from(["Asia/Shanghai", "UTC", "Pacific/Apia", "America/St_Johns"]),
        holidays=some_days,
        worked=some_days,
        announced_until=st.none(),
    ),
    days=st.tuples(*[one_day()] * 7),
    on_holidays=st.none() | one_day(),
    on_worked=one_day(),
)
times = st.lists(st.integers(at("2026-03-10T00:00:00"), at("2026-03-25T00:00:00")), min_size=1, max_size=30)


@settings(max_examples=150, deadline=None)
@given(some_hours, times)
def test_a_time_is_in_the_hours_as_the_clock_on_the_wall_says(asked: Hours, moments: list[int]) -> None:
    """In any order, so that what is remembered of the last one does no harm; and the spans say the same."""
    is_open = opening(asked)
    open_times = list(spans(asked, min(moments) - 5, max(moments) + 5))
    for now in moments:
        expected = clocked(asked, now)
        assert is_open(now) is expected
        assert any(since <= now < until for since, until in open_times) is expected
    assert all(one[1] < other[0] for one, other in pairwise(open_times))


def test_hours_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(OFFICE)) == OFFICE  # noqa: S301 - our own bytes


def test_a_condition_asks_the_time_of_the_call() -> None:
    asked: Facts = facts({}, now=at("2026-03-02T10:00:00"))
    assert Closures({}, SHIPPED).of(Open("office"))(asked)
    assert not Closures({}, SHIPPED).of(Open("office"))(facts({}, now=at("2026-03-02T20:00:00")))


def test_a_folder_without_hours_has_none(write: Write) -> None:
    text = 'hotline: x\nnumbers: ["1"]\nroutes:\n  - {name: a, when: {open: office}, to: {menu: main}}\n'
    text += "  - {name: b, to: {menu: main}}\n"
    with pytest.raises(PolicyError, match='no hours "office"; there is none'):
        load(write({"x.yaml": text}))
