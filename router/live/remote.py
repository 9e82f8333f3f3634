"""A running router, asked over its control socket: for the commands of operations staff."""

import glob
import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.errors import IvrError

ANSWER_SECONDS = 100.0
"""One folder may take 30 s, and may have to wait until another has been looked at."""
_LONGEST = 4 * 1024 * 1024


def default_control(port: int) -> Path:
    """Where the socket of a router is that listens for FastAGI on a port."""
    return Path("run", f"control-{port}.sock")


def control_of(control: Path, worker: int) -> Path:
    """The socket of one of a router's workers, by its number; the first one's is the router's."""
    return control.with_name(f"{control.name}.{worker}") if worker else control


def workers_of(control: Path) -> dict[int, Path]:
    """The sockets of a router's workers that there are, by their numbers; the first one's always."""
    found = {0: control}
    for path in control.parent.glob(f"{glob.escape(control.name)}.*"):
        number = path.name.removeprefix(f"{control.name}.")
        if number.isascii() and number.isdigit() and path.is_socket():
            found[int(number)] = path
    return dict(sorted(found.items()))


class NoRouter(IvrError):
    """Nobody answers at the control socket."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket instead of a host."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A router and where its socket is."""

    control: Path
    worker: int = 0
    """Which of the router's processes."""
    seconds: float = ANSWER_SECONDS

    def policy(self) -> Mapping[str, Any]:
        """What is live there.

        Raises:
            NoRouter: nobody answers.
        """
        return self._asked("GET", "/policy")

    def reload(self) -> Mapping[str, Any]:
        """Have it look at its folders; what came of each: ``policies``, and ``shadow`` if it has one.

        Raises:
            NoRouter: nobody answers.
        """
        return self._asked("POST", "/reload")

    def _asked(self, method: str, path: str) -> Mapping[str, Any]:
        connection = _Connection(self.control, self.seconds)
        try:
            connection.request(method, path, headers={"Content-Length": "0"} if method == "POST" else {})
            response = connection.getresponse()
            told: Mapping[str, Any] = json.loads(response.read(_LONGEST))
        except (OSError, http.client.HTTPException, ValueError) as wrong:
            raise NoRouter(f"no router answers at {self.control}: {wrong}") from wrong
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise NoRouter(f"the router at {self.control} says: {told.get('why', response.status)}")
        return told
