"""The demo where there is no Asterisk: it plays Asterisk's side itself. With one: tests/e2e."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_without_a_switch_the_demo_decides_every_call_and_judges(tmp_path):
    """It says what is missing, routes every call as the policy says, and ends with 0."""
    programs = tmp_path / "bin"
    programs.mkdir()
    environment = {**os.environ, "PATH": str(programs), "IVR_CACHE": str(tmp_path / "cache")}
    options = ("--cps", "100", "--seconds", "1", "--customers", "1000", "--folder", str(tmp_path / "demo"))
    done = subprocess.run(
        [sys.executable, "-m", "router", "demo", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "There is no switch here" in done.stdout
    assert "All went right." in done.stdout
    assert re.search(r"decided in: p50 [0-9.]+ ms, p99 [0-9.]+ ms", done.stdout)


def test_a_folder_of_somebody_else_is_not_touched(tmp_path):
    """The demo begins with an empty store; it must not be yours."""
    precious = tmp_path / "store" / "appendonlydir"
    precious.mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-m", "router", "demo", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 2
    assert "not ours to remove" in done.stderr
    assert [*tmp_path.rglob("*")] == [tmp_path / "store", precious]
