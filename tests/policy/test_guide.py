"""docs/policies.md says what is so: its examples are loaded."""

import re
import shutil
from pathlib import Path

import pytest

from router.policy.load import load

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
EXAMPLE = next(text for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL) if "hotline:" in text)
SECTION = GUIDE.split("## Conditions")[1].split("## ")[0]
CONDITIONS = list(re.findall(r"^\| `(.+?)` \|", SECTION, re.MULTILINE))


def folder(path: Path, hotline: str) -> Path:
    shutil.copytree(ROOT / "policies", path, ignore=shutil.ignore_patterns("10010.yaml"))
    (path / "10010.yaml").write_text(hotline, encoding="utf-8")
    return path


def test_the_first_route_is_a_hotline(tmp_path: Path) -> None:
    policies = load(folder(tmp_path / "policies", EXAMPLE))
    assert [decision.rule for decision in policies.decisions] == ["senior-direct", "everyone-else"]


def test_the_conditions_are_found() -> None:
    assert len(CONDITIONS) == 12


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_of_the_guide_is_one(condition: str, tmp_path: Path) -> None:
    more = "segments:\n  vip: {star: {at_least: 5}}\n  truck_driver: {occupation: truck_driver}"
    text = EXAMPLE.replace("segments:", more).replace("when: senior", f"when: {condition}")
    route = load(folder(tmp_path / "policies", text)).trees["10010"].hotline.routes[0]
    assert route.when is not None
