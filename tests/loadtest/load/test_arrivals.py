"""When calls come: numbers, order, seeds, and the shapes' own laws."""

from itertools import pairwise
from random import Random
from statistics import mean, pvariance

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.load.arrivals import area, arrivals, curve, pace, wanted
from loadtest.load.plan import Burst, Constant, Day, Poisson, Ramp, read_plan

HOURS = read_plan().run("day").arrivals.hours
RATES = st.floats(0.5, 50)
SHAPES = st.one_of(
    st.builds(lambda rate: Constant(shape="constant", rate=rate), RATES),
    st.builds(lambda rate: Poisson(shape="poisson", rate=rate), RATES),
    st.builds(lambda a, b: Ramp(shape="ramp", start=a, to=b), st.floats(0, 50), RATES),
    st.builds(lambda rate: Day(shape="day", rate=rate, hours=HOURS), RATES),
    st.builds(
        lambda rate, after, lasts: Burst(shape="burst", rate=rate, after=after, lasts=lasts),
        st.floats(0.5, 5),
        st.floats(0, 50),
        st.floats(1, 50),
    ),
)
SECONDS = st.floats(1, 60)


@settings(deadline=None)
@given(SHAPES, SECONDS, st.integers())
def test_calls_come_in_order_and_within_the_time(shape, seconds, seed):
    moments = arrivals(shape, seconds, Random(seed))
    assert all(0 <= moment <= seconds for moment in moments)
    assert all(before <= after for before, after in pairwise(moments))


@settings(deadline=None)
@given(SHAPES, SECONDS, st.integers())
def test_the_same_seed_makes_the_same_calls(shape, seconds, seed):
    assert arrivals(shape, seconds, Random(seed)) == arrivals(shape, seconds, Random(seed))


@settings(deadline=None)
@given(st.one_of(RATES.map(lambda rate: Constant(shape="constant", rate=rate))), SECONDS)
def test_an_even_stream_has_the_calls_that_its_rate_comes_to_evenly(shape, seconds):
    moments = arrivals(shape, seconds, Random(0))
    assert abs(len(moments) - shape.rate * seconds) <= 0.5 + 1e-6
    gaps = [after - before for before, after in pairwise(moments)]
    assert all(abs(gap - 1 / shape.rate) < 1e-6 for gap in gaps)


@settings(deadline=None)
@given(st.floats(0, 50), RATES, SECONDS)
def test_a_ramps_calls_by_any_time_are_the_area_under_it(start, to, seconds):
    """From s to e in T seconds: s·t + (e − s)·t²/2T calls by t."""
    moments = arrivals(Ramp(shape="ramp", start=start, to=to), seconds, Random(0))
    for place, at in enumerate(moments):
        assert start * at + (to - start) * at * at / (2 * seconds) == pytest.approx(place + 0.5, abs=1e-6)


def test_a_poisson_stream_has_the_mean_and_the_variance_of_its_name():
    """Both are the rate, for counts of a second; 4,000 seconds bound them to about five standard errors."""
    moments = arrivals(Poisson(shape="poisson", rate=10), 4000, Random(1))
    counts = [0] * 4000
    for moment in moments:
        counts[int(moment)] += 1
    assert mean(counts) == pytest.approx(10, abs=0.25)
    assert pvariance(counts) == pytest.approx(10, abs=1.2)


def test_a_burst_is_ten_times_as_much_while_it_lasts():
    shape = Burst(shape="burst", rate=20, after=100, lasts=100)
    moments = arrivals(shape, 300, Random(1))
    parts = [sum(low <= at < low + 100 for at in moments) for low in (0, 100, 200)]
    assert parts == pytest.approx([2000, 20_000, 2000], rel=0.1)


def test_a_day_is_as_busy_in_each_hour_as_its_figures_say():
    shape = Day(shape="day", rate=1000, hours=HOURS)
    moments = arrivals(shape, 240, Random(1))
    # lines between the hours' middles take a little from peaks: a fifth of an hour is nearer
    for hour, share in enumerate(HOURS):
        count = sum(10 * hour + 4 <= at < 10 * hour + 6 for at in moments)
        assert count == pytest.approx(2000 * share * 24 / sum(HOURS), rel=0.15, abs=25)


@settings(deadline=None)
@given(SHAPES, st.integers(1, 60))
def test_what_each_second_should_bring_comes_to_the_whole(shape, seconds):
    corners = curve(shape, seconds)
    assert sum(wanted(corners, seconds)) == pytest.approx(area(corners))
    assert sum(wanted(corners, seconds + 7)) == pytest.approx(area(corners))


@settings(deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1).map(sorted), st.floats(0.5, 10))
def test_at_its_pace_each_call_is_ready_before_its_time_and_no_slower_one_does(moments, ahead):
    rate = pace(moments, ahead)
    ready = [(place + 1) / rate - ahead for place in range(len(moments))]
    assert all(made <= moment + 1e-6 for made, moment in zip(ready, moments, strict=True))
    assert min(moment - made for made, moment in zip(ready, moments, strict=True)) == pytest.approx(
        0, abs=1e-6
    )


def test_no_calls_need_no_pace():
    assert pace([], 1.0) > 0
