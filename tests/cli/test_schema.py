"""`ivr schema`: what it prints and writes."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from router.cli.schema import schema
from router.errors import PolicyError
from router.policy.json_schema import Kind
from router.policy.load import load

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "policies"


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(schema)
    return CliRunner().invoke(app, arguments)


def test_a_kind_is_printed_as_it_is_shipped() -> None:
    result = run("hotline", "--policies", str(SHIPPED))
    assert result.exit_code == 0
    assert result.stdout == (SHIPPED / "schema/hotline.json").read_text(encoding="utf-8")


def test_all_kinds_are_printed_as_one_object() -> None:
    printed = json.loads(run("--policies", str(SHIPPED)).stdout)
    assert list(printed) == [kind.value for kind in Kind]
    assert printed["queues"]["title"] == "Queues file"


def test_schemas_are_written_as_they_are_shipped_and_are_no_part_of_the_policies(tmp_path: Path) -> None:
    """The loader does not look into folders: the version stays the same."""
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "policies"))
    shutil.rmtree(folder / "schema")
    before = load(folder).version
    result = run("--policies", str(folder), "--write", str(folder / "schema"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert load(folder).version == before
    written = {path.name: path.read_bytes() for path in (folder / "schema").iterdir()}
    assert written == {path.name: path.read_bytes() for path in (SHIPPED / "schema").iterdir()}


def test_one_kind_can_be_written_alone(tmp_path: Path) -> None:
    run("queues", "--policies", str(SHIPPED), "--write", str(tmp_path / "new"))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["queues.json"]


def test_the_reference_is_written_as_it_is_shipped(tmp_path: Path) -> None:
    """It needs no policies."""
    result = run("--reference", str(tmp_path / "docs"), "--policies", str(tmp_path / "absent"))
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "docs/policy.md").read_bytes() == (ROOT / "docs/reference/policy.md").read_bytes()


def test_a_folder_with_other_mistakes_still_has_schemas(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SHIPPED, tmp_path / "policies"))
    (folder / "10010.yaml").write_text("hotline: [")
    (folder / "queues.yaml").write_text("queues: {only: {}}\n")
    made = json.loads(run("hotline", "--policies", str(folder)).stdout)
    assert made["$defs"]["To"]["properties"]["queue"]["enum"] == ["only"]


def test_attributes_with_mistakes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"attributes\.yaml:0:0 cannot be read"):
        raise run("--policies", str(tmp_path)).exception
    assert run("hotlines").exit_code == 2
