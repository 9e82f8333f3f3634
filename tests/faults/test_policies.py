"""The files of policies are broken while calls are decided: the last good version decides on."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from router.store.stream import read
from tests.faults.calls import nobody_was_lost, settled
from tests.faults.conftest import Rig, told
from tests.waiting import until

pytestmark = pytest.mark.fault
ROOT = Path(__file__).parents[2]


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:200])


def misspell(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace("elder-care", "elder-car"), encoding="utf-8")


def double(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8") + "\nroutes: []\n", encoding="utf-8")


def bomb(file: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 12)]
    file.write_text("\n".join(lines), encoding="utf-8")


def make_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    "broken",
    [
        misspell,
        *(pytest.param(each, marks=pytest.mark.long) for each in (truncate, double, bomb, make_a_folder)),
    ],
    ids=lambda broken: broken.__name__,
)
def test_a_broken_file_changes_nothing(rig: Rig, broken: Callable[[Path], None]) -> None:
    """Until it is mended; each decision names the version that made it."""
    store = rig.store()
    policies = rig.folder / "policies"
    shutil.copytree(ROOT / "policies", policies)
    router, calls = rig.router(store.url, "--policies", str(policies)), rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        broken(policies / "10010.yaml")
        until(lambda: router.sample("ivr_policy_reload_ok") == 0, "it is refused")
        until(settled(calls, time.monotonic()), "calls are decided")
        shutil.rmtree(policies)
        shutil.copytree(ROOT / "policies", policies)
        until(lambda: router.sample("ivr_policy_reload_ok") == 1, "it is mended")
    told(f"policy file broken: {broken.__name__.replace('_', ' ')}", calls.outcomes)
    nobody_was_lost(calls.outcomes)
    with store.client() as client:
        events = read(client, "0")[1]
    assert len({event.policy for event in events if hasattr(event, "policy")}) == 1
