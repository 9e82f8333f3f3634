"""`ivr lint`: what it prints and how it exits."""

import json
import re
import shutil
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from router.cli.lint import lint
from router.policy.load import load

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "policies"


def run(*arguments: str, **environment: str) -> Result:
    app = typer.Typer()
    app.command()(lint)
    return CliRunner().invoke(app, arguments, env=environment)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "policies"))


def replace(folder: Path, name: str, *changes: tuple[str, str]) -> list[str]:
    """Change a file; its lines."""
    text = (folder / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text, encoding="utf-8")
    return text.splitlines()


def line_of(lines: list[str], word: str) -> int:
    return next(number for number, line in enumerate(lines, 1) if word in line)


def test_good_policies_are_counted_under_their_version(folder: Path) -> None:
    result = run("--policies", str(folder))
    policies = load(folder)
    routes = sum(len(hotline.routes) for hotline in policies.book.hotlines)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{policies.version} is good: {len(policies.book.hotlines)} hotlines, ")
    assert f" segments, {routes} routes, " in result.stdout
    assert result.stdout.endswith(f"{len(policies.needs.attributes)} of them looked at\n")
    assert len(result.stdout.splitlines()) == 1


def test_every_mistake_has_a_line_and_the_exit_code_is_1(folder: Path) -> None:
    lines = replace(
        folder, "10010.yaml", ("queue: elder-care", "queue: elder-car"), ("menu: main", "menu: mian")
    )
    result = run("--policies", str(folder))
    assert result.exit_code == 1
    queue, menu = line_of(lines, "elder-car,"), line_of(lines, "mian")
    assert result.stdout.splitlines() == [
        f'10010.yaml:{queue}:17 routes[2].to.queue: no queue "elder-car"; did you mean "elder-care"?',
        f'10010.yaml:{menu}:16 routes[4].to.menu: no menu "mian"; did you mean "main"?',
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
    assert run("--no-prove", IVR_POLICIES=str(folder)).exit_code == 0
    assert run("--no-prove", IVR_POLICIES=str(folder / "absent")).exit_code == 2


# --- the switch ------------------------------------------------------------------------------------


def test_a_queue_that_the_switch_has_not_is_a_mistake(folder: Path) -> None:
    """The switch is looked for beside the policies; its mistakes stand among all others."""
    conf = folder.parent / "asterisk_conf"
    shutil.copytree(ROOT / "asterisk_conf", conf)
    lines = replace(folder, "queues.yaml", ("  elder-care:", "  elder-cares:"))
    result = run("--policies", str(folder), "--no-prove")
    assert result.exit_code == 1
    place = f"queues.yaml:{line_of(lines, 'elder-cares')}:3 queues.elder-cares"
    assert f'{place}: {conf}/queues.conf has no such queue; did you mean "elder-care"?' in result.stdout
    assert 'no queue "elder-care"; did you mean "elder-cares"?' in result.stdout


def test_the_switchs_configuration_can_be_named(folder: Path, tmp_path: Path) -> None:
    """By the option or by the environment; what is named must be there."""
    assert run("--policies", str(folder), "--asterisk", str(ROOT / "asterisk_conf")).exit_code == 0
    named = run("--policies", str(folder), IVR_ASTERISK_CONF=str(tmp_path / "conf"))
    assert named.exit_code == 2
    assert named.stdout == f"{tmp_path}/conf/queues.conf:0:0 cannot be read: no such file or directory\n"


# --- the proof -------------------------------------------------------------------------------------


def break_a_promise(folder: Path) -> int:
    """Seniors are sent to the menu; the line of the promise that this breaks."""
    text = "\n".join(replace(folder, "10010.yaml")) + "\n"
    route = re.search(r"  - name: senior-direct\n.*?(?=\n  - name)", text, re.DOTALL)
    assert route
    text = text.replace(route[0], "  - {name: senior-direct, when: senior, to: {menu: main}}\n")
    (folder / "10010.yaml").write_text(text, encoding="utf-8")
    return line_of(text.splitlines(), "- name: seniors reach a person")


def test_a_broken_promise_is_a_mistake(folder: Path) -> None:
    line = break_a_promise(folder)
    result = run("--policies", str(folder))
    assert result.exit_code == 1
    (told,) = (told for told in result.stdout.splitlines() if told.startswith(f"10010.yaml:{line}:5 "))
    assert "age 65" in told
    assert "senior-direct" in told
    assert run("--policies", str(folder), "--no-prove").exit_code == 0


def test_a_route_that_takes_no_call_is_a_mistake(folder: Path) -> None:
    never = "  - {name: never, when: {all: [vip, {not: vip}]}, to: {queue: vip}}\n"
    lines = replace(folder, "10010.yaml", ("  - name: vip-direct\n", f"{never}  - name: vip-direct\n"))
    result = run("--policies", str(folder))
    assert result.exit_code == 1
    assert result.stdout.startswith(f"10010.yaml:{line_of(lines, 'name: never')}:5 routes[1]: takes no call")


def test_what_is_undecided_is_told_and_is_no_mistake(folder: Path) -> None:
    result = run("--policies", str(folder), "--budget", "0")
    assert result.exit_code == 0
    *undecided, good = result.stdout.splitlines()
    assert undecided
    assert all(line.startswith("warning: ") for line in undecided)
    assert " is good: " in good


def test_overlaps_are_told_to_those_who_ask(folder: Path) -> None:
    assert "overlaps" not in run("--policies", str(folder)).stdout
    result = run("--policies", str(folder), "--notes")
    assert result.exit_code == 0
    assert "note: 10010.yaml:" in result.stdout
    assert 'overlaps with "senior-direct"' in result.stdout


# --- other forms -----------------------------------------------------------------------------------


def test_gcc_is_from_the_working_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = replace(folder, "10010.yaml", ("menu: main", "menu: mian"))
    (folder / "roaming.yaml").unlink()
    (folder / "roaming.yaml").mkdir()
    monkeypatch.chdir(folder.parent)
    menu = line_of(lines, "mian")
    expected = [
        f'policies/10010.yaml:{menu}:16: error: no menu "mian"; did you mean "main"? [routes[4].to.menu]',
        "policies/roaming.yaml:1:1: error: cannot be read: it is a folder",
    ]
    for given in ("policies", str(folder)):
        result = run("--policies", given, "--format", "gcc")
        assert (result.exit_code, result.stdout.splitlines()) == (2, expected)


def test_gcc_says_nothing_where_nothing_is_wrong(folder: Path) -> None:
    assert run("--policies", str(folder), "--format", "gcc").stdout == ""


def test_gcc_names_a_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("--policies", "absent", "--format", "gcc")
    assert result.stdout == "absent:1:1: error: cannot be read: no such file or directory\n"


def test_json_is_one_object(folder: Path) -> None:
    document = json.loads(run("--policies", str(folder), "--format", "json").stdout)
    policies = load(folder)
    assert document["version"] == policies.version
    assert document["problems"] == []
    assert document["summary"]["errors"] == 0
    assert document["summary"]["hotlines"] == len(policies.book.hotlines)


def test_json_has_every_mistake(folder: Path) -> None:
    lines = replace(folder, "10010.yaml", ("menu: main", "menu: mian"))
    result = run("--policies", str(folder), "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "version": None,
        "problems": [
            {
                "file": "10010.yaml",
                "line": line_of(lines, "mian"),
                "column": 16,
                "path": "routes[4].to.menu",
                "message": 'no menu "mian"; did you mean "main"?',
                "severity": "error",
            }
        ],
        "summary": {"errors": 1, "warnings": 0, "notes": 0},
    }


# --- what docs/reference/lint.md shows -------------------------------------------------------------


def test_the_page_shows_what_is_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only lines in the shipped file move: any number stands for them."""
    page = (ROOT / "docs/reference/lint.md").read_text(encoding="utf-8")
    shown = re.sub(r":\d+:17|\"line\": \d+", "PLACE", page)
    replace(folder, "10010.yaml", ("queue: elder-care", "queue: elder-car"))
    monkeypatch.chdir(folder.parent)
    for form in ("text", "gcc", "json"):
        printed = re.sub(r":\d+:17|\"line\": \d+", "PLACE", run("--format", form).stdout)
        assert "".join(printed.split()) in "".join(shown.split())
