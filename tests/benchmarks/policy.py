"""How long policies take to decide, to be checked and to be proved: ``python -m tests.benchmarks.policy``.

Medians of several runs on this machine; each figure stands beside the number of routes. The hotlines are
those of tests/policy/large.py, the caller is one whom no special route takes: the worst case.
"""

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from router.facts import Call, CallId, Data, Facts
from router.policy.compile import compiled
from router.policy.decide import Policies, decide
from router.policy.load import read_folder
from tests.policy.large import hotline

ROOT = Path(__file__).parents[2]
NOW = 1_772_416_800


def folder(where: Path, routes: int) -> Path:
    """A folder of policies with one hotline of so many routes."""
    made = where / f"of-{routes}"
    made.mkdir()
    for name in ("attributes.yaml", "queues.yaml"):
        shutil.copy(ROOT / "policies" / name, made)
    (made / "10010.yaml").write_text(hotline(routes), encoding="utf-8")
    return made


def worst(policies: Policies) -> Facts:
    """A caller whom only the last route takes."""
    return Facts(
        call=Call(call_id=CallId("bench"), ani=None, dnis="10010"),
        customer={**policies.unknown.customer, "known": True, "age": 17, "province": "tibet"},
        contacts=(),
        loads={},
        identity="bench",
        now=NOW,
        data=Data.FRESH,
    )


def median(task: Callable[[], object], *, runs: int = 7, times: int = 1) -> float:
    """Seconds that a task takes: the median of the runs, each of so many times."""
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        for _ in range(times):
            task()
        taken.append((time.perf_counter() - began) / times)
    return statistics.median(taken)


def command(*arguments: str) -> float:
    """Seconds that `ivr` takes, from start to end."""
    line = (sys.executable, "-m", "router", *arguments)
    return median(lambda: subprocess.run(line, capture_output=True, check=False), runs=3)


def main() -> None:
    """Print a table."""
    print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as where:
        folders = {routes: folder(Path(where), routes) for routes in (20, 100, 200, 300, 400)}
        for routes in (20, 200):
            policies = compiled(read_folder(folders[routes]).book)
            facts = worst(policies)
            if decide(policies, facts).rule != "everyone-else":
                raise SystemExit("the caller is not the worst case")
            taken = median(lambda: decide(policies, facts), times=20_000)  # noqa: B023 - called at once
            print(f"decide, worst case   {routes:4} routes {taken * 1e6:10.2f} µs")
        for routes in (20, 300):
            taken = median(lambda: compiled(read_folder(folders[routes]).book), runs=3)  # noqa: B023
            print(f"read, check, compile {routes:4} routes {taken * 1e3:10.0f} ms")
        for routes in (20, 300):
            taken = command("lint", "--no-prove", "--policies", str(folders[routes]))
            print(f"ivr lint --no-prove  {routes:4} routes {taken:10.2f} s")
        for routes in (20, 100, 400):
            taken = command("prove", "--policies", str(folders[routes]))
            print(f"ivr prove            {routes:4} routes {taken:10.2f} s")


if __name__ == "__main__":
    main()
