"""Folders of policies that a test may change."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = Path(__file__).parent / "good"

Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Make a copy of the good folder, with files replaced or added, and give its path."""

    def made(files: dict[str, str]) -> Path:
        folder = tmp_path / "policies"
        shutil.copytree(GOOD, folder)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        return folder

    return made
