"""systemd at the other end: the socket that it holds for this process, and what it is told of it.

It says both in variables of the environment (sd_listen_fds(3), sd_notify(3), sd_watchdog_enabled(3)).
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import structlog

from router.errors import SettingsError

log = structlog.get_logger()

FIRST_DESCRIPTOR = 3
"""SD_LISTEN_FDS_START: descriptors that are handed over begin here."""
TELL_SECONDS = 0.1
"""systemd reads at once; a loop that decides calls does not wait longer for it."""


VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")
_BEGAN_WITH = Path("/proc/self/environ")


class State(StrEnum):
    """What systemd is told, as it reads it."""

    READY = "READY=1"
    RELOADING = "RELOADING=1"
    """Until the next READY."""
    STOPPING = "STOPPING=1"
    TURNING = "WATCHDOG=1"
    """The loop turns: not to be killed for another WatchdogSec."""


def notice(state: State, status: str = "") -> bytes:
    """The datagram that says so: an assignment a line; a status is one line, for people."""
    lines = [state.value, *([f"STATUS={' '.join(status.split())}"] if status else [])]
    return "\n".join(lines).encode()


class Told(Protocol):
    """Who wants to hear how this process is."""

    @property
    def watchdog_seconds(self) -> float | None:
        """The process is killed when it has not been heard of for so long; None: it need not be."""

    def tell(self, state: State, status: str = "") -> None:
        """Tell it, without waiting for long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Where systemd wants to hear of this process; one that somebody else started tells nobody."""

    address: str | None = None
    """A socket's path, or @ and an abstract name."""
    watchdog_seconds: float | None = None
    """The process is killed when it has not been heard of for so long."""

    def tell(self, state: State, status: str = "") -> None:
        """Tell it; what systemd does not take in time is not told, and the log says so."""
        if self.address is None:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(TELL_SECONDS)
            try:
                sender.sendto(notice(state, status), _peer(self.address))
            except OSError as wrong:
                log.warning("systemd could not be told", what=state, why=str(wrong))


def environment() -> dict[str, str]:
    """What systemd has set for this process; no child will believe that it is meant for it.

    It is what the process began with: Twisted has taken the socket's variables for itself by now, when its
    endpoints were imported.
    """
    try:
        pairs = [pair.partition("=") for pair in os.fsdecode(_BEGAN_WITH.read_bytes()).split("\0")]
    except OSError:  # no Linux, no systemd
        pairs = []
    for variable in VARIABLES:
        os.environ.pop(variable, None)
    return {name: value for name, _, value in pairs if name in VARIABLES}


def notify(environ: Mapping[str, str], pid: int) -> Notify:
    """Where this process is to tell how it is.

    Raises:
        SettingsError: the variables are not as systemd sets them.
    """
    address = environ.get("NOTIFY_SOCKET")
    for_us = _number(environ, "WATCHDOG_PID") in {None, pid}
    microseconds = _number(environ, "WATCHDOG_USEC")
    if address is not None and not address.startswith(("/", "@")):
        raise SettingsError(f'NOTIFY_SOCKET "{address}" is neither a path nor an abstract name')
    watchdog = microseconds / 1_000_000 if microseconds and for_us else None
    return Notify(address=address, watchdog_seconds=watchdog)


def held_socket(environ: Mapping[str, str], pid: int, name: str) -> socket.socket | None:
    """The listening socket that systemd holds for this process under a name; None: it holds none.

    Variables that a parent has left for another process count for nothing. Without names, the one socket is
    the one that is meant.

    Raises:
        SettingsError: what is handed over is not one listening TCP socket of this name.
    """
    owner, count = _number(environ, "LISTEN_PID"), _number(environ, "LISTEN_FDS")
    names = environ.get("LISTEN_FDNAMES", name).split(":")
    if owner != pid or count is None:
        return None
    if names != [name] or count != 1:
        raise SettingsError(
            f"systemd hands over {count} sockets called {', '.join(names)}; "
            f"there must be one, with FileDescriptorName={name}"
        )
    return _listening(FIRST_DESCRIPTOR)


def _listening(descriptor: int) -> socket.socket:
    """A descriptor as the socket it is, which no child inherits."""
    try:
        os.set_inheritable(descriptor, False)  # noqa: FBT003  it takes no name
        held = socket.socket(fileno=descriptor)
    except OSError as wrong:
        raise SettingsError(f"LISTEN_FDS: descriptor {descriptor} is no socket: {wrong.strerror}") from wrong
    is_tcp = held.family in {socket.AF_INET, socket.AF_INET6} and held.type == socket.SOCK_STREAM
    if not is_tcp or not held.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        held.detach()
        raise SettingsError(f"LISTEN_FDS: descriptor {descriptor} is no listening TCP socket")
    return held


def _number(environ: Mapping[str, str], variable: str) -> int | None:
    text = environ.get(variable)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise SettingsError(f'{variable} "{text}" is not a number above 0')
    return int(text)


def _peer(address: str) -> str | bytes:
    return b"\0" + address[1:].encode() if address.startswith("@") else address
