"""Scenarios, as far as they can be judged without a switch, and SIPp's own life."""

import re
import shutil
import signal
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.agents import Crew
from loadtest.ports import Ports
from loadtest.sipp import SCENARIOS, Agents, Callers, Calls, SippFailed, SippMissing
from tests.waiting import until

FILES = sorted(SCENARIOS.glob("*.xml"))


@pytest.fixture
def ports() -> Iterator[Ports]:
    if shutil.which("sipp") is None:
        pytest.skip("there is no sipp (Debian: sip-tester)")
    with Ports() as ports:
        yield ports


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_is_named_as_the_sentence_it_plays(file: Path) -> None:
    root = ET.parse(file).getroot()  # noqa: S314 - our own file
    assert root.tag == "scenario"
    assert root.get("name") == file.stem.replace("_", " ")
    assert re.match(r"an?_[a-z_]+$", file.stem)


@pytest.mark.parametrize(
    "file", [file for file in FILES if "agent" not in file.stem], ids=lambda file: file.stem
)
def test_a_caller_measures_the_time_to_the_answer(file: Path) -> None:
    root = ET.parse(file).getroot()  # noqa: S314 - our own file
    assert root.find("send[@start_rtd='answer']") is not None
    assert root.find("recv[@rtd='answer']") is not None


def test_a_hostile_number_has_encoded_line_ends() -> None:
    text = (SCENARIOS / "a_hostile_caller_id.xml").read_text()
    number = re.search(r"sip:(\[field0\].*?)@", text)
    assert number is not None
    assert "%0d%0a" in number.group(1)


def test_without_sipp_it_says_what_to_install(
    ports: Ports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SippMissing, match="apt install sip-tester"):
        Agents(Crew(name="a", agents=1, queues={}).at(ports.take()), tmp_path, ports)


def test_callers_reach_agents_and_both_sides_tell_of_it(ports: Ports, tmp_path: Path) -> None:
    """Straight from caller to agent, with no switch between them."""
    crew = Crew(name="elder", agents=2, queues={}).at(ports.take())
    calls = Calls(
        scenario="a_caller_waits_for_a_person",
        numbers=["13800138000", "13800138001"],
        dialled="elder-2",
        rate=20,
    )
    with (
        Agents(crew, tmp_path, ports, talk=0.05) as agents,
        Callers(calls, f"127.0.0.1:{crew[0].port}", tmp_path, ports) as callers,
    ):
        totals = callers.wait(20)
        assert (totals.successful, totals.failed) == (2, 0)
        assert [(call.agent, call.number) for call in agents.calls] == [
            ("elder-2", "13800138000"),
            ("elder-2", "13800138001"),
        ]
        assert [step.what for step in callers.steps].count("ended") == 2
        assert len(callers.answer_times) == 2
        assert agents.await_call("13800138001").agent == "elder-2"


def test_finishing_lets_those_who_have_called_end_their_calls(ports: Ports, tmp_path: Path) -> None:
    """And nobody calls any more."""
    crew = Crew(name="elder", agents=1, queues={}).at(ports.take())
    calls = Calls(
        scenario="a_caller_waits_for_a_person", numbers=["1"], dialled="elder-1", rate=50, count=10_000
    )
    with (
        Agents(crew, tmp_path, ports, talk=0.5),
        Callers(calls, f"127.0.0.1:{crew[0].port}", tmp_path, ports) as callers,
    ):
        until(lambda: len(callers.steps) > 10, "some are answered")
        totals = callers.finish(20)
    assert 10 < totals.created < 10_000
    assert (totals.successful, totals.failed) == (totals.created, 0)


def test_waiting_has_an_end(ports: Ports, tmp_path: Path) -> None:
    """Nobody is at the other end."""
    calls = Calls(scenario="a_caller_waits_for_a_person", numbers=["1"])
    with (
        Callers(calls, f"127.0.0.1:{ports.take()}", tmp_path, ports) as callers,
        pytest.raises(SippFailed, match="still run"),
    ):
        callers.wait(0.2)
    assert not callers.running


def test_leaving_ends_the_process_even_if_it_does_not_react(ports: Ports, tmp_path: Path) -> None:
    crew = Crew(name="a", agents=1, queues={}).at(ports.take())
    agents = Agents(crew, tmp_path, ports)
    agents._process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    agents.stop(0.2)
    assert not agents.running
    assert time.monotonic() - began < 10
