"""A real Asterisk, started with this project's configuration on ports and folders of its own.

python -m loadtest.asterisk get    # find or make an Asterisk and the prompts; says where they are
python -m loadtest.asterisk run    # run one until Ctrl-C; routers from IVR_ROUTERS
"""

import argparse
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from loadtest.agents import Agent, read_crews
from loadtest.errors import LoadtestError
from loadtest.installation import AsteriskUnavailable, Installation, obtain
from loadtest.ports import Ports
from loadtest.prompts import PromptsMissing, made_prompts
from loadtest.run_folder import CONFIGURATION, RunFolder, furnish
from loadtest.site import Site

START_LIMIT = 60.0
"""Seconds until Asterisk must be ready; it takes about one on an idle machine."""
STOP_LIMIT = 10.0
RTP_PORTS = 1200
"""Media ports of a switch: two for each leg of a call, so 300 calls with an agent at a time."""


class AsteriskFailed(LoadtestError):
    """Asterisk did not start, died, or does not answer its command line; the text has its last words."""


class Asterisk:
    """One running switch. A context manager: leaving it stops the switch and removes what is its own."""

    def __init__(
        self,
        site: Site,
        *,
        folder: Path | None = None,
        recordings: Path | None = None,
        installation: Installation | None = None,
        configuration: Path = CONFIGURATION,
    ) -> None:
        """Start the switch and wait until it takes calls.

        Args:
            site: Its addresses, routers and people.
            folder: Where it reads and writes; kept afterwards. Default: a temporary one, removed afterwards.
            recordings: Recorded prompts, LANGUAGE/NAME.wav, that replace made ones.
            installation: The program; default: what `obtain` finds or makes.
            configuration: A folder like asterisk_conf.

        Raises:
            AsteriskUnavailable: there is no Asterisk and none can be made.
            PromptsMissing: the prompts cannot be made.
            AsteriskFailed: it does not start.
        """
        self.site = site
        self.installation = installation or obtain()
        prompts = made_prompts(CONFIGURATION, recordings)
        self._temporary = [Path(tempfile.mkdtemp(prefix="ivr-"))]
        if folder is None:
            self._temporary.append(Path(tempfile.mkdtemp(prefix="ivr-run-")))
        self.folder = RunFolder(path=(folder or self._temporary[-1]).resolve(), sockets=self._temporary[0])
        try:
            furnish(self.folder, site, self.installation, prompts, configuration)
            self.start()
        except BaseException:
            self.stop()
            raise

    @property
    def address(self) -> str:
        """Where callers call: host:port."""
        return f"{self.site.sip_host}:{self.site.sip_port}"

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def queue_log(self) -> Path:
        """The durable truth of queue events."""
        return self.folder.logs / "queue_log"

    def cli(self, command: str) -> str:
        """Run a command of Asterisk's command line, like ``queue show``; returns what it prints.

        Raises:
            AsteriskFailed: the switch does not answer.
        """
        done = subprocess.run((*self._program(), "-rx", command), capture_output=True, text=True, check=False)
        if done.returncode:
            raise AsteriskFailed(f"asterisk -rx {command!r}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def channels(self) -> int:
        """How many channels there are: 0 when every call has ended and nothing has leaked."""
        return len(self.cli("core show channels concise").splitlines())

    def complaints(self) -> list[str]:
        """Warnings and errors in messages.log so far."""
        log = self.folder.logs / "messages.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return [line for line in lines if " WARNING[" in line or " ERROR[" in line]

    def stop(self) -> None:
        """End the process, by its id, and remove what is temporary; calls in progress are cut."""
        process = getattr(self, "_process", None)
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for folder in self._temporary:
            shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def kill(self) -> None:
        """End the process without a word, as a crash does; `start` starts it again in the same folders."""
        self._process.kill()
        self._process.wait()

    def start(self) -> None:
        """Start the switch (again) and wait until it takes calls.

        Raises:
            AsteriskFailed: it does not start.
        """
        self.folder.control.unlink(missing_ok=True)
        self._process = self._spawn()
        self._wait_until_ready()

    def _program(self) -> tuple[str, ...]:
        return (*self.installation.command, "-C", str(self.folder.configuration / "asterisk.conf"))

    def _spawn(self) -> subprocess.Popen[bytes]:
        with (self.folder.logs / "console.log").open("wb") as console:
            return subprocess.Popen(
                (*self._program(), "-f", "-n"),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal is for whoever started us; he stops us in his order.
                start_new_session=True,
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        self._wait(self.folder.control.exists, deadline, "its control socket")
        self._wait(lambda: "fully booted" in self.cli("core waitfullybooted"), deadline, "all modules")
        # A transport whose port is taken is only a line in the log; so look.
        self._wait(lambda: self.address in self.cli("pjsip show transports"), deadline, "its SIP port")
        self._wait(lambda: _listens(self.site.ami_port), deadline, "its AMI port")
        self._wait(lambda: "default" in self.cli("queue show default"), deadline, "its queues")

    def _wait(self, condition: Callable[[], bool], deadline: float, what: str) -> None:
        while True:
            if self._process.poll() is not None:
                raise AsteriskFailed(f"Asterisk ended with {self._process.returncode}:\n{self._last_words()}")
            try:
                if condition():
                    return
            except AsteriskFailed:
                pass  # the control socket is there before anybody listens on it
            if time.monotonic() > deadline:
                raise AsteriskFailed(f"Asterisk did not open {what} in time:\n{self._last_words()}")
            time.sleep(0.02)

    def _last_words(self) -> str:
        text = (self.folder.logs / "console.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-15:])


def site_on(
    ports: Ports,
    routers: Sequence[str],
    agents: Sequence[Agent] = (),
    rtp_ports: int = RTP_PORTS,
) -> Site:
    """A switch on loopback, on ports of its own and with a password that nobody else knows."""
    rtp = ports.take(rtp_ports, even=True)
    return Site(
        name=f"ivr{ports.first}",
        sip_port=ports.take(),
        ami_port=ports.take(),
        ami_secret=secrets.token_hex(16),
        rtp_first=rtp,
        rtp_last=rtp + rtp_ports - 1,
        routers=routers,
        agents=agents,
    )


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _get() -> None:
    installation = obtain()
    print(f"Asterisk {installation.version}: {installation.command[-1]}")
    print(f"prompts: {made_prompts(CONFIGURATION)}")


def _run(routers: Sequence[str], folder: Path | None) -> None:
    with Ports() as ports:
        agents = [agent for crew in read_crews() for agent in crew.at(ports.take())]
        with Asterisk(site_on(ports, routers, agents=agents), folder=folder) as asterisk:
            print(f"SIP {asterisk.address}, AMI 127.0.0.1:{asterisk.site.ami_port}, {asterisk.folder.path}")
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a command line; 1 with the reason if there is no Asterisk to be had."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.asterisk", description=__doc__.split("\n")[0])
    parser.add_argument("action", choices=["get", "run"])
    parser.add_argument(
        "--routers", nargs="+", default=os.environ.get("IVR_ROUTERS", "127.0.0.1:4573").split()
    )
    parser.add_argument("--folder", type=Path, help="where it reads and writes; default: a temporary one")
    options = parser.parse_args(arguments)
    try:
        if options.action == "get":
            _get()
        else:
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            _run(options.routers, options.folder)
    except (AsteriskUnavailable, AsteriskFailed, PromptsMissing) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
