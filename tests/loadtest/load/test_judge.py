"""What passes, what does not, and what could not be measured."""

import pytest

from loadtest.load.figures import totals
from loadtest.load.judge import judged
from loadtest.load.plan import Expected
from tests.loadtest.load.seen import PLAN, seen

EXPECTED = PLAN.run("made").expected


def failed(found, expected=EXPECTED):
    return {check.name: check.measured for check in judged(expected, totals(found)) if not check.passed}


def test_a_good_run_passes_every_check():
    checks = judged(EXPECTED, totals(seen()))
    assert [check.passed for check in checks] == [True] * 8
    assert [check.wanted for check in checks] == [
        *("≤ 0", "≤ 0", "≤ 0", "≤ 0", "≥ 80.0%", "≤ 5 ms", "≤ 20 ms", "≤ 100 ms")
    ]


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"failed": 1}, {"failed calls": "1"}),
        ({"wrong": ["a", "b"]}, {"wrong destination or agent": "2"}),
        ({"by_default": 1}, {"taken by the default route": "1"}),
        ({"open_requests": 2}, {"connection rate": "70.00%"}),
        ({"requests": []}, {"connection rate": "nobody asked for a person"}),
        ({"routed": []}, {"decision, p99": "not measured"}),
    ],
)
def test_what_is_not_as_expected_is_told_with_what_was_measured(changed, wrong):
    assert failed(seen(**changed)) == wrong


def test_without_control_calls_nothing_can_be_said_of_what_was_added():
    phones = [phone for phone in seen().phones if phone.kind]
    assert failed(seen(phones=phones)) == {"added post-dial delay, p99": "not measured"}


@pytest.mark.parametrize(
    ("expected", "wrong"),
    [
        ({"decision_p99_ms": 1.9}, {"decision, p99": "2.00 ms"}),
        ({"decision_p99_ms": 2}, {}),
        ({"connection_rate": 0.875}, {}),
        ({"connection_rate": 0.876}, {"connection rate": "87.50%"}),
        ({"connection_rate": 1.01}, {"connection rate": "87.50%"}),
        ({"late_p99_ms": 1}, {"placed after its time, p99": "2.00 ms"}),
    ],
)
def test_a_bound_belongs_to_what_is_allowed(expected, wrong):
    assert failed(seen(), Expected(**expected)) == wrong


def test_what_is_not_expected_is_not_judged_but_calls_must_be_placed():
    nothing = Expected(failed_at_most=None, wrong_at_most=None, by_default_at_most=None, late_p99_ms=None)
    assert [check.name for check in judged(nothing, totals(seen(failed=9)))] == ["calls not placed"]
