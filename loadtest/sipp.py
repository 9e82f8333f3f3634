"""SIPp: callers and agents, each a process of its own that plays one file of scenarios/."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from loadtest.agents import Agent
from loadtest.calls import (
    AgentCall,
    CallerStep,
    Totals,
    agent_calls,
    answer_times,
    caller_steps,
    totals,
)
from loadtest.errors import LoadtestError
from loadtest.ports import Ports
from loadtest.timed import timed

SCENARIOS = Path(__file__).with_name("scenarios")
ANSWERS = "an_agent_answers_and_talks"
"""What an agent's phone plays on an ordinary day."""
START_LIMIT = 10.0
"""Seconds until SIPp must listen."""
STOP_LIMIT = 3.0
"""Seconds that calls in progress are given when a SIPp is stopped."""


class SippMissing(LoadtestError):
    """There is no sipp on PATH."""


class SippFailed(LoadtestError):
    """SIPp ended before it did anything, or did not end in time; the text has its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls to place: who, where to, how many and how fast."""

    scenario: str
    """A file of scenarios/, without .xml."""
    numbers: Sequence[str]
    """The callers' numbers, taken in turn."""
    dialled: str = "10010"
    count: int | None = None
    """How many calls; None is one for each number."""
    rate: float = 10.0
    """Calls a second."""
    at_a_time: int = 1000
    """No more than so many calls at a time."""
    stay: float = 1.0
    """Seconds that a caller who hangs up himself stays (the scenario's pause)."""
    patience: float = 120.0
    """Seconds without an awaited message after which a caller counts as failed."""
    due: Sequence[float] | None = None
    """When each of the numbers calls, in seconds since 1970, in order; None: evenly, by the rate."""


