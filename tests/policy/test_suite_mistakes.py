"""The corpus of mistakes in suites: each file of tests/policy/suite_mistakes has one, and what is said of it.

As in tests/policy/mistakes, every problem stands after ``=== expected``; the policies are those of
tests/policy/suite_folder.py.
"""

import re
from pathlib import Path

import pytest

from tests.policy.suite_folder import mistakes

CASES = sorted((Path(__file__).parent / "suite_mistakes").glob("*.case"))


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
