"""The corpus of mistakes: each file of tests/policy/mistakes has one, and what must be said about it.

A case replaces or adds files of tests/policy/good; after ``=== expected`` stands every problem.
"""

import re
from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.load import load
from tests.policy.conftest import Write

CASES = sorted((Path(__file__).parent / "mistakes").glob("*.case"))


def sections(case: Path) -> dict[str, str]:
    parts = re.split(r"^=== (.+)\n", case.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_mistake_is_told_with_its_place(case: Path, write: Write) -> None:
    """All that is wrong is said at once, sorted by place, and nothing else."""
    files = sections(case)
    expected = files.pop("expected")
    with pytest.raises(PolicyError) as raised:
        load(write(files))
    assert str(raised.value) + "\n" == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_place_lies_in_its_file(case: Path) -> None:
    """An editor can go to each place that is told."""
    files = sections(case)
    for line in files["expected"].splitlines():
        file, row, column = re.match(r"([^:]+):(\d+):(\d+) ", line).groups()
        if file in files:
            assert int(column) <= len(files[file].splitlines()[int(row) - 1]) + 1


def test_the_corpus_is_there() -> None:
    """The cases are found: an empty corpus would prove nothing."""
    assert len(CASES) >= 40
