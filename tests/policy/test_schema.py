"""The models of the files, as far as others than the loader rely on them."""

import re
from typing import Any

import pytest
from pydantic import TypeAdapter

from router.policy.json_schema import Kind, json_schema
from router.policy.load import load
from router.policy.names import Duration, Names, Token
from tests.policy.conftest import GOOD

SCHEMA = json_schema(Kind.HOTLINE, load(GOOD).book.attributes, Names())


def test_the_json_schema_knows_every_attribute_and_its_values() -> None:
    """Editors complete and check conditions by it."""
    condition = SCHEMA["$defs"]["Condition"]
    assert condition["additionalProperties"] is False
    assert {"all", "any", "not", "segment", "contacts", "open", "load", "share"} | set(
        load(GOOD).book.attributes
    ) == set(condition["properties"])
    occupation = condition["properties"]["occupation"]
    assert {"enum": ["truck_driver", "teacher", "other"], "type": "string"} in occupation["anyOf"]
    age = SCHEMA["$defs"]["age_test"]["properties"]["at_least"]
    assert (age["minimum"], age["maximum"]) == (0, 130)


def test_the_json_schema_lets_a_segment_stand_alone() -> None:
    when = SCHEMA["$defs"]["RouteEntry"]["properties"]["when"]
    assert {"type": "string", "title": "segment"} in when["anyOf"]
    assert {"$ref": "#/$defs/Condition"} in when["anyOf"]


@pytest.mark.parametrize(("text", "good"), [("72h", True), ("0s", False), ("72", False), ("1.5h", False)])
def test_the_pattern_of_durations_in_the_json_schema_is_right(text: str, good: bool) -> None:  # noqa: FBT001
    assert bool(re.search(_pattern(Duration), text)) is good


def test_the_pattern_of_names_in_the_json_schema_is_right() -> None:
    assert re.search(_pattern(Token), "elder-care")
    assert not re.search(_pattern(Token), "elder care")


def _pattern(annotation: Any) -> str:
    return str(TypeAdapter(annotation).json_schema()["pattern"])
