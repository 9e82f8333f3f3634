"""Suites of tests as values: read from ``*_test.yaml``, checked, with the facts of each case made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.decision import Announce, Refuse
from router.errors import Problem
from router.facts import Facts
from router.policy.check import check
from router.policy.decide import Policies
from router.policy.reading import outcome_of
from router.policy.rulebook import Outcome
from router.policy.source import Place, Plain, Source, read
from router.policy.suite.cases import Given, Layout, expectation_steps, labelled, layouts
from router.policy.suite.facts import Situations, shares
from router.policy.suite.schema import Expectation, SuiteFile, SuiteNames, suite_model

FOLDER = "tests"
"""Where suites stand in a folder of policies."""
ENDING = "_test.yaml"
"""How the names of their files end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must become of a call; None where nothing is asked."""

    rule: str | None
    outcome: Outcome | None
    """Where it goes."""
    priority: int | None
    segment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call and what must become of it."""

    test: str
    name: str
    """The test's name, and in brackets what the matrix makes of this case."""
    given: Given
    """What it is made of, by the suite's names."""
    place: Place
    """Where its expectation stands in the file: line and column."""
    facts: Facts
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A file of tests."""

    name: str
    file: str
    cases: tuple[Case, ...]


def suite_files(policies: Path) -> tuple[list[Path], list[Problem]]:
    """The suites of a folder of policies, by name; and the files beside them that would be overlooked."""
    folder = policies / FOLDER
    files = sorted(path for path in folder.glob("*") if not path.name.startswith("."))
    suites = [path for path in files if path.name.endswith(ENDING)]
    problems = [
        Problem(str(path), 1, 1, "", f"is not read; name it {path.stem.removesuffix('_test')}{ENDING}")
        for path in files
        if path.suffix in {".yaml", ".yml"} and path not in suites
    ]
    if not suites:
        problems.append(Problem(str(folder), 0, 0, "", f"has no suite; add a file like 10010{ENDING}"))
    return suites, problems


def read_suites(policies: Policies, files: Iterable[Path]) -> tuple[tuple[Suite, ...], list[Problem]]:
    """Read suites that are to be played with these policies.

    Returns the suites without mistakes, and every mistake of the others, sorted by place. One on line 0
    says that a file cannot be read at all.
    """
    suites: list[Suite] = []
    problems: list[Problem] = []
    owners: dict[str, Source] = {}
    for path in files:
        source = read(path, str(path))
        suite, found = read_suite(policies, source)
        problems += found
        name = source.value.get("suite") if isinstance(source.value, dict) else None
        if isinstance(name, str) and (owner := owners.setdefault(name, source)) is not source:
            line, column = owner.places["suite",]
            message = f'"{name}" is the name of a suite already, at {owner.file}:{line}:{column}'
            problems.append(source.problem(("suite",), message))
        if suite is not None:
            suites.append(suite)
    return tuple(suites), sorted(set(problems))


def read_suite(policies: Policies, source: Source) -> tuple[Suite | None, list[Problem]]:
    """The suite that a file says (None when it has mistakes), and every mistake in it."""
    file, problems = check(suite_model(policies.book.attributes), source, _names(policies, source))
    laid, found = layouts(source, policies)
    problems += found
    if file is None or problems:
        return None, problems
    situations = Situations(policies, source, file)
    cases = tuple(case for layout in laid for case in _cases(situations, file, source, layout))
    if situations.problems:
        return None, list(situations.problems.values())
    return Suite(name=file.suite, file=source.file, cases=cases), []


def _names(policies: Policies, source: Source) -> SuiteNames:
    """The names of the policies, and those that the suite declares itself."""
    book = policies.book
    return SuiteNames(
        queues=frozenset(book.queues),
        menus=frozenset(book.menus),
        prompts=frozenset(
            action.prompt
            for action in (decision.action for decision in policies.decisions)
            if isinstance(action, Announce | Refuse)
        ),
        numbers=frozenset(policies.trees),
        draws=frozenset(share.of for hotline in book.hotlines for share in shares(hotline)),
        callers=_keys(source, "callers"),
        contacts=_keys(source, "contacts"),
        loads=_keys(source, "loads"),
        shares=_keys(source, "shares"),
        times=_keys(source, "times"),
    )


def _keys(source: Source, key: str) -> frozenset[str] | None:
    value: Plain = source.value.get(key, {}) if isinstance(source.value, dict) else None
    return frozenset(value) if isinstance(value, dict) else None


def _cases(situations: Situations, file: SuiteFile, source: Source, layout: Layout) -> Iterable[Case]:
    entry = file.tests[layout.place]
    plain: Mapping[str, Any] = source.value["tests"][layout.place]
    expected = [_expected(expectation) for expectation in entry.expect]
    steps = [expectation_steps(plain, layout.place, place) for place in range(len(expected))]
    for given, place in layout.cases:
        label = labelled(given, layout.varied)
        yield Case(
            test=entry.name,
            name=f"{entry.name} [{label}]" if label else entry.name,
            given=given,
            place=source.places[steps[place]],
            facts=situations.facts(given, layout.place),
            expected=expected[place],
        )


def _expected(entry: Expectation) -> Expected:
    to = entry.to
    return Expected(
        rule=entry.rule,
        outcome=None if to is None else outcome_of(to),
        priority=None if to is None else to.priority,
        segment=entry.segment,
    )
