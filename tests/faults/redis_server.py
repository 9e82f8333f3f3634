"""A Redis of a test's own, that can be killed, stopped and told to misbehave."""

import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import redis

from router.settings import Address
from tests.waiting import until


class RedisServer:
    """One server, in a folder of its own; Debian's, which has TLS and Sentinel."""

    def __init__(self, folder: Path, port: int, *options: str, sentinel: bool = False) -> None:
        """``options`` are those of redis.conf, each as ``--name value`` in two words."""
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("there is no redis-server (deploy/packages faults)")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.address = Address("127.0.0.1", port)
        self.url = f"redis://{self.address}"
        common = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "")
        if sentinel:
            (folder / "sentinel.conf").touch()
            self._command = (program, str(folder / "sentinel.conf"), "--sentinel", *common[:-2], *options)
        else:
            self._command = (program, *common, "--appendonly", "yes", *options)
        self._held: redis.Redis | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def client(self) -> redis.Redis:
        """A client of it, which does not wait for long."""
        return redis.Redis(
            host=self.address.host, port=self.address.port, socket_timeout=2, single_connection_client=True
        )

    def start(self, *options: str, ready: bool = True) -> None:
        """Start it (again), with more options; ``ready``: and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen((*self._command, *options), stdout=log, stderr=log)
        if ready:
            try:
                until(self._answers, (self.folder / "server.log").read_text)
            except AssertionError:
                self.kill()
                raise

    def _answers(self) -> bool:
        with suppress(redis.RedisError), self.client() as client:
            return bool(client.ping())
        return False

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """It was started and not killed."""
        return self._process is not None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill it with SIGKILL, and wait for its end."""
        if self._held is not None:
            self._held.close()
            self._held = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def hold(self, *command: str) -> None:
        """Run a command on a connection that stays, and keeps its rights, as long as the server."""
        if self._held is None:
            self._held = self.client()
        self._held.execute_command(*command)

    def tell(self, *command: str | int) -> Any:
        """Run a command."""
        with self.client() as client:
            return client.execute_command(*command)
