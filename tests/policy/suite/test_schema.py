"""What may stand in a suite: times, and a model that knows the attributes."""

import pytest

from router.policy.suite.schema import SuiteNames, instant, suite_model
from tests.policy.suite.folder import policies


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-03-02T10:00:00+08:00", 1_772_416_800),
        ("2026-03-02T10:00+08:00", 1_772_416_800),
        ("2026-03-02T02:00:00Z", 1_772_416_800),
        ("2026-03-01T21:00:00-05:00", 1_772_416_800),
    ],
)
def test_a_time_is_seconds_since_the_epoch(text: str, seconds: int) -> None:
    assert instant(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "2026-03-02", "2026-03-02 10:00:00+08:00", "20260302T100000Z", "2026-03-02T24:01:00Z", "2026-W10-1"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be a time like 2026-03-02T10:00:00\+08:00, not "):
        instant(text)


def test_a_time_needs_its_offset() -> None:
    """Without it, a test would pass in one country and fail in the next."""
    with pytest.raises(ValueError, match=r"^must end in its offset from UTC"):
        instant("2026-03-02T10:00:00")


@pytest.mark.parametrize("text", ["1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z"])
def test_a_time_lies_in_the_years_that_hours_are_known_for(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be in the years 2000 to 2099$"):
        instant(text)


def test_the_schema_for_editors_knows_every_attribute() -> None:
    schema = suite_model(policies().book.attributes).model_json_schema()
    caller = schema["$defs"]["CallerEntry"]
    assert set(caller["properties"]) == set(policies().book.attributes)
    assert caller["properties"]["age"]["maximum"] == 130
    assert caller["additionalProperties"] is False
    expect = schema["$defs"]["TestEntry"]["properties"]["expect"]
    assert {"$ref": "#/$defs/Expectation"} in expect["anyOf"]


def test_without_names_every_name_is_taken() -> None:
    """So that a file can be checked for its shape alone."""
    text = {
        "suite": "s",
        "dialled": "1",
        "now": "anytime",
        "tests": [
            {"name": "t", "caller": "a", "load": "b", "share": "c", "expect": {"to": {"queue": "d"}}},
        ],
    }
    model = suite_model(policies().book.attributes)
    assert model.model_validate(text, context=SuiteNames()).tests[0].caller == "a"
