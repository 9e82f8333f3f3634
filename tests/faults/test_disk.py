"""The disk fails while the store is away: calls are decided, what is lost is counted, and it comes back."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from router.store.stream import STREAM
from tests.faults.calls import nobody_was_lost, settled
from tests.faults.conftest import Rig, told
from tests.waiting import until

pytestmark = pytest.mark.fault


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        os.geteuid()
        or subprocess.run(
            ("mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)), check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("a file system cannot be mounted here")
    yield folder
    subprocess.run(("umount", "--lazy", str(folder)), check=True)  # a router may still have its spool open


def fill(spool: Path) -> None:
    with (spool.parent / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(4096)):
            pass


def remove(spool: Path) -> None:
    shutil.rmtree(spool)


@pytest.mark.parametrize(("broken", "name"), [(fill, "full"), (remove, "folder removed")])
def test_the_spool_cannot_be_written(
    rig: Rig, small_disk: Path, broken: Callable[[Path], None], name: str
) -> None:
    store = rig.store()
    spool = small_disk / "spool"
    router, calls = rig.router(store.url, "--spool", str(spool)), rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        broken(spool)
        store.kill()
        until(
            lambda: router.sample("ivr_journal_dropped_total", reason="spool_failed") > 0, "drops are counted"
        )
        (small_disk / "filler").unlink(missing_ok=True)
        store.start()
        back = time.monotonic()
        until(settled(calls, back), "calls are decided")
        before = store.tell("XLEN", STREAM)
        until(lambda: store.tell("XLEN", STREAM) > before + 20, "the journal goes on")
    nobody_was_lost(calls.outcomes)
    told(f"store away, disk of the spool: {name}", calls.outcomes, over_at=back)


def test_the_log_cannot_be_written(rig: Rig) -> None:
    """Standard output is /dev/full: lines are lost and counted, no call is."""
    store = rig.store()
    router = rig.router(store.url, prefix=("sh", "-c", 'exec "$@" >/dev/full', "sh"))
    calls = rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        until(lambda: router.sample("ivr_log_lines_dropped") > 0, "lost lines are counted")
        until(settled(calls, time.monotonic()), "calls are decided")
    told("log on /dev/full", calls.outcomes)
    nobody_was_lost(calls.outcomes)
