"""`ivr load` for real: the shipped smoke run passes, and a run whose plan cannot be kept says so."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from loadtest.load.plan import read_plan
from loadtest.load.report import from_json
from loadtest.load.traffic import people, traffic

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]

PLAN = """\
customers: 1000
runs:
  cannot:
    description: More than all callers shall reach a person
    seconds: 2
    arrivals: {shape: constant, rate: 3}
    callers:
      seniors: {segment: senior, weight: 1, plays: a_caller_waits_for_a_person}
      in a hurry: {segment: none, weight: 1, plays: a_caller_hangs_up_while_waiting, stays: 0.5}
    staff: {every: {talk: 0.2}}
    expected: {connection_rate: 1.01}
"""


def load(folder, *arguments):
    command = (sys.executable, "-m", "router", "load", *arguments, "--out", folder / "out")
    return subprocess.run(
        (*command, "--folder", folder / "run"),
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        cwd=ROOT,
    )


def test_the_smoke_run_passes_and_its_report_has_what_was_measured(tmp_path):
    done = load(tmp_path, "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = (tmp_path / "out").glob("smoke-*.json")
    report = from_json(file.read_bytes(), file.name)
    totals = report.totals
    assert report.passed
    # as many calls as the seed draws, each of them decided once and placed by SIPp
    run = read_plan().run("smoke")
    everybody = {
        f"{segment}-{place}": (segment, "")
        for segment in ("senior", "vip", "truck_driver", "none")
        for place in range(999)
    }
    calls = traffic(run, people(run, {"10010": everybody}, read_plan().seed), read_plan().seed)
    assert (totals.due, totals.placed, totals.routed) == (len(calls),) * 3
    assert totals.requests == totals.answered == sum(call.kind != "leaves the menu" for call in calls)
    assert {segment.name for segment in report.segments} >= {"senior", "vip", "none"}
    for measured in (totals.decision_ms, totals.routed_ms, totals.control_ms, totals.added_ms, totals.wait_s):
        assert measured is not None
        assert measured.count > 5
    used = {process.name: process.cpu_most for process in report.processes}
    assert all(used[name] > 0 for name in ("router", "observer", "store", "Asterisk"))
    assert sum(second.placed for second in report.series) == totals.placed
    page = file.with_suffix(".html").read_text()
    assert "All as expected" in page
    assert page.count("<figure") == 6
    numbers = re.findall(r"\b1[37][0-9]{9}\b", json.dumps(json.loads(file.read_text())) + page)
    assert numbers == []


@pytest.mark.long
def test_a_plan_that_cannot_be_kept_is_not_passed(tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    done = load(tmp_path, "cannot", "--plan", plan)
    assert done.returncode == 1, done.stdout + done.stderr
    (file,) = (tmp_path / "out").glob("cannot-*.json")
    report = from_json(file.read_bytes(), file.name)
    assert [check.name for check in report.checks if not check.passed] == ["connection rate"]
    assert report.totals.connection_rate == 1
    assert "Not as expected" in file.with_suffix(".html").read_text()
