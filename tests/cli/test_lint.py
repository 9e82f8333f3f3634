"""`ivr lint`: what it prints and how it exits."""

import shutil
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from router.cli.lint import lint
from router.policy.load import load

SHIPPED = Path(__file__).parents[2] / "policies"


def run(*arguments: str, **environment: str) -> Result:
    app = typer.Typer()
    app.command()(lint)
    return CliRunner().invoke(app, arguments, env=environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policies"))


def test_good_policies_are_counted_under_their_version(folder: Path) -> None:
    result = run("--policies", str(folder))
    assert result.exit_code == 0
    assert result.stdout == (
        f"{load(folder).version} is good: 2 hotlines, 7 segments, 10 routes, 12 decisions, 7 queues, "
        "13 attributes, 5 of them looked at\n"
    )


def test_every_mistake_has_a_line_and_the_exit_code_is_1(folder: Path) -> None:
    text = (folder / "10010.yaml").read_text(encoding="utf-8")
    text = text.replace("queue: elder-care", "queue: elder-car").replace("menu: main", "menu: mian")
    (folder / "10010.yaml").write_text(text, encoding="utf-8")
    lines = text.splitlines()
    places = [next(n for n, line in enumerate(lines, 1) if word in line) for word in ("elder-car,", "mian")]
    result = run("--policies", str(folder))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f'10010.yaml:{places[0]}:17 routes[2].to.queue: no queue "elder-car"; did you mean "elder-care"?',
        f'10010.yaml:{places[1]}:16 routes[4].to.menu: no menu "mian"; did you mean "main"?',
    ]


def test_a_folder_that_cannot_be_read_exits_with_2(tmp_path: Path) -> None:
    result = run("--policies", str(tmp_path / "absent"))
    assert result.exit_code == 2
    assert result.stdout == f"{tmp_path}/absent:0:0 cannot be read: no such file or directory\n"


def test_a_file_that_cannot_be_read_exits_with_2(folder: Path) -> None:
    (folder / "queues.yaml").unlink()
    result = run("--policies", str(folder))
    assert result.exit_code == 2
    assert result.stdout == "queues.yaml:0:0 cannot be read: no such file or directory\n"


def test_the_folder_can_come_from_the_environment(folder: Path) -> None:
    assert run(IVR_POLICIES=str(folder)).exit_code == 0
    assert run(IVR_POLICIES=str(folder / "absent")).exit_code == 2
