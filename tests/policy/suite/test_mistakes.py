"""The corpus of mistakes in suites: each file of tests/policy/mistakes has one, and what is said of it.

As in tests/policy/mistakes, every problem stands after ``=== expected``; the policies are those of
tests/policy/suite/folder.py.
"""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from router.policy.source import Steps, parse, read
from router.policy.suite.reading import read_suite
from router.policy.suite.run import run
from tests.policy.suite.folder import SAMPLE, mistakes, policies

CASES = sorted((Path(__file__).parent / "mistakes").glob("*.case"))


def sections(case: Path) -> tuple[str, str]:
    _, file, text, _, expected = re.split(
        r"^=== (.+)\n", case.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert file == "bad_test.yaml"
    return text, expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_mistake_is_told_with_its_place(case: Path) -> None:
    """All that is wrong is said at once, sorted by place, and nothing else."""
    text, expected = sections(case)
    assert "".join(f"{problem}\n" for problem in mistakes(text)) == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_place_lies_in_its_file(case: Path) -> None:
    """An editor can go to each place that is told."""
    text, expected = sections(case)
    for line in expected.splitlines():
        row, column = re.match(r"bad_test\.yaml:(\d+):(\d+) ", line).groups()
        assert int(column) <= len(text.splitlines()[int(row) - 1]) + 1


def test_the_corpus_is_there() -> None:
    """The cases are found, and each says something: an empty corpus would prove nothing."""
    assert len(CASES) >= 60
    assert all(sections(case)[1] for case in CASES)


ODD = (5, "x", [], {}, True, [5], {"a": 5}, None, ["x", "x"])


def steps_of(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    """The way to each value of a file."""
    yield steps
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from steps_of(part, (*steps, step))


def replaced(value: Any, steps: Steps, odd: Any) -> Any:
    if not steps:
        return odd
    changed = copy.copy(value)
    changed[steps[0]] = replaced(value[steps[0]], steps[1:], odd)
    return changed


def test_whatever_stands_anywhere_is_told_or_played() -> None:
    """A value of any kind in any place is a mistake with a place, or part of a suite that can be played."""
    good = read(SAMPLE).value
    played = 0
    for turn, steps in enumerate(steps_of(good)):
        text = json.dumps(replaced(good, steps, ODD[turn % len(ODD)]))  # JSON is YAML
        suite, problems = read_suite(policies(), parse(text.encode(), "odd_test.yaml"))
        assert (suite is None) == bool(problems), (steps, text)
        assert all(problem.line == 1 and 1 <= problem.column <= len(text) + 1 for problem in problems)
        if suite is not None:
            played += len(run(policies(), [suite]).suites[0].cases)
    assert played
