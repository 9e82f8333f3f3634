"""What a policy can tell apart: of each thing that it asks for, finitely many classes of values.

A policy that asks only whether somebody is 65 or older sees two ages. What holds of one value of a class
holds of all, so the proof needs one of each: the class's example. With two versions of a policy (to compare
them) an attribute has one value in the eyes of each; they differ where one version does not know the value.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, Generic, TypeVar, assert_never

from router.facts import Value
from router.policy.attributes import Attribute
from router.policy.domains import Boolean, Choice, Day, Domain, Integer, Text, parsed
from router.policy.nodes import AtLeast, Below, Between, Is, OneOf, Prefix, Question
from router.policy.proof.runs import Run, Runs, joined

Key = TypeVar("Key", bound=Hashable)
Example = TypeVar("Example")
Values = tuple[Value | None, ...]
"""A value in the eyes of each version; None where a version has no such attribute."""
Columns = tuple[Attribute | None, ...]
"""An attribute as each version declares it."""
Asked = tuple[int, Question]
"""The version that asks, from 0, and what it asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes(Generic[Key, Example]):
    """The classes of one thing."""

    examples: tuple[Example, ...]
    """One value of each class."""
    plain: int
    """The class of the value when nothing special is so (an attribute: the missing value, its example)."""
    answers: Mapping[Key, Runs]
    """The classes for which each question is answered with yes."""


def classes(
    values: Sequence[Example], plain: Example, yes: Mapping[Key, Iterable[Run]]
) -> Classes[Key, Example]:
    """Sort values into classes; ``values`` must have one of each class, ``plain`` too.

    ``yes``: the places of the values for which each question is answered with yes. So a question costs as
    much as its runs, not as many values as there are.
    """
    numbers, answers = _numbered(len(values), yes)
    examples: dict[int, Example] = {}
    for number, value in zip(numbers, values, strict=True):
        examples.setdefault(number, value)
    own = numbers[values.index(plain)]
    examples[own] = plain
    return Classes(examples=tuple(examples.values()), plain=own, answers=answers)


def _numbered(count: int, yes: Mapping[Key, Iterable[Run]]) -> tuple[list[int], dict[Key, Runs]]:
    """The class of each of ``count`` places, by first appearance, and the classes of each question."""
    runs = {key: joined(each) for key, each in yes.items()}
    changes = [0] * (count + 1)
    for bit, each in enumerate(runs.values()):
        for first, last in each:
            changes[first] ^= 1 << bit
            changes[last + 1] ^= 1 << bit
    answered, known, numbers, before = 0, dict[int, int](), list[int](), [0]
    for change in changes[:count]:
        answered ^= change
        numbers.append(known.setdefault(answered, len(known)))
        before.append(len(known))
    # Classes that appear first within a run are numbered on end. One that had appeared before it, did so
    # within an earlier run of the same question.
    return numbers, {
        key: joined((before[first], before[last + 1] - 1) for first, last in each)
        for key, each in runs.items()
    }


def steps(cuts: Iterable[int], low: int, high: int) -> list[int]:
    """Numbers from ``low`` to ``high``, one at least of each stretch between cuts (a cut begins one).

    Those beside the cuts: the callers at a boundary are the ones that people ask about.
    """
    return sorted({near for cut in cuts for near in (cut - 1, cut) if low <= near <= high})


def attribute_classes(columns: Columns, asked: Iterable[Asked]) -> Classes[Asked, Values]:
    """The classes of an attribute, by all that is asked of it."""
    asked = list(asked)
    questions = [question for _, question in asked]
    declared = [column for column in columns if column is not None]
    values = chain.from_iterable(_values(column.domain, declared, questions) for column in declared)
    missing = tuple(None if column is None else column.missing for column in columns)
    candidates = list(dict.fromkeys((*(seen(columns, value) for value in values), missing)))
    sides = [
        _side([each[side] for each in candidates], [question for by, question in asked if by == side])
        for side in range(len(columns))
    ]
    # in the order of the classes of the first version, then of the second: a run stays one, or nearly so
    ordered = sorted(
        candidates, key=lambda each: [numbers[v] for (numbers, _), v in zip(sides, each, strict=True)]
    )
    yes: dict[Asked, Iterable[Run]] = {}
    for side, (numbers, answers) in enumerate(sides):
        pieces = list(_rising([numbers[each[side]] for each in ordered]))
        yes |= {(side, question): list(_found(pieces, runs)) for question, runs in answers.items()}
    return classes(ordered, missing, yes)


def seen(columns: Columns, value: Value) -> Values:
    """A stored value in the eyes of each version: what a version cannot store is missing there."""
    return tuple(
        None if column is None else value if _belongs(column.domain, value) else column.missing
        for column in columns
    )


def _side(
    values: Iterable[Value | None], questions: Iterable[Question]
) -> tuple[dict[Value | None, int], dict[Question, Runs]]:
    """The class of each value in the eyes of one version, and the classes of each question."""
    ordered: list[Any] = sorted(set(values), key=lambda value: (value is not None, value))
    numbers, answers = _numbered(
        len(ordered), {question: list(_places(question, ordered)) for question in questions}
    )
    return dict(zip(ordered, numbers, strict=True)), answers


