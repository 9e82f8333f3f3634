"""Classes of values: one example of each, and no more."""

from datetime import date
from itertools import product

import pytest

from router.facts import Value
from router.policy.domains import Boolean, Choice, Day, Domain, Integer, Text
from router.policy.nodes import AtLeast, Below, Between, Is, OneOf, Prefix, Question
from router.policy.proof.classes import attribute_classes, classes, holds, steps
from tests.policy.proof.books import attribute


def examples(domain: Domain, missing: Value, *questions: Question) -> list[Value | None]:
    """The examples of the classes that questions make of an attribute."""
    made = attribute_classes((attribute("a", domain, missing),), [(0, each) for each in questions])
    return [value for (value,) in made.examples]


@pytest.mark.parametrize(
    ("domain", "missing", "questions", "expected"),
    [
        (Integer(0, 130), 0, [AtLeast("a", 65)], [0, 65]),
        (Integer(0, 130), 0, [Below("a", 18), Between("a", 60, 64)], [0, 18, 60]),
        # the values beside one that is asked for are of one class: that of the missing value
        (Integer(0, 7), 0, [Is("a", 5)], [0, 5]),
        (Integer(0, 7), 3, [OneOf("a", frozenset({3, 4}))], [0, 3]),
        # nothing is below the lowest, nor above the highest
        (Integer(0, 7), 0, [Below("a", 0)], [0]),
        (Integer(0, 7), 0, [AtLeast("a", 7), Is("a", 7)], [0, 7]),
        (Integer(0, 7), 7, [AtLeast("a", 3)], [0, 7]),
        (Boolean(), False, [Is("a", True)], [False, True]),
        (Choice(("x", "y", "z")), "z", [Is("a", "x")], ["x", "z"]),
        (Day(), date(1970, 1, 1), [AtLeast("a", date(2024, 5, 1))], [date(1970, 1, 1), date(2024, 5, 1)]),
        (Day(), date(2030, 1, 1), [Below("a", date.min)], [date(2030, 1, 1)]),
        (Text(9), "", [Is("a", "b")], ["", "b"]),
        (Text(9), "", [Prefix("a", "b")], ["", "b"]),
        (Text(9), "", [Is("a", "b"), Prefix("a", "b")], ["", "b", "ba"]),
        # of one letter: nothing goes on behind it
        (Text(1), "", [Is("a", "b"), Prefix("a", "b")], ["", "b"]),
        # no text is longer, has a line end or is empty but by being missing
        (Text(1), "-", [Is("a", "bb"), Is("a", "b\n"), Is("a", "")], ["-"]),
    ],
)
def test_there_is_one_example_of_each_class(
    domain: Domain, missing: Value, questions: list[Question], expected: list[Value]
) -> None:
    assert sorted(examples(domain, missing, *questions), key=str) == sorted(expected, key=str)


def test_every_text_is_of_a_class_that_has_an_example() -> None:
    questions = [Prefix("a", "a"), Prefix("a", "ab"), Is("a", "b"), OneOf("a", frozenset({"ab", "ca"}))]
    found = {
        tuple(holds(question, value) for question in questions) for value in examples(Text(3), "", *questions)
    }
    texts = ["", *("".join(letters) for size in (1, 2, 3) for letters in product("abcz", repeat=size))]
    assert found == {tuple(holds(question, text) for question in questions) for text in texts}


def test_letters_that_are_taken_are_passed_over() -> None:
    questions = [Prefix("a", letter) for letter in "abcdefghijklmnopqrstuvwxyz"]
    assert any(str(value)[:1] == "!" for value in examples(Text(2), "a", *questions))


def test_the_missing_value_is_the_example_of_its_class_and_plain() -> None:
    made = attribute_classes((attribute("a", Integer(0, 9), 4),), [(0, AtLeast("a", 3))])
    assert made.examples[made.plain] == (4,)
    assert made.answers[0, AtLeast("a", 3)] == {made.plain}


def test_versions_see_a_value_in_their_own_way() -> None:
    """A value that one of them cannot store is missing there; who is unknown is missing in both."""
    columns = attribute("a", Integer(0, 5), 0), attribute("a", Integer(3, 9), 7)
    asked = [(0, AtLeast("a", 3)), (1, AtLeast("a", 6))]
    assert sorted(attribute_classes(columns, asked).examples, key=str) == [
        (0, 7),  # 6 and more, too much for the old version; and who is missing
        (3, 3),
    ]


def test_an_attribute_of_another_type_is_a_thing_of_its_own() -> None:
    columns = attribute("a", Integer(0, 5), 0), attribute("a", Choice(("x", "y")), "y")
    asked = [(0, AtLeast("a", 3)), (1, Is("a", "x"))]
    assert sorted(attribute_classes(columns, asked).examples, key=str) == [(0, "x"), (0, "y"), (3, "y")]


def test_an_attribute_that_a_version_has_not_is_none_there() -> None:
    columns = None, attribute("a", Boolean(), False)
    assert set(attribute_classes(columns, [(1, Is("a", True))]).examples) == {(None, False), (None, True)}


def test_steps_lie_beside_the_cuts_and_within_the_bounds() -> None:
    assert steps([0, 3, 10, 99], 0, 9) == [0, 2, 3, 9]
    assert steps([], 0, 9) == []


def test_what_nobody_asks_for_has_one_class() -> None:
    made = classes([1, 2, 3], 2, {})
    assert (made.examples, made.plain) == ((2,), 0)
