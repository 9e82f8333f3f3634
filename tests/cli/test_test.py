"""`ivr test`: what it prints and how it exits."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from router.cli.test import suites
from router.policy.load import load
from tests.policy.suite.folder import HEAD, SAMPLE, lay_out

SHIPPED = Path(__file__).parents[2] / "policies"
WRONG = HEAD + "tests: [{name: wrong, caller: unknown, expect: {rule: seniors}}]\n"


def run(*arguments: str | Path, **environment: str) -> Result:
    app = typer.Typer()
    app.command("test")(suites)
    return CliRunner().invoke(app, list(map(str, arguments)), env=environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "policies")


def test_the_shipped_policies_pass_and_every_rule_is_covered() -> None:
    result = run("--policies", SHIPPED, "--require-coverage", "100")
    assert result.exit_code == 0, result.output


def test_suites_that_pass_exit_with_0(folder: Path) -> None:
    result = run("--policies", folder)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{folder}/tests/sample_test.yaml: a sample: 34 passed",
        "10010: rules 2 of 2, segments 1 of 2; missing: segments vip",
        "400: rules 4 of 4, segments 2 of 2",
        f"{load(folder).version}: 34 passed, 0 failed",
    ]


def test_a_failure_exits_with_1_and_shows_its_place(folder: Path) -> None:
    wrong = folder / "tests" / "wrong_test.yaml"
    wrong.write_text(WRONG, encoding="utf-8")
    result = run("--policies", folder)
    assert result.exit_code == 1
    column = WRONG.splitlines()[3].index("{rule") + 1
    assert f"{wrong}:4:{column} failed wrong\n    rule: expected seniors, got the-rest\n" in result.stdout
    assert "\n      seniors: no — " in result.stdout
    assert result.stdout.splitlines()[-1].endswith(": 34 passed, 1 failed")


def test_files_can_be_named(folder: Path, tmp_path: Path) -> None:
    """Then only they are played, from wherever they are."""
    elsewhere = tmp_path / "wrong.yaml"
    elsewhere.write_text(WRONG, encoding="utf-8")
    result = run("--policies", folder, elsewhere)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1].endswith(": 0 passed, 1 failed")
    assert run("--policies", folder, SAMPLE).exit_code == 0


def test_the_passed_cases_are_named_on_demand(folder: Path) -> None:
    result = run("--policies", folder, "--verbose")
    assert "  passed a senior reaches a person: seniors, queue:elder-care\n" in result.stdout


def test_too_little_coverage_exits_with_1_and_says_where(folder: Path) -> None:
    result = run("--policies", folder, "--require-coverage", "50.5")
    assert result.exit_code == 1
    assert result.stderr == "10010: 50.0 % of its segments are covered; 50.5 % are required\n"
    assert run("--policies", folder, "--require-coverage", "50").exit_code == 0


def test_mistakes_exit_with_2_and_nothing_is_played(folder: Path) -> None:
    """Every mistake in every suite is told, sorted by place."""
    for name in ("a", "b"):
        text = HEAD.replace("suite: s", f"suite: {name}") + "tests: [{name: t, expect: {rule: seniorss}}]\n"
        (folder / "tests" / f"{name}_test.yaml").write_text(text, encoding="utf-8")
    (folder / "tests" / "c.yaml").touch()
    result = run("--policies", folder)
    assert result.exit_code == 2
    said = '4:34 tests[0].expect.rule: no rule "seniorss"; did you mean "seniors"?'
    assert result.stdout.splitlines() == [
        f"{folder}/tests/a_test.yaml:{said}",
        f"{folder}/tests/b_test.yaml:{said}",
        f"{folder}/tests/c.yaml:1:1 is not read; name it c_test.yaml",
    ]


def test_mistakes_in_the_policies_exit_with_2(folder: Path) -> None:
    text = (folder / "10010.yaml").read_text(encoding="utf-8")
    (folder / "10010.yaml").write_text(text.replace("menu: main", "menu: mian"), encoding="utf-8")
    result = run("--policies", folder)
    assert result.exit_code == 2
    assert result.stdout == '10010.yaml:12:16 routes[1].to.menu: no menu "mian"; did you mean "main"?\n'


def test_a_folder_without_a_suite_exits_with_2(folder: Path) -> None:
    (folder / "tests" / "sample_test.yaml").unlink()
    result = run("--policies", folder)
    assert result.exit_code == 2
    assert result.stdout == f"{folder}/tests:0:0 has no suite; add a file like 10010_test.yaml\n"


def test_a_file_that_is_not_there_exits_with_2(folder: Path) -> None:
    result = run("--policies", folder, folder / "absent_test.yaml")
    assert result.exit_code == 2
    assert result.stdout == f"{folder}/absent_test.yaml:0:0 cannot be read: no such file or directory\n"


def test_json_has_the_results_or_the_mistakes(folder: Path) -> None:
    result = run("--policies", folder, "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["passed"] == 34
    absent = folder / "absent_test.yaml"
    result = run("--policies", folder, "--format", "json", absent)
    assert result.exit_code == 2
    message = "cannot be read: no such file or directory"
    assert json.loads(result.stdout) == {
        "problems": [{"file": str(absent), "line": 0, "column": 0, "path": "", "message": message}]
    }


def test_junit_is_written_beside_what_is_printed(folder: Path, tmp_path: Path) -> None:
    written = tmp_path / "junit.xml"
    (folder / "tests" / "wrong_test.yaml").write_text(WRONG, encoding="utf-8")
    result = run("--policies", folder, "--junit", written)
    assert result.exit_code == 1
    assert ": 34 passed, 1 failed\n" in result.stdout
    root = ET.parse(written).getroot()  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures")) == ("35", "1")


def test_the_folder_can_come_from_the_environment(folder: Path) -> None:
    assert run(IVR_POLICIES=str(folder)).exit_code == 0
