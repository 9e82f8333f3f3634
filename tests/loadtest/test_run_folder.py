"""Everything that one switch reads and writes."""

import stat
from pathlib import Path

import pytest

from loadtest.installation import Installation
from loadtest.run_folder import RunFolder, furnish
from loadtest.site import Site


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    shipped = tmp_path / "shipped"
    (shipped / "documentation").mkdir(parents=True)
    (shipped / "sounds/en_US_f_Allison").mkdir(parents=True)
    (shipped / "sounds/en_US_f_Allison/beep.gsm").touch()
    prompts = tmp_path / "prompts"
    for language in ("zh", "en", "hold"):
        (prompts / language).mkdir(parents=True)
    (prompts / "zh/goodbye.wav").touch()
    site = Site(
        name="ivr1",
        sip_port=1,
        ami_port=2,
        ami_secret="s3cret",
        rtp_first=4,
        rtp_last=5,
        routers=("127.0.0.1:6",),
    )
    installation = Installation(command=("x",), modules=tmp_path / "modules", data=shipped, version="22.10.1")
    folder = RunFolder(path=tmp_path / "run", sockets=tmp_path / "sockets")
    furnish(folder, site, installation, prompts)
    return folder


def test_folders_come_first_and_the_shipped_options_are_kept(folder: RunFolder) -> None:
    text = (folder.configuration / "asterisk.conf").read_text()
    assert text.startswith(f"[directories]\nastetcdir = {folder.configuration}\n")
    assert f"astrundir = {folder.sockets}\n" in text
    assert "live_dangerously = no\n" in text
    assert text.endswith("[options](+)\nsystemname = ivr1\n")


def test_every_folder_of_the_switch_but_the_program_is_inside(folder: RunFolder, tmp_path: Path) -> None:
    text = (folder.configuration / "asterisk.conf").read_text()
    pairs = [line.split(" = ") for line in text.splitlines() if line.startswith("ast")]
    outside = [name for name, place in pairs if not Path(place).is_relative_to(folder.path)]
    assert outside == ["astmoddir", "astrundir"]
    assert folder.sockets == tmp_path / "sockets"


def test_every_file_that_is_included_is_there(folder: RunFolder) -> None:
    included = [
        line.split()[1]
        for file in folder.configuration.rglob("*.conf")
        for line in file.read_text().splitlines()
        if line.startswith("#include")
    ]
    assert len(included) > 10
    assert [name for name in included if not (folder.configuration / name).exists()] == []


def test_every_file_that_is_written_is_included(folder: RunFolder) -> None:
    text = "".join(file.read_text() for file in folder.configuration.rglob("*.conf"))
    parts = [*folder.configuration.glob("site/*"), *folder.configuration.glob("extensions/*")]
    unused = [part for part in parts if f"#include {part.relative_to(folder.configuration)}\n" not in text]
    assert unused == []


def test_nobody_else_reads_the_secret(folder: RunFolder) -> None:
    mode = (folder.configuration / "site/ami_secret.conf").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_our_prompts_stand_beside_the_packages_sounds(folder: RunFolder) -> None:
    assert (folder.path / "data/sounds/zh/ivr/goodbye.wav").exists()
    assert (folder.path / "data/sounds/en/ivr").is_dir()
    assert (folder.path / "data/sounds/en/beep.gsm").exists()
    assert (folder.path / "data/ivr-hold").is_dir()


def test_prompts_and_readme_are_not_copied(folder: RunFolder) -> None:
    assert not (folder.configuration / "prompts").exists()
    assert not (folder.configuration / "README.md").exists()
