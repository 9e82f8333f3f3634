"""`ivr load` as far as it needs no switch: the list, plans with mistakes, two reports side by side."""

import sys
from dataclasses import replace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from loadtest.load.plan import BadPlan, read_plan
from loadtest.load.report import NoReport, to_json
from router.cli.app import application
from router.cli.load import _write, crews
from router.errors import SettingsError
from tests.loadtest.load.test_report import made


def load(*arguments):
    return CliRunner().invoke(application("load"), ["load", *map(str, arguments)])


def test_without_a_name_the_runs_are_listed():
    said = load()
    assert said.exit_code == 0
    assert all(name in said.output for name in read_plan().runs)


def test_a_run_that_there_is_not_is_told_before_anything_is_started():
    said = load("smoke", "somke")
    assert isinstance(said.exception, BadPlan)
    assert "it has smoke, steady" in str(said.exception)


@pytest.fixture
def reports(tmp_path):
    """Files of two reports, the second changed."""

    def written(**changed):
        old, new = tmp_path / "old.json", tmp_path / "new.json"
        old.write_bytes(to_json(made()))
        new.write_bytes(to_json(replace(made(), **changed)))
        return load("--compare", old, new)

    return written


def test_two_reports_of_a_load_are_put_side_by_side(reports):
    said = reports(totals=replace(made().totals, failed=4))
    assert said.exit_code == 0
    assert "+4" in said.output


def test_two_loads_are_not_compared(reports):
    said = reports(seed=8)
    assert said.exit_code == 2
    assert "seed: 7 before, 8 after" in said.output


def test_what_is_no_report_is_told(tmp_path):
    (tmp_path / "a.json").write_text("[]")
    said = load("--compare", tmp_path / "a.json", tmp_path / "a.json")
    assert isinstance(said.exception, NoReport)


def test_without_the_library_of_plots_there_is_the_json_and_a_word_how_to_get_the_page(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for module in ("loadtest.load.page", "loadtest.load.plots"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    _write(made(), tmp_path, Console(width=200))
    assert [file.suffix for file in tmp_path.iterdir()] == [".json"]
    assert "pip install 'ivr-router[load]'" in capsys.readouterr().out


def test_crews_are_staffed_as_the_run_says():
    run = read_plan().run("steady")
    told = {crew.name: (crew.agents, crew.talk, crew.wrapup) for crew in crews(run)}
    assert (told["elder"], told["general"]) == ((24, 2, 1), (120, 2, 1))


def test_a_crew_that_nobody_is_in_is_left_out_and_one_that_is_not_there_is_told():
    run = read_plan().run("smoke")
    nobody = run.model_copy(update={"staff": {"vip": run.staff_of("every").model_copy(update={"agents": 0})}})
    assert "vip" not in {crew.name for crew in crews(nobody)}
    unknown = run.model_copy(update={"staff": {"vips": run.staff_of("every")}})
    with pytest.raises(SettingsError, match="no crew vips"):
        crews(unknown)
