"""Scenarios that begin at a moment, as SIPp plays them."""

import shutil
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from loadtest.agents import Crew
from loadtest.ports import Ports
from loadtest.sipp import SCENARIOS, Agents, Callers, Calls
from loadtest.timed import NoScenario, timed

CALLERS = sorted(file for file in SCENARIOS.glob("a*_caller*.xml"))


@pytest.mark.parametrize("file", CALLERS, ids=lambda file: file.stem)
def test_a_callers_scenario_begins_with_the_wait_and_is_otherwise_the_same(file: Path) -> None:
    root, before = (ET.fromstring(text) for text in (timed(file.read_text()), file.read_text()))  # noqa: S314
    names = [element.tag for element in root]
    assert names[:5] == ["nop", "nop", "pause", "label", "nop"]
    assert [ET.tostring(one) for one in root[5:]] == [ET.tostring(one) for one in before]


def test_what_is_no_scenario_is_told() -> None:
    with pytest.raises(NoScenario):
        timed("<other/>")


@pytest.mark.skipif(shutil.which("sipp") is None, reason="there is no sipp (Debian: sip-tester)")
def test_calls_come_at_their_moments_and_those_that_are_over_at_once(tmp_path: Path) -> None:
    """Straight to an agent; the first was due ten seconds ago, and does not wait for ever."""
    with Ports() as ports:
        crew = Crew(name="elder", agents=1, queues={}).at(ports.take())
        now = time.time()
        due = [now - 10, now + 1.5, now + 1.5, now + 1.8]
        calls = Calls(
            scenario="a_caller_waits_for_a_person",
            numbers=[f"1380013800{place}" for place in range(4)],
            dialled="elder-1",
            rate=100,
            due=due,
        )
        with (
            Agents(crew, tmp_path, ports, talk=0.05),
            Callers(calls, f"127.0.0.1:{crew[0].port}", tmp_path, ports) as callers,
        ):
            totals = callers.wait(20)
            placed = {step.number: step.at.timestamp() for step in callers.steps if step.what == "placed"}
    assert (totals.successful, totals.failed) == (4, 0)
    # none before its moment; SIPp's clock counts milliseconds
    assert all(placed[number] >= moment - 0.002 for number, moment in zip(calls.numbers, due, strict=True))
    assert placed[calls.numbers[0]] < placed[calls.numbers[1]] < placed[calls.numbers[3]]