class Sipp:
    """One SIPp process. A context manager: leaving it ends the process."""

    def __init__(self, arguments: Sequence[str], folder: Path, ports: Ports, sip_port: int) -> None:
        """Start SIPp and wait until it listens.

        Args:
            arguments: Beside those that every SIPp here gets.
            folder: Its own folder; its files are written there.
            ports: Where to take its control and media ports from.
            sip_port: Where it listens.

        Raises:
            SippMissing: there is no sipp.
            SippFailed: it ended at once.
        """
        program = shutil.which("sipp")
        if program is None:
            raise SippMissing("no sipp on PATH (Debian: apt install sip-tester)")
        self.folder = folder
        self.sip_port = sip_port
        command = [
            *(program, *arguments, "-i", "127.0.0.1", "-p", str(sip_port)),
            *("-cp", str(ports.take()), "-mp", str(ports.take(4, even=True)), "-nostdin"),
            *("-trace_logs", "-log_file", "calls.log", "-trace_err", "-error_file", "errors.log"),
            *("-trace_stat", "-stf", "totals.csv", "-fd", "1"),
        ]
        with (folder / "screen.log").open("wb") as screen:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in a terminal is for whoever started us
            )
        self._await(lambda: not self.running or _is_bound(sip_port), START_LIMIT)
        if self._process.poll() not in (None, 0, 1):
            raise SippFailed(self.last_words())

    @property
    def running(self) -> bool:
        """The process has not ended."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def totals(self) -> Totals:
        """Calls so far, at most a second old; final once the process has ended."""
        return totals(self._read("totals.csv"))

    def wait(self, limit: float) -> Totals:
        """Wait for the end of all calls.

        Args:
            limit: Seconds.

        Raises:
            SippFailed: it takes longer; SIPp goes on.
        """
        try:
            self._process.wait(limit)
        except subprocess.TimeoutExpired:
            raise SippFailed(f"calls still run after {limit} s: {self.totals}\n{self.last_words()}") from None
        return self.totals

    def finish(self, limit: float) -> Totals:
        """Take no new calls, and wait for the end of those that there are.

        Args:
            limit: Seconds.

        Raises:
            SippFailed: it takes longer; SIPp goes on.
        """
        if self.running:
            self._process.send_signal(signal.SIGUSR1)
        return self.wait(limit)

    def stop(self, limit: float = STOP_LIMIT) -> None:
        """Take no new calls; after so many seconds end those that are left, with the process."""
        if self.running:
            self._process.send_signal(signal.SIGUSR1)
        try:
            self._process.wait(limit)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """What SIPp complained of."""
        told = self._read("errors.log") or self._read("screen.log")
        return f"sipp in {self.folder}, exit {self._process.poll()}:\n{told[-2000:]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(0 if error else STOP_LIMIT)

    def _read(self, name: str) -> str:
        file = self.folder / name
        return file.read_text(errors="replace") if file.exists() else ""

    def _await(self, condition: Callable[[], bool], limit: float) -> None:
        deadline = time.monotonic() + limit
        while not condition():
            if time.monotonic() > deadline:
                self._process.kill()
                raise SippFailed(self.last_words())
            time.sleep(0.01)


class Callers(Sipp):
    """A SIPp that places calls."""

    def __init__(self, calls: Calls, target: str, folder: Path, ports: Ports) -> None:
        """Begin to call ``target`` (host:port); see `Sipp` for the rest."""
        own = _own_folder(folder, calls.scenario)
        count = len(calls.numbers) if calls.count is None else calls.count
        (own / "callers.csv").write_text("SEQUENTIAL\n" + "".join(_rows(calls)))
        scenario = SCENARIOS / f"{calls.scenario}.xml"
        if calls.due is not None:
            scenario = own / scenario.name
            scenario.write_text(timed((SCENARIOS / scenario.name).read_text()))
        # SIPp's rate is a whole number a period, so the period is stretched.
        rate = max(1, round(calls.rate))
        arguments = (
            *("-sf", str(scenario), "-inf", "callers.csv"),
            *("-s", calls.dialled, "-m", str(count), "-l", str(calls.at_a_time)),
            *("-r", str(rate), "-rp", str(round(1000 * rate / calls.rate))),
            *("-d", str(round(calls.stay * 1000)), "-recv_timeout", str(round(calls.patience * 1000))),
            *("-trace_rtt", "-rtt_freq", "1"),
            target,
        )
        super().__init__(arguments, own, ports, ports.take())

    @property
    def steps(self) -> list[CallerStep]:
        """What happened to the callers so far, in order."""
        return caller_steps(self._read("calls.log"))

    @property
    def answer_times(self) -> list[float]:
        """Seconds from INVITE to answer (or refusal), of every caller so far."""
        file = next(self.folder.glob("*_rtt.csv"), None)
        return answer_times(file.read_text()) if file else []


class Agents(Sipp):
    """A SIPp that plays agents: all who sit at one port, each known by the user that is called."""

    def __init__(
        self,
        agents: Sequence[Agent],
        folder: Path,
        ports: Ports,
        *,
        talk: float = 1.0,
        scenario: str = ANSWERS,
    ) -> None:
        """Sit down and wait for calls.

        Args:
            agents: At one port; it was taken from ``ports`` when the crew was seated there.
            folder: A folder for the process's own one.
            ports: Where to take its other ports from.
            talk: Seconds that an agent talks before he hangs up.
            scenario: A file of scenarios/, without .xml.

        Raises:
            ValueError: the agents sit at different ports.
        """
        (sip_port,) = {agent.port for agent in agents}
        self.agents = tuple(agents)
        limit = str(max(1, round(talk * 1000)))
        arguments = ("-sf", str(SCENARIOS / f"{scenario}.xml"), "-recv_timeout", limit)
        super().__init__(arguments, _own_folder(folder, agents[0].name), ports, sip_port)

    @property
    def calls(self) -> list[AgentCall]:
        """The calls that these agents have answered so far, in order."""
        return agent_calls(self._read("calls.log"))

    def await_call(self, number: str, limit: float = 10.0) -> AgentCall:
        """Wait until one of these agents has answered this caller; returns the newest such call.

        Raises:
            SippFailed: nobody has, within so many seconds.
        """
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if found := [call for call in self.calls if call.number == number]:
                return found[-1]
            time.sleep(0.02)
        raise SippFailed(f"none of {self.agents[0].name} … was called by {number}\n{self.last_words()}")


def _rows(calls: Calls) -> Iterator[str]:
    if calls.due is None:
        return (f"{number};\n" for number in calls.numbers)
    return (f"{number};{due:.6f};\n" for number, due in zip(calls.numbers, calls.due, strict=True))


def _own_folder(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=folder, prefix=f"{name}-"))


def _is_bound(port: int) -> bool:
    """Somebody has this UDP port. Asked of the kernel: trying it could take it from under SIPp."""
    wanted = f":{port:04X}"
    with Path("/proc/net/udp").open() as table:
        return any(line.split()[1].endswith(wanted) for line in table)
