"""More calls than a router can decide: it decides as many in time as ever, and the rest go on without it."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from loadtest.bench import programs
from loadtest.bench.processes import Cores, pinned
from loadtest.stack import Ivr
from router.settings import Address
from tests.faults.calls import PATIENCE
from tests.faults.conftest import CUSTOMERS, ROWS, Rig, resident
from tests.faults.report import Row
from tests.waiting import until

pytestmark = pytest.mark.fault


@pytest.fixture(scope="session")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the load tool, with a list of the customers' calls."""
    folder = tmp_path_factory.mktemp("tool")
    try:
        programs.build(folder)
    except programs.BuildError as wrong:
        pytest.skip(str(wrong))
    calls = "".join(f"{each.number},{each.destination}\n" for each in CUSTOMERS)
    (folder / "calls.csv").write_text(calls, encoding="ascii")
    return folder


def laborious(folder: Path) -> Path:
    """The shipped policies behind routes that take a millisecond and no call: nobody has so many stars.

    Ten times what a router decides in a second is more than the load tool asks; of these it is not.
    """
    policies = folder / "policies"
    shutil.copytree("policies", policies, ignore=shutil.ignore_patterns("tests", "schema"))
    yaml, file = YAML(), policies / "10010.yaml"
    hotline = yaml.load(file)
    for number in range(380):
        never = [{"star": stars} for stars in (6, 7) for _ in range(15)]
        hotline["routes"].insert(0, {"name": f"r{number}", "when": {"any": never}, "to": {"menu": "main"}})
    del hotline["promises"]
    yaml.dump(hotline, file)
    return policies


def has_proved(router: Ivr) -> bool:
    """The proof of its policies, which takes a core, has ended, with a result or without."""
    doubts = "not all of the policies is proved" in router.log.read_text()
    return doubts or router.sample("ivr_policy_proved") == 1


@pytest.mark.parametrize("times", [2, pytest.param(10, marks=pytest.mark.long)])
def test_more_calls_than_it_can_decide(rig: Rig, tool: Path, times: int) -> None:
    """Who is not decided within the dialplan's patience hangs up there."""
    store, cores = rig.store(), Cores.available()
    policies = ("--policies", str(laborious(rig.folder))) if times > 2 else ()
    router = rig.router(store.url, *policies, prefix=("taskset", "-c", str(cores.server)))
    os.sched_setaffinity(store.pid, {cores.load})
    until(lambda: has_proved(router), "its policies are proved", 60)

    def offered(seconds: float, *load: str) -> dict[str, Any]:
        command = [str(tool / "agi_load"), "--port", str(Address.parse(router.agi).port), "--joined"]
        command += ["--callers", str(tool / "calls.csv"), "--patience", str(PATIENCE)]
        command += ["--seconds", str(seconds), *load]
        ran = subprocess.run(pinned(cores.load, command), capture_output=True, check=False)
        found: dict[str, Any] = json.loads(ran.stdout)
        return found

    offered(1, "--in-flight", "4")
    capacity = offered(4, "--in-flight", "64")["right_per_second"]
    before = resident(router.pid)
    rate = times * capacity
    over = offered(10, "--rate", f"{rate:.0f}")
    after = offered(3, "--rate", f"{capacity / 4:.0f}")
    goodput = over["right"] / 10
    ROWS.append(
        Row(
            fault=f"{times} times the {capacity:.0f}/s that it can decide: "
            f"{goodput / capacity:.0%} of them in time",
            load=f"{rate:.0f}/s",
            calls=over["calls"],
            unrouted=over["calls"] - over["right"] - over["wrong"],
            unknown=over["wrong"],
            worst=over["answer_us"]["max"] / 1e6,
            recovered=None,
        )
    )
    assert goodput > capacity / 2
    assert after["right"] + after["wrong"] == after["calls"]
    # what is not as expected was decided without the store, which may starve on a busy machine
    assert over["wrong"] + after["wrong"] <= router.sample("ivr_store_errors_total")
    assert resident(router.pid) - before < 50 * 1024**2
