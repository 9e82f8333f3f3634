"""Mistakes in words and at their places; the corpus has them all, this the rules behind it."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from router.policy.check import Loc, Strict, check, keys_at, unknown
from router.policy.load import load
from router.policy.schema import HotlineFile, hotline_model
from router.policy.source import parse
from tests.policy.conftest import GOOD


class Round(Strict):
    type: Literal["round"]
    radius: int


class Square(Strict):
    type: Literal["square"]
    side: int


class Drawing(Strict):
    shapes: list[Annotated[Round | Square, Field(discriminator="type")]] = Field(default_factory=list)
    by_name: dict[str, Round] = Field(default_factory=dict)
    title: str | None = None


MODEL: type[HotlineFile] = hotline_model(load(GOOD).book.attributes)


@pytest.mark.parametrize(
    ("model", "loc", "keys"),
    [
        (Drawing, (), ["shapes", "by_name", "title"]),
        (Drawing, ("shapes", 3, "square"), ["type", "side"]),
        (Drawing, ("by_name", "any"), ["type", "radius"]),
        (Drawing, ("title",), []),
        (Drawing, ("absent",), []),
        (
            MODEL,
            ("routes", 0, "to"),
            ["queue", "priority", "penalty", "announcement", "owner", "menu", "announce", "refuse"],
        ),
        (MODEL, ("routes", 0, "when", "all", 0, "not", "city"), ["is", "one_of", "prefix"]),
        (MODEL, ("segments", "senior", "contacts"), ["within", "answered", "at_least"]),
    ],
)  # fmt: skip
def test_the_keys_of_a_place_are_found(model: type[Strict], loc: Loc, keys: list[str]) -> None:
    assert keys_at(model, loc) == keys


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "shapes: [{type: round, radius: 1.5}, {type: squar}]",
            [
                "f:1:32 shapes[0].radius: must be a whole number, not 1.5",
                'f:1:45 shapes[1].type: no type "squar"; did you mean "square"?',
            ],
        ),
        (
            "shapes: [{type: round, side: 1}]",
            [
                'f:1:10 shapes[0]: the key "radius" is missing',
                "f:1:24 shapes[0].side: unknown key; known: radius, type",
            ],
        ),
        ("by_name: {a: [], b: 3}", [
            "f:1:14 by_name.a: must be a mapping, not a list",
            "f:1:21 by_name.b: must be a mapping, not 3",
        ]),
        ("shapes: {a: 1}", ["f:1:9 shapes: must be a list, not a mapping"]),
        ("title: 10010", ['f:1:8 title: must be text; write it in quotes: "10010"']),
        ("title: true", ["f:1:8 title: must be text, not true"]),
        ("shapes: [{type: , side: 1}]", [
            "f:1:11 shapes[0].type: has no value; write one, or leave the key out",
        ]),
    ],
)  # fmt: skip
def test_each_mistake_is_told_once_at_its_place(text: str, problems: list[str]) -> None:
    found, told = check(Drawing, parse(text.encode(), "f"))
    assert (found, [str(problem) for problem in sorted(told)]) == (None, problems)


def test_a_value_of_the_model_has_no_problems() -> None:
    found, told = check(Drawing, parse(b"shapes: [{type: square, side: 2}]", "f"))
    assert found == Drawing(shapes=[Square(type="square", side=2)])
    assert told == []


MANY = [f"queue-{number}" for number in range(500)]


@pytest.mark.parametrize(
    ("word", "known", "text"),
    [
        ("elder-car", ["vip", "elder-care"], 'no queue "elder-car"; did you mean "elder-care"?'),
        ("x", ["vip", "general"], 'no queue "x"; known: general, vip'),
        ("x", [], 'no queue "x"; there is none'),
        ("x" * 99, ["vip"], f'no queue "{"x" * 39}…"; known: vip'),
        ("a\x1b[31m", ["vip"], 'no queue "a\\x1b[31m"; known: vip'),
        ("Elder-Care", ["vip", "elder-care"], 'no queue "Elder-Care"; did you mean "elder-care"?'),
        ("VIP", ["vop", "vip"], 'no queue "VIP"; did you mean "vip"?'),
        ("elder-car", [*MANY, "elder-care"], 'no queue "elder-car"; did you mean "elder-care"?'),
        ("xelder-care", [*MANY, "elder-care"], 'no queue "xelder-care"; did you mean "elder-care"?'),
        ("x", map(str, range(20)), 'no queue "x"; known: 0, 1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, …'),
    ],
)
def test_an_unknown_name_is_answered_with_a_known_one(word: str, known: list[str], text: str) -> None:
    assert unknown("queue", word, known) == text
