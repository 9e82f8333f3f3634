"""The cases of a suite: what its matrices come to, and which expectation is whose.

Like `router.policy.consistency` this reads the plain values, so that it finds its mistakes also in a file
that has others. What is no mapping, list or text here is pydantic's to tell.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

from router.errors import Problem
from router.facts import Data
from router.policy.attributes import KNOWN
from router.policy.check import unknown
from router.policy.decide import Policies
from router.policy.names import NO_SEGMENT
from router.policy.rulebook import Hotline
from router.policy.source import Plain, Source, Steps
from router.policy.suite.schema import MAX_CASES, NONE, UNKNOWN_CALLER, Expectation

AXES = ("caller", "contacts", "load", "share", "now", "dialled", "data")
"""What a case is made of; each is the name of something, as the file has it."""
_OF_SUITE = ("now", "dialled")
"""Those that the whole suite can give, and that have no other default."""
_DEFAULTS = {
    "caller": UNKNOWN_CALLER,
    "contacts": NONE,
    "load": NONE,
    "share": NONE,
    "data": Data.FRESH.value,
}

Given = Mapping[str, str]
"""A name for each of `AXES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A test laid out into cases."""

    place: int
    """Its place among the tests of the file."""
    varied: tuple[str, ...]
    """Those of `AXES` that its matrix varies."""
    cases: tuple[tuple[Given, int], ...]
    """What each case is made of, and the place of its expectation."""


def layouts(source: Source, policies: Policies) -> tuple[list[Layout], list[Problem]]:
    """The tests of a suite as cases, and what does not fit together in the file.

    A test with mistakes has no layout.
    """
    suite = _mapping(source.value)
    problems = [*_strangers(source, policies), *_repeated(source)]
    found: list[Layout] = []
    room = MAX_CASES
    for place, test in enumerate(_list(suite.get("tests"))):
        if isinstance(test, dict):
            plan = _Plan(source, policies, place, suite, test, room)
            layout = plan.layout()
            problems += plan.problems
            if layout is not None:
                found.append(layout)
                room -= len(layout.cases)
    return found, problems


def expectation_steps(test: Mapping[str, Any], test_place: int, place: int) -> Steps:
    """The way to an expectation of a test; one alone stands there without a list."""
    steps: Steps = ("tests", test_place, "expect")
    return (*steps, place) if isinstance(test.get("expect"), list) else steps


def labelled(given: Given, axes: tuple[str, ...]) -> str:
    """What a case is made of, in a few words: ``caller=senior, load=surge``."""
    return ", ".join(f"{axis}={given[axis]}" for axis in axes)


def _mapping(value: Plain) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Plain) -> list[Any]:
    return value if isinstance(value, list) else []


def _strangers(source: Source, policies: Policies) -> Iterator[Problem]:
    """Nothing is known of a caller who is not known."""
    for name, caller in _mapping(_mapping(source.value).get("callers")).items():
        if _mapping(caller).get(KNOWN) is False:
            for key in caller:
                if key != KNOWN and key in policies.book.attributes:
                    message = "nothing is known of this caller: known is false; leave one of the two out"
                    yield source.problem(("callers", name, key), message, at_key=True)


def _repeated(source: Source) -> Iterator[Problem]:
    """No two tests have one name."""
    lines: dict[str, int] = {}
    for place, test in enumerate(_list(_mapping(source.value).get("tests"))):
        steps = ("tests", place, "name")
        name = _mapping(test).get("name")
        if isinstance(name, str) and lines.setdefault(name, line := source.places[steps][0]) != line:
            yield source.problem(steps, f'"{name}" is the name of the test on line {lines[name]} already')


@dataclass(slots=True)
class _Plan:
    """One test while it is laid out."""

    source: Source
    policies: Policies
    place: int
    suite: Mapping[str, Any]
    test: Mapping[str, Any]
    room: int
    """How many cases the suite may still have."""
    problems: list[Problem] = field(default_factory=list)

    def tell(self, steps: Steps, message: str, *, at_key: bool = False) -> None:
        self.problems.append(self.source.problem(("tests", self.place, *steps), message, at_key=at_key))

    def layout(self) -> Layout | None:
        axes = {axis: self.values(axis) for axis in AXES}
        expectations = self.expectations()
        self.check_names(axes["dialled"], expectations)
        values = {axis: found for axis, found in axes.items() if found is not None}
        if len(values) < len(AXES):
            return None
        if (count := prod(map(len, values.values()))) > self.room:
            message = f"makes {count:,} cases; a suite may have {MAX_CASES:,}, in all its tests together"
            self.tell(("matrix",), message, at_key=True)
            return None
        filters = [self.filters(steps, expectation, values) for steps, expectation in expectations]
        wanted = [found for found in filters if found is not None]
        if not wanted or len(wanted) < len(filters):
            return None  # told already; what the others would have fitted nobody knows
        varied = tuple(axis for axis in AXES if axis in _mapping(self.test.get("matrix")))
        cases = self.cases(values, varied, wanted)
        if self.problems:
            return None
        return Layout(place=self.place, varied=varied, cases=cases)

    def values(self, axis: str) -> tuple[str, ...] | None:
        """The names that the cases have for one of `AXES`; None where the file does not say it well."""
        matrix = _mapping(self.test.get("matrix"))
        if axis in matrix:
            return self.varied(axis, matrix[axis])
        if axis in self.test:
            value = self.test[axis]
        elif axis in _OF_SUITE and axis not in self.suite:
            self.tell((), f'the key "{axis}" is missing; it stands here or once for the whole suite')
            return None
        else:
            value = self.suite[axis] if axis in _OF_SUITE else _DEFAULTS[axis]
        return (value,) if isinstance(value, str) else None

    def varied(self, axis: str, names: Plain) -> tuple[str, ...] | None:
        if axis in self.test:
            self.tell((axis,), "is in the matrix already", at_key=True)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return None
        for place, name in enumerate(names):
            if name in names[:place]:
                self.tell(("matrix", axis, place), f'"{name}" is in this list already')
        return tuple(dict.fromkeys(names)) or None

    def expectations(self) -> list[tuple[Steps, Mapping[str, Any]]]:
        """The expectations and where they stand below the test; those that are no mappings as empty ones."""
        expect = self.test.get("expect")
        if isinstance(expect, dict):
            return [(("expect",), expect)]
        return [(("expect", place), _mapping(entry)) for place, entry in enumerate(_list(expect))]

    def check_names(
        self, numbers: tuple[str, ...] | None, expectations: list[tuple[Steps, Mapping[str, Any]]]
    ) -> None:
        """Rules and segments that are expected must be of the hotlines that are dialled."""
        trees = self.policies.trees
        hotlines = [trees[number].hotline for number in numbers or () if number in trees]
        if not hotlines:
            return
        known = {"rule": _rules(hotlines), "segment": _segments(hotlines)}
        for steps, expectation in expectations:
            for key, names in known.items():
                name = expectation.get(key)
                if isinstance(name, str) and name not in names:
                    self.tell((*steps, key), unknown(key, name, names))

    def filters(
        self, steps: Steps, expectation: Mapping[str, Any], axes: Mapping[str, tuple[str, ...]]
    ) -> Mapping[str, frozenset[str]] | None:
        """Which names an expectation fits, where it does not fit all; None for one with a mistake."""
        found: dict[str, frozenset[str]] = {}
        good = bool(expectation) and set(expectation) <= set(Expectation.model_fields)
        for axis in AXES:
            if axis not in expectation:
                continue
            alone = not isinstance(expectation[axis], list)
            names = [expectation[axis]] if alone else expectation[axis]
            for place, name in enumerate(names):
                if not isinstance(name, str):
                    good = False
                elif name not in axes[axis]:
                    good = False
                    where = (*steps, axis) if alone else (*steps, axis, place)
                    self.tell(where, unknown(f"case with {axis}", name, axes[axis]))
            found[axis] = frozenset(name for name in names if isinstance(name, str))
        return found if good else None

    def cases(
        self,
        axes: Mapping[str, tuple[str, ...]],
        varied: tuple[str, ...],
        filters: list[Mapping[str, frozenset[str]]],
    ) -> tuple[tuple[Given, int], ...]:
        """Each case with the first expectation that fits it; tells of cases and expectations without one."""
        cases: list[tuple[Given, int]] = []
        missed: list[Given] = []
        takers: list[set[int]] = [set() for _ in filters]
        for names in product(*(axes[axis] for axis in AXES)):
            given = dict(zip(AXES, names, strict=True))
            fitting = [place for place, wanted in enumerate(filters) if _fits(given, wanted)]
            if not fitting:
                missed.append(given)
                continue
            cases.append((given, fitting[0]))
            for place in fitting:
                takers[place].add(fitting[0])
        if missed:
            more = f" and of {len(missed) - 1:,} more" if len(missed) > 1 else ""
            self.tell(("expect",), f"says nothing of the case {labelled(missed[0], varied or AXES)}{more}")
        for place, taken_by in enumerate(takers):
            if place not in taken_by:
                self.tell(self.expectations()[place][0], self.unreached(taken_by))
        return tuple(cases)

    def unreached(self, takers: set[int]) -> str:
        if not takers:
            return "is never reached: no case fits it"
        steps = [self.expectations()[place][0] for place in sorted(takers)]
        lines = sorted({self.source.places["tests", self.place, *step][0] for step in steps})
        where = f"line{'' if len(lines) == 1 else 's'} {', '.join(map(str, lines))}"
        return f"is never reached: each case that fits it is taken on {where}"


def _fits(given: Given, wanted: Mapping[str, frozenset[str]]) -> bool:
    return all(given[axis] in names for axis, names in wanted.items())


def _rules(hotlines: list[Hotline]) -> frozenset[str]:
    return frozenset(route.name for hotline in hotlines for route in hotline.routes)


def _segments(hotlines: list[Hotline]) -> frozenset[str]:
    return frozenset(name for hotline in hotlines for name in hotline.segments) | {NO_SEGMENT}
