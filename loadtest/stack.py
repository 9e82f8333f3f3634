"""The whole service on one machine: routers, observer, Asterisk and its agents, joined and ended as one.

The service's own processes are started as anybody would start them: by the command `ivr`.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from loadtest.agents import Agent, Crew, read_crews
from loadtest.asterisk import RTP_PORTS, Asterisk, site_on
from loadtest.errors import LoadtestError
from loadtest.ports import BLOCK, Ports
from loadtest.sipp import ANSWERS, Agents
from loadtest.site import HOTLINES

START_LIMIT = 20.0
"""Seconds until a process must be ready."""
STOP_LIMIT = 12.0
"""Seconds that it may take to end: the router drains for up to ten."""


_HAND_OVER = """
import os, sys
descriptor = int(sys.argv[1])
if descriptor != 3:
    os.dup2(descriptor, 3)
    os.close(descriptor)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="agi")
os.execv(sys.argv[2], sys.argv[2:])
"""
"""What systemd does between fork and exec for a service that has a socket."""


class ProcessFailed(LoadtestError):
    """A process did not become ready, or ended; the text has its last words."""


class Ivr:
    """One `ivr` process, ready when its /readyz says so. A context manager: leaving it ends the process."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        metrics: str,
        log: Path,
        secrets: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        page: str = "readyz",
        held: socket.socket | None = None,
    ) -> None:
        """Start ``ivr ARGUMENTS --metrics METRICS`` and wait until it is ready.

        Args:
            arguments: The command and its options.
            metrics: host:port that it serves /metrics and /readyz at.
            log: Where its output goes.
            secrets: Variables of its environment.
            prefix: A command that runs it, as ``prlimit --nofile=256``.
            page: Which page says that it has started; ``healthz`` where it cannot be ready.
            held: A listening socket that it is handed, as systemd does; it outlives the process.

        Raises:
            ProcessFailed: it does not become ready.
        """
        self.metrics = metrics
        self.agi = arguments[arguments.index("--agi") + 1] if "--agi" in arguments else ""
        self.log = log
        self._page = page
        self._command = (*prefix, sys.executable, "-m", "router", *arguments, "--metrics", metrics)
        # versions and control socket of a router are its run's own
        own = {
            "IVR_VERSIONS": str(log.parent / "versions"),
            "IVR_CONTROL": str(log.with_suffix(".sock")),
            "IVR_SPOOL": str(log.with_suffix(".spool")),
        }
        self._environment = {**os.environ, **own, **(secrets or {})}
        self._handed: tuple[int, ...] = ()
        if held is not None:
            self._handed = (held.fileno(),)
            self._command = (sys.executable, "-c", _HAND_OVER, str(held.fileno()), *self._command)
        self.start()

    def start(self) -> None:
        """Start it (again), and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                pass_fds=self._handed,
                start_new_session=True,  # Ctrl-C in a terminal is for whoever started us
            )
        deadline = time.monotonic() + START_LIMIT
        while not self._says_ok(self._page):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                raise ProcessFailed(f"{' '.join(self._command)}:\n{self.last_words()}")
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def is_ready(self) -> bool:
        """What /readyz says."""
        return self._says_ok("readyz")

    def _says_ok(self, page: str) -> bool:
        try:
            return self.get(page) == "ok\n"
        except OSError:
            return False

    def get(self, page: str) -> str:
        """A page of its port for machines that watch it: metrics, healthz, readyz.

        Raises:
            OSError: there is nobody, or the answer is no.
        """
        with urllib.request.urlopen(f"http://{self.metrics}/{page}", timeout=2) as answer:
            text: str = answer.read().decode()
        return text

    def sample(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        total = 0.0
        for line in self.get("metrics").splitlines():
            series, _, value = line.rpartition(" ")
            if series.partition("{")[0] == name and all(label in series for label in wanted):
                total += float(value)
        return total

    def kill(self) -> None:
        """End it without a word, as a crash does; `start` starts it again."""
        self._process.kill()
        self._process.wait()

    def signal(self, number: int) -> None:
        """Send it a signal, like SIGSTOP."""
        os.kill(self.pid, number)

    def stop(self) -> int:
        """End it by SIGTERM, at last by SIGKILL; its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-2000:]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a stack shall be like."""

    store: str
    """A store URL that every process is given."""
    key_file: Path
    policies: Path = Path("policies")
    replica: str | None = None
    """The URL of a replica that routers ask when the store does not answer."""
    routers: int = 1
    crews: Sequence[Crew] = field(default_factory=read_crews)
    talk: float = 1.0
    """Seconds that an agent talks."""
    wrapup: int | None = None
    """Seconds of wrap-up in every queue; None leaves what queues.conf says."""
    hotlines: Sequence[str] = HOTLINES
    """The numbers that the switch serves."""
    last_wait: int | None = None
    """Seconds in the last queue before the caller is told that nobody is free; None leaves 900."""
    recordings: Path | None = None
    """Recorded prompts, LANGUAGE/NAME.wav, that replace made ones; None leaves those of asterisk_conf."""
    control: str | None = None
    """A number that the switch answers without asking anybody."""
    calls_at_a_time: int = RTP_PORTS // 4
    """Calls, each with an agent, that media ports are kept for."""


class Stack:
    """A running service; everything of it ends with it. A context manager."""

    def __init__(self, wish: Wish, folder: Path) -> None:
        """Start everything, in ``folder``, and wait until calls can come.

        Raises:
            AsteriskUnavailable, AsteriskFailed, SippMissing, SippFailed, PromptsMissing, ProcessFailed
        """
        self.folder = folder = folder.resolve()  # SIPp and Asterisk have working folders of their own
        for former in ("asterisk", "agents", "callers"):
            shutil.rmtree(folder / former, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self._held = ExitStack()
        try:
            self._start(wish, folder)
        except BaseException:
            self.close()
            raise

    def _start(self, wish: Wish, folder: Path) -> None:
        media = wish.calls_at_a_time * 4  # two ports for each of two legs
        self.ports = self._held.enter_context(Ports(1 + max(0, media - RTP_PORTS + BLOCK - 1) // BLOCK))
        addresses = [f"127.0.0.1:{self.ports.take()}" for _ in range(wish.routers)]
        crews: dict[str, list[Agent]] = {crew.name: crew.at(self.ports.take()) for crew in wish.crews}
        seated = [agent for crew in crews.values() for agent in crew]
        site = site_on(self.ports, addresses, agents=seated, rtp_ports=media)
        site = replace(
            site,
            hotlines=wish.hotlines,
            wrapup=wish.wrapup,
            last_wait=wish.last_wait,
            control=wish.control,
        )
        self.asterisk = self._held.enter_context(
            Asterisk(site, folder=folder / "asterisk", recordings=wish.recordings)
        )
        self._talks = {crew.name: wish.talk if crew.talk is None else crew.talk for crew in wish.crews}
        self.agents = {name: self._seated(name, crew) for name, crew in crews.items()}
        store = ("--store", wish.store, "--key-file", str(wish.key_file))
        policies = ("--policies", str(wish.policies))
        replica = ("--replica", wish.replica) if wish.replica else ()
        self.routers = [
            self._ivr(f"serve-{number}", "serve", "--agi", address, *store, *replica, *policies)
            for number, address in enumerate(addresses)
        ]
        self.watch = self._ivr(
            *("watch", "watch", "--ami", f"127.0.0.1:{site.ami_port}", *store, *policies),
            *("--queue-log", str(self.asterisk.queue_log), "--state", str(folder / "watch-state")),
            secrets={"IVR_AMI_SECRET": site.ami_secret},
        )

    def seat(self, crew: str, scenario: str = ANSWERS) -> None:
        """Have a crew take calls in another way, or again; calls that it is in are cut.

        Args:
            crew: Its name; until then `agents` may have been stopped: nobody sits there.
            scenario: A file of scenarios/, without .xml.
        """
        self.agents[crew].stop(0)
        self.agents[crew] = self._seated(crew, self.agents[crew].agents, scenario)

    def _seated(self, name: str, crew: Sequence[Agent], scenario: str = ANSWERS) -> Agents:
        talk = self._talks[name]
        agents = Agents(crew, self.folder / "agents", self.ports, talk=talk, scenario=scenario)
        return self._held.enter_context(agents)

    def _ivr(self, name: str, *arguments: str, secrets: Mapping[str, str] | None = None) -> Ivr:
        metrics = f"127.0.0.1:{self.ports.take()}"
        log = self.folder / f"{name}.log"
        return self._held.enter_context(Ivr(arguments, metrics=metrics, log=log, secrets=secrets))

    @property
    def router(self) -> Ivr:
        """The first router."""
        return self.routers[0]

    def close(self) -> None:
        """End everything, in the opposite order."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
