"""Figures of a run of which everything is known."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.load.figures import (
    Spread,
    added,
    by_queue,
    by_segment,
    percentile,
    processes,
    rate,
    series,
    spread,
    totals,
)
from loadtest.load.seen import Sample
from tests.loadtest.load.seen import BEGAN, PLAN, seen

RUN = PLAN.run("made")


@pytest.mark.parametrize(("part", "value"), [(0.0, 1), (0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_the_value_that_so_many_do_not_exceed(part, value):
    assert percentile(range(1, 101), part) == value


@settings(deadline=None)
@given(st.lists(st.floats(0, 1000), min_size=1), st.floats(0.001, 1))
def test_at_least_so_large_a_part_is_not_above_a_percentile(values, part):
    found = percentile(sorted(values), part)
    assert sum(value <= found for value in values) >= part * len(values) - 1e-9
    assert sum(value < found for value in values) < part * len(values) + 1e-9


def test_of_nothing_there_is_no_spread_and_no_rate():
    assert spread([]) is None
    assert rate(0, 0) is None
    assert added(None, spread([1.0])) is None


def test_totals_are_those_of_the_calls_and_not_of_the_controls():
    found = totals(seen())
    assert (found.due, found.placed, found.routed, found.requests) == (8, 8, 8, 8)
    assert (found.answered, found.abandoned, found.unanswered) == (7, 1, 0)
    assert found.connection_rate == 7 / 8
    assert found.decision_ms == Spread(count=8, p50=1.0, p95=2.0, p99=2.0, most=2.0)


def test_added_delay_is_the_routed_calls_less_the_controls():
    found = totals(seen())
    assert found.routed_ms is not None
    assert found.control_ms is not None
    assert found.added_ms is not None
    assert (found.routed_ms.p99, found.control_ms.p99) == pytest.approx((12, 2), abs=0.01)
    assert (found.added_ms.p99, found.added_ms.count) == (pytest.approx(10, abs=0.01), 4)
    assert found.late_ms is not None
    assert found.late_ms.p99 == pytest.approx(2, abs=0.01)


def test_a_request_that_has_not_ended_is_not_connected():
    found = totals(seen(open_requests=2))
    assert (found.requests, found.unanswered, found.connection_rate) == (10, 2, 0.7)


def test_a_call_that_was_not_placed_is_missed():
    phones = [replace(phone, placed=None, answered=None) for phone in seen().phones[:1]]
    assert totals(seen(phones=[*phones, *seen().phones[1:]])).placed == 7


def test_segments_and_queues_have_their_own_rates_and_waits():
    none, senior = by_segment(seen().requests)
    assert (none.name, none.requests, none.answered, none.connection_rate) == ("none", 4, 3, 0.75)
    assert (senior.name, senior.connection_rate) == ("senior", 1.0)
    elder, general = by_queue(seen().requests)
    assert elder.waits == (2, 1, 1, 0, 0, 0, 0, 0)  # waited 0 and 1; 2; 3
    assert (general.waits, general.abandoned) == ((0, 0, 2, 1, 0, 0, 0, 0), 1)  # 4 and 5; 6


def test_each_second_has_its_own():
    rows = series(RUN, seen())
    assert [row.second for row in rows] == [0, 1, 2, 3, 4]
    assert [row.wanted for row in rows] == [2, 2, 2, 2, 0]
    assert [row.due for row in rows] == [2, 2, 2, 2, 0]
    assert [row.answered for row in rows] == [1, 2, 2, 2, 0]
    assert [row.lost for row in rows] == [0, 0, 0, 0, 1]
    assert [row.decision_p99_ms for row in rows] == [2, 2, 2, 2, None]
    assert [row.in_progress for row in rows] == [2, 2, 2, 2, 0]


def test_cores_are_what_was_used_between_two_samples():
    rows = series(RUN, seen())
    assert [row.cpu for row in rows] == [*[{"router": 0.25}] * 4, {}]
    assert [row.rss["router"] for row in rows] == [80, 81, 82, 83, 84]
    (router,) = processes(rows, within=4)
    assert (router.cpu_mean, router.cpu_most, router.rss_most) == (0.25, 0.25, 84)


def test_a_second_without_a_sample_has_no_cores_and_the_one_before_has_those_of_both():
    """On a machine that is too busy; the rate is per the time that has passed."""
    samples = [sample for sample in seen().samples if sample.at != BEGAN + 2]
    rows = series(RUN, seen(samples=samples))
    assert [row.cpu for row in rows[:4]] == [{"router": 0.25}, {"router": 0.25}, {}, {"router": 0.25}]


def test_a_process_that_ended_is_not_there_any_more():
    samples = [
        Sample(at=BEGAN, cpu={"a": 1.0, "b": 1.0}, rss={}),
        Sample(at=BEGAN + 1, cpu={"a": 1.5}, rss={}),
    ]
    assert series(RUN, seen(samples=samples))[0].cpu == {"a": 0.5}


def test_a_run_in_which_nothing_happened_has_its_seconds():
    nothing = seen(phones=[], routed=[], requests=[], samples=[])
    assert [row.placed for row in series(RUN, nothing)] == [0, 0, 0, 0]
