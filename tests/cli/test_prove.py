"""`ivr prove`: what it prints and how it exits."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from router.cli.prove import prove
from router.policy.load import load

SHIPPED = Path(__file__).parents[2] / "policies"


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(prove)
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policies"))


def change(folder: Path, old: str, new: str) -> None:
    text = (folder / "10010.yaml").read_text(encoding="utf-8")
    assert old in text
    (folder / "10010.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_shipped_policies_keep_their_promises(folder: Path) -> None:
    result = run("--policies", str(folder))
    assert result.exit_code == 0, result.stdout
    lines = result.stdout.splitlines()
    promises = [line for line in lines if not line.startswith("note: ")][:-1]
    assert promises
    assert all(line.startswith("proved     ") for line in promises)
    assert lines[-1].startswith(
        f"{load(folder).version}: {len(promises)} promises ({len(promises)} proved), "
    )


def test_a_broken_promise_is_shown_with_a_caller(folder: Path) -> None:
    change(
        folder,
        "    to: {queue: elder-care, priority: 20, owner: {within: 24h, wait: 15s}}",
        "    to: {menu: main}",
    )
    change(
        folder,
        '    overflow:\n      - {after: 30s, to: {queue: general, priority: 30}}\n    reason:\n      en: "65',
        '    reason:\n      en: "65',
    )
    result = run("--policies", str(folder))
    assert result.exit_code == 1, result.stdout
    assert "broken     10010: seniors reach a person without a key" in result.stdout.splitlines()
    assert 'is broken: age 65; route "senior-direct" takes the call to menu:main, ' in result.stdout


def test_a_dead_route_is_a_mistake(folder: Path) -> None:
    change(folder, "    age: {at_least: 65}", "    age: {at_least: 65}\n    star: {at_least: 5}")
    result = run("--policies", str(folder))
    assert result.exit_code == 1
    assert 'routes[2]: takes no call: "vip-direct" takes all of its callers before' in result.stdout


def test_without_time_it_is_undecided(folder: Path) -> None:
    result = run("--policies", str(folder), "--budget", "0")
    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    assert lines[0].startswith("undecided  ")
    assert "there was no time to find out whether it holds" in result.stdout
    assert not any("proved" in line for line in lines)


def test_files_with_mistakes_exit_with_2(folder: Path) -> None:
    change(folder, "queue: elder-care", "queue: elder-car")
    result = run("--policies", str(folder))
    assert result.exit_code == 2
    assert 'no queue "elder-car"' in result.stdout
    as_json = run("--policies", str(folder), "--format", "json")
    assert as_json.exit_code == 2
    assert [problem["file"] for problem in json.loads(as_json.stdout)["problems"]] == ["10010.yaml"]


def test_the_same_as_json(folder: Path) -> None:
    change(folder, "    age: {at_least: 65}", "    age: {at_least: 65}\n    star: {at_least: 5}")
    result = run("--policies", str(folder), "--format", "json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    (dead,) = [finding for finding in document["findings"] if finding["mistake"]]
    assert (dead["kind"], dead["name"], dead["routes"], dead["path"]) == (
        "dead-route",
        "senior-direct",
        ["vip-direct"],
        "routes[2]",
    )
    assert {promise["verdict"] for promise in document["promises"]} == {"proved"}
    overlap = next(finding for finding in document["findings"] if finding["kind"] == "overlap")
    assert overlap["witness"]["facts"]["customer"]["known"] is True
    assert overlap["witness"]["rule"] == overlap["name"]