def _places(question: Question, ordered: Sequence[Any]) -> Iterator[Run]:
    """Where those stand among sorted values for which a question is answered with yes."""
    match question:
        case Is(value=wanted):
            yield bisect_left(ordered, wanted), bisect_right(ordered, wanted) - 1
        case OneOf(values=values):
            for wanted in values:
                yield bisect_left(ordered, wanted), bisect_right(ordered, wanted) - 1
        case AtLeast(value=low):
            yield bisect_left(ordered, low), len(ordered) - 1
        case Below(value=high):
            yield 0, bisect_left(ordered, high) - 1
        case Between(low=low, high=high):
            yield bisect_left(ordered, low), bisect_right(ordered, high) - 1
        case Prefix(prefix=prefix):  # texts that begin alike stand together
            size = len(prefix)
            behind = bisect_right(ordered, prefix, key=lambda text: text[:size])
            yield bisect_left(ordered, prefix), behind - 1
        case _ as never:
            assert_never(never)


def _rising(numbers: Sequence[int]) -> Iterator[tuple[int, Sequence[int]]]:
    """The stretches that never fall, each with where it begins."""
    first = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] < numbers[place - 1]:
            yield first, numbers[first:place]
            first = place


def _found(pieces: Iterable[tuple[int, Sequence[int]]], runs: Runs) -> Iterator[Run]:
    """Where the numbers of some runs stand."""
    for begin, numbers in pieces:
        for first, last in runs:
            yield begin + bisect_left(numbers, first), begin + bisect_right(numbers, last) - 1


def _belongs(domain: Domain, value: Value) -> bool:
    match domain:
        case Integer(low=low, high=high):
            return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        case Boolean():
            return isinstance(value, bool)
        case Choice(values=values):
            return value in values
        case Text():
            return isinstance(value, str) and parsed(domain, value) == value
        case Day():
            return isinstance(value, date)
        case _ as never:
            assert_never(never)


def _values(domain: Domain, declared: list[Attribute], questions: list[Question]) -> Iterable[Value]:
    """Values of a domain, one at least of each class but that of the missing value."""
    match domain:
        case Integer(low=low, high=high):
            edges = [other.domain for other in declared if isinstance(other.domain, Integer)]
            cuts = [cut for edge in edges for cut in (edge.low, edge.high + 1)]
            return steps([*cuts, *_cuts(questions)], low, high)
        case Boolean():
            return (False, True)
        case Choice(values=values):
            return values
        case Text():
            return _texts(domain, declared, questions)
        case Day():
            first, last = date.min.toordinal(), date.max.toordinal()
            return map(date.fromordinal, steps(_cuts(questions), first, last))
        case _ as never:
            assert_never(never)


def _cuts(questions: list[Question]) -> Iterator[int]:
    """Where the answer to a question may change, as numbers; a day is its ordinal."""
    for question in questions:
        match question:
            case AtLeast(value=value) | Below(value=value):
                yield _number(value)
            case Between(low=low, high=high):
                yield from (_number(low), _number(high) + 1)
            case Is(value=value):
                yield from (_number(value), _number(value) + 1)
            case OneOf(values=values):
                for value in sorted(map(_number, values)):
                    yield from (value, value + 1)
            case Prefix():
                pass


def _number(value: Value) -> int:
    """A number that lies in no domain for what is no number: another version's attribute of another type."""
    if isinstance(value, date):
        return value.toordinal()
    return value if isinstance(value, int) else -(10**18)


def _texts(domain: Text, declared: list[Attribute], questions: list[Question]) -> Iterator[str]:
    """Each text that is asked for, and one that goes on differently behind each prefix and from the start.

    Any other text is of the class of the longest prefix that it begins with, and of nothing deeper. With
    other versions, one also that is too long for each of them.
    """
    whole, prefixes = set[str](), {""}
    for question in questions:
        match question:
            case Prefix(prefix=prefix):
                prefixes.add(prefix)
            case Is(value=str(text)):
                whole.add(text)
            case OneOf(values=values):
                whole |= {value for value in values if isinstance(value, str)}
            case _:
                pass
    others = [column.domain for column in declared]
    whole |= {word for other in others if isinstance(other, Choice) for word in other.values}
    taken: dict[str, set[str]] = {prefix: set() for prefix in prefixes}
    for text in whole | prefixes:
        for end in range(len(text)):
            if text[:end] in taken:
                taken[text[:end]].add(text[end])
    lengths = [other.max_length + 1 for other in others if isinstance(other, Text)]
    candidates = {*whole, *prefixes}
    for prefix, used in taken.items():
        letter = next(letter for letter in _letters() if letter not in used)
        candidates |= {prefix + letter * max(1, length - len(prefix)) for length in (0, *lengths)}
    yield from sorted(text for text in candidates if _belongs(domain, text))


def _letters() -> Iterator[str]:
    """Printable characters, small letters first; more than a policy file has bytes."""
    yield from map(chr, range(ord("a"), ord("z") + 1))
    yield from filter(str.isprintable, map(chr, range(33, 0x110000)))
