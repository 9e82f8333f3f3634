"""The policies that the tests of suites play: tests/policy/good and a second hotline beside it."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from router.errors import Problem
from router.policy.decide import Policies
from router.policy.load import load
from router.policy.source import parse
from router.policy.suite.reading import Suite, read_suite
from tests.policy.conftest import GOOD

HERE = Path(__file__).parent
SAMPLE = HERE / "good" / "sample_test.yaml"
HEAD = """\
suite: s
dialled: "10010"
now: "2026-03-02T10:00:00+08:00"
"""


def lay_out(folder: Path) -> Path:
    """Make the folder of policies, with the sample as its suite."""
    shutil.copytree(GOOD, folder)
    shutil.copy(HERE / "good" / "400.yaml", folder)
    (folder / "tests").mkdir()
    shutil.copy(SAMPLE, folder / "tests")
    return folder


@cache
def policies() -> Policies:
    with TemporaryDirectory() as folder:
        return load(lay_out(Path(folder) / "policies"))


def suite(text: str, played: Policies | None = None) -> Suite:
    """The suite that a text says, which has no mistakes."""
    made, problems = read_suite(played or policies(), parse(text.encode(), "s_test.yaml"))
    assert problems == []
    assert made is not None
    return made


def mistakes(text: str, played: Policies | None = None) -> list[Problem]:
    """What is wrong with a text, sorted by place."""
    made, problems = read_suite(played or policies(), parse(text.encode(), "bad_test.yaml"))
    assert (made is None) == bool(problems)
    return sorted(set(problems))
