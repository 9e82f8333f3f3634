"""`ivr diff`: what it prints and how it exits."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from router.cli.diff import diff
from router.policy.load import load

SHIPPED = Path(__file__).parents[2] / "policies"


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(diff)
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "new"))


def change(folder: Path, old: str, new: str) -> None:
    text = (folder / "10010.yaml").read_text(encoding="utf-8")
    assert old in text
    (folder / "10010.yaml").write_text(text.replace(old, new), encoding="utf-8")


def test_a_comment_makes_another_version_that_decides_alike(new: Path) -> None:
    change(new, "hotline:", "# another version\nhotline:")
    result = run(SHIPPED, new)
    assert result.exit_code == 0, result.stdout
    versions = load(SHIPPED).version, load(new).version
    assert versions[0] != versions[1]
    assert result.stdout == f"{versions[0]} and {versions[1]} decide alike for every caller\n"


def test_each_difference_has_a_caller(new: Path) -> None:
    change(new, "age: {at_least: 65}", "age: {at_least: 60}")
    result = run(SHIPPED, new)
    assert result.exit_code == 1
    assert sorted(result.stdout.splitlines()[:-1]) == [
        (
            '10010: age 60, occupation truck_driver: went to queue:truck by "truck-driver-direct", '
            'now to queue:elder-care by "senior-direct"'
        ),
        '10010: age 60: went to menu:main by "everyone-else", now to queue:elder-care by "senior-direct"',
    ]
    assert result.stdout.splitlines()[-1].endswith(" differ in nothing else")


def test_another_name_is_a_note(new: Path) -> None:
    change(new, "name: vip-direct", "name: vips")
    result = run(SHIPPED, new)
    assert result.exit_code == 0
    note, alike = result.stdout.splitlines()
    assert note.startswith("note: 10010: ")
    assert note.endswith(': "vips" takes the call instead of "vip-direct", and does the same')
    assert alike.endswith(" decide alike for every caller")


def test_without_time_it_is_undecided(new: Path) -> None:
    result = run(SHIPPED, new, "--budget", "0")
    assert result.exit_code == 3
    assert "10010: undecided: there may be more" in result.stdout.splitlines()
    assert "alike" not in result.stdout


def test_a_folder_that_cannot_be_used_exits_with_2(new: Path) -> None:
    change(new, "queue: elder-care", "queue: elder-car")
    result = run(SHIPPED, new)
    assert result.exit_code == 2
    lines = result.stdout.splitlines()
    assert lines[0] == f"{new} cannot be used:"
    assert 'no queue "elder-car"' in lines[1]
    assert run(new, SHIPPED).exit_code == 2


def test_the_same_as_json(new: Path) -> None:
    change(new, "age: {at_least: 65}", "age: {at_least: 60}")
    result = run(SHIPPED, new, "--format", "json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["alike"], document["undecided"], document["remarks"]) == (False, [], [])
    one = next(each for each in document["changes"] if each["words"] == "age 60")
    assert (one["kind"], one["hotline"]) == ("routed", "10010")
    assert [one[side]["destination"] for side in ("old", "new")] == ["menu:main", "queue:elder-care"]
    assert one["new"]["facts"]["customer"]["age"] == 60
