"""More calls than a router can decide: it decides as many in time as ever, and the rest go on without it."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from loadtest.bench import programs
from loadtest.bench.processes import Cores, pinned
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


def test_twice_as_many_calls_as_it_can_decide(rig: Rig, tool: Path) -> None:
    """Who is not decided within the dialplan's patience hangs up there."""
    store, cores = rig.store(), Cores.available()
    router = rig.router(store.url, prefix=("taskset", "-c", str(cores.server)))
    os.sched_setaffinity(store.pid, {cores.load})
    until(lambda: router.sample("ivr_policy_proved") == 1, "its policies are proved")

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
    rate = 2 * capacity
    over = offered(10, "--rate", f"{rate:.0f}")
    after = offered(3, "--rate", f"{capacity / 4:.0f}")
    goodput = over["right"] / 10
    ROWS.append(
        Row(
            fault=f"twice the {capacity:.0f}/s that it can decide: {goodput / capacity:.0%} of them in time",
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
    assert over["wrong"] + after["wrong"] <= router.sample("ivr_routed_total", data="absent")
    assert resident(router.pid) - before < 50 * 1024**2
