"""Where an Asterisk comes from."""

from pathlib import Path

import pytest

from loadtest.installation import AsteriskUnavailable, cache, major, make_root, mirror, of_root, pick_mirror


@pytest.mark.parametrize(
    ("version", "expected"), [("22.10.1+dfsg", 22), ("20.6.0", 20), ("GIT-22-abc", 0), ("", 0)]
)
def test_major_version(version: str, expected: int) -> None:
    assert major(version) == expected


@pytest.mark.parametrize(
    ("lines", "site"),
    [
        (
            ["http://m.example/debian bookworm", "http://m.example/debian-security bookworm-security"],
            "http://m.example/debian",
        ),
        (
            ["http://m.example/debian-security bookworm-security", "http://m.example/debian/ bookworm"],
            "http://m.example/debian/",
        ),
        (
            ["https://other.example/apt cloud", "http://m.example/mirror/debian trixie"],
            "http://m.example/mirror/debian",
        ),
        (["http://m.example/debian bookworm-backports"], None),
        ([], None),
    ],
)
def test_the_mirror_is_that_of_debian_itself(lines: list[str], site: str | None) -> None:
    assert pick_mirror(lines) == site


def test_a_mirror_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_MIRROR", "http://m.example/debian")
    assert mirror() == "http://m.example/debian"


def test_the_cache_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IVR_CACHE", str(tmp_path))
    assert cache() == tmp_path


def test_a_folder_without_asterisk_is_no_installation(tmp_path: Path) -> None:
    with pytest.raises(AsteriskUnavailable, match="remove it"):
        of_root(tmp_path)


def test_without_mmdebstrap_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AsteriskUnavailable, match="apt install mmdebstrap"):
        make_root(tmp_path / "root")
    assert not (tmp_path / "root").exists()


def test_a_root_that_is_there_is_not_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "root").mkdir()
    assert make_root(tmp_path / "root") == tmp_path / "root"
