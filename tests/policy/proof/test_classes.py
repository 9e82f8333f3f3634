"""Classes of values: one example of each, and no more."""

from datetime import date
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.facts import Value
from router.policy.attributes import Attribute
from router.policy.domains import Boolean, Choice, Day, Domain, Integer, Text
from router.policy.nodes import AtLeast, Below, Between, Is, OneOf, Prefix, Question
from router.policy.proof.classes import attribute_classes, classes, seen, steps
from router.policy.proof.runs import contains, joined, others
from tests.policy.proof.books import attribute


def holds(question: Question, value: Any) -> bool:
    """Whether a question is answered with yes, value by value."""
    match question:
        case Is(value=wanted):
            return bool(value == wanted)
        case OneOf(values=wanted):
            return value in wanted
        case AtLeast(value=low):
            return bool(value >= low)
        case Below(value=high):
            return bool(value < high)
        case Between(low=low, high=high):
            return bool(low <= value <= high)
        case Prefix(prefix=prefix):
            return str(value).startswith(prefix)


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
    assert made.answers[0, AtLeast("a", 3)] == ((made.plain, made.plain),)


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


def test_thousands_of_questions_stay_small() -> None:
    """As runs: the values that many questions have in common are not told for each."""
    prefixes: list[Question] = [Prefix("a", f"c{number}") for number in range(3_000)]
    bounds: list[Question] = [AtLeast("a", date.fromordinal(700_000 + number)) for number in range(3_000)]
    for domain, missing, questions in ((Text(9), "", prefixes), (Day(), date.min, bounds)):
        made = attribute_classes((attribute("a", domain, missing),), [(0, each) for each in questions])
        assert len(made.examples) == 3_001
        assert {len(runs) for runs in made.answers.values()} == {1}


numbers = st.integers(0, 9)
words = st.text("ab", max_size=3)
of_numbers: st.SearchStrategy[Question] = st.one_of(
    st.builds(Is, st.just("a"), numbers),
    st.builds(OneOf, st.just("a"), st.frozensets(numbers, min_size=1, max_size=4)),
    st.builds(AtLeast, st.just("a"), numbers),
    st.builds(Below, st.just("a"), numbers),
    st.builds(Between, st.just("a"), numbers, numbers),
)
of_texts: st.SearchStrategy[Question] = st.one_of(
    st.builds(Is, st.just("a"), words),
    st.builds(OneOf, st.just("a"), st.frozensets(words, min_size=1, max_size=4)),
    st.builds(Prefix, st.just("a"), words.filter(bool)),
)
INTEGERS = [(attribute("a", Integer(low, high), low), of_numbers) for low, high in ((0, 9), (2, 5), (4, 9))]
TEXTS = [(attribute("a", Text(length), ""), of_texts) for length in (1, 2, 3)]
CHOICES = [(attribute("a", Choice(("a", "ab", "b")), "b"), of_texts)]


@given(st.data())
def test_questions_are_answered_as_value_by_value(data: st.DataObject) -> None:
    """Of one version and of two: each class has an example, one only, and each question its classes."""
    sides = data.draw(st.lists(st.sampled_from([*INTEGERS, *TEXTS, *CHOICES]), min_size=1, max_size=2))
    columns = tuple(column for column, _ in sides)
    asked = [
        (side, question)
        for side, (_, questions) in enumerate(sides)
        for question in data.draw(st.lists(questions, max_size=6, unique=True))
    ]
    made = attribute_classes(columns, asked)

    def answers(value: tuple[Any, ...]) -> tuple[bool, ...]:
        return tuple(holds(question, value[side]) for side, question in asked)

    for each in asked:
        assert joined(made.answers[each]) == made.answers[each]
    found = [
        tuple(contains(made.answers[each], number) for each in asked) for number in range(len(made.examples))
    ]
    assert found == [answers(example) for example in made.examples]
    stored = [*range(10), *("".join(word) for size in (1, 2, 3) for word in product("abz", repeat=size))]
    everybody = {answers(seen(columns, value)) for value in stored if can_be(columns, value)}
    everybody.add(answers(made.examples[made.plain]))
    assert everybody == set(found)
    assert len(found) == len(set(found))
    assert made.examples[made.plain] == tuple(column.missing for column in columns)


def can_be(columns: tuple[Attribute, ...], value: Value) -> bool:
    """Some version can store it."""
    return any(
        isinstance(value, int) and domain.low <= value <= domain.high
        if isinstance(domain, Integer)
        else isinstance(value, str) and len(value) <= domain.max_length
        if isinstance(domain, Text)
        else isinstance(domain, Choice) and value in domain.values
        for domain in (column.domain for column in columns)
    )


runs = st.lists(st.tuples(numbers, numbers))


@given(runs)
def test_runs_are_sets_of_numbers(drawn: list[tuple[int, int]]) -> None:
    numbers = {number for first, last in drawn for number in range(first, last + 1)}
    made = joined(drawn)
    assert [number for first, last in made for number in range(first, last + 1)] == sorted(numbers)
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(made))
    assert {number for number in range(10) if contains(made, number)} == numbers
    assert {number for number in range(10) if contains(others(made, 10), number)} == set(range(10)) - numbers
