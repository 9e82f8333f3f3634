"""What a machine allows and what files on it are like, and what that means. No socket, no clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from router.doctor.finding import Finding, error, ok, skipped, warning
from router.errors import Problem

DESCRIPTORS = 4_096 + 128
"""Open files that a router needs: its bound of sessions, and some for itself."""
BACKLOG = 512
"""Connections that a router's socket lets wait; the kernel cuts it to somaxconn."""
LATE_SECONDS = 60.0
"""A queue_log may be touched this much before the switch says that it started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSeen:
    """What a machine allows; None where it cannot be told."""

    descriptors: int
    """Open files that a process started from here may have at most."""
    synchronised: bool | None
    somaxconn: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSeen:
    """A file, as far as we may look."""

    path: Path
    mode: int = 0
    size: int = 0
    written: float = 0.0
    """When it was last written, in seconds since the epoch."""
    trouble: str = ""
    """Why it cannot be read."""


def descriptors(seen: MachineSeen) -> Finding:
    """Whether a router started from here could have all its sessions."""
    if seen.descriptors < DESCRIPTORS:
        return warning(
            "open-files",
            f"a process started from here may open {seen.descriptors} files; a router wants {DESCRIPTORS}",
            "Raise the hard limit: LimitNOFILE= in the unit, or ulimit -Hn.",
        )
    return ok("open-files", f"a process started from here may open {seen.descriptors} files")


def clock(seen: MachineSeen) -> Finding:
    """Whether the clock is right: hours of business and contacts go by it."""
    if seen.synchronised is None:
        return skipped("clock", "the kernel does not tell whether its clock is synchronised")
    if not seen.synchronised:
        return warning(
            "clock",
            "the kernel's clock is not synchronised: hours of business and repeat callers go by it",
            "Run chrony or systemd-timesyncd; in a virtual machine the host may do it unseen.",
        )
    return ok("clock", "the clock is synchronised")


def backlog(seen: MachineSeen) -> Finding:
    """Whether a burst of calls can wait to be let in."""
    if seen.somaxconn is None:
        return skipped("somaxconn", "net.core.somaxconn cannot be read")
    if seen.somaxconn < BACKLOG:
        return warning(
            "somaxconn",
            f"net.core.somaxconn is {seen.somaxconn}: of a burst of connections only so many wait",
            f"sysctl -w net.core.somaxconn={BACKLOG}",
        )
    return ok("somaxconn", f"net.core.somaxconn is {seen.somaxconn}")


def key_file(seen: FileSeen | None) -> Finding:
    """Whether the key to the customers is its owner's alone."""
    if seen is None:
        return skipped("key-file", "--key-file FILE, or IVR_KEY_FILE")
    if seen.trouble:
        return error("key-file", f"{seen.path}: {seen.trouble}", "Give the file that every process has.")
    if seen.mode & 0o077:
        return error(
            "key-file",
            f"{seen.path} can be read by others (mode {seen.mode & 0o777:04o}); no process starts with it",
            f"chmod 600 {seen.path}",
        )
    return ok("key-file", f"{seen.path} is its owner's alone")


def secrets(seen: Sequence[FileSeen]) -> Finding:
    """Whether everybody on the machine can read passwords of the switch."""
    open_to_all = [one for one in seen if one.mode & 0o007]
    if not seen:
        return skipped("secret-files", "no secrets' files: --ami-secret-file, --asterisk-conf")
    if open_to_all:
        names = ", ".join(str(one.path) for one in open_to_all[:4])
        return error(
            "secret-files",
            f"everybody on this machine can read {names}",
            f"chmod o-rwx {' '.join(str(one.path) for one in open_to_all[:4])}",
        )
    return ok("secret-files", f"closed to strangers; files looked at: {len(seen)}")


def queue_log(seen: FileSeen | None, started: float | None, calls: int | None) -> Finding:
    """Whether the switch's file can be read, and is the one that it writes.

    ``started``: when the switch did, and wrote a line of it; ``calls``: that ended in its queues since. None:
    not known.
    """
    if seen is None:
        return skipped("queue-log", "--queue-log FILE, or IVR_QUEUE_LOG")
    if seen.trouble:
        return error(
            "queue-log",
            f"{seen.path}: {seen.trouble}",
            "Give the observer's user the right to read it (group asterisk), or correct --queue-log.",
        )
    do = "Is it this switch's file? Compare astlogdir in asterisk.conf and queue_log in logger.conf."
    if started is not None and seen.written < started - LATE_SECONDS:
        return error("queue-log", f"{seen.path} has not been written since the switch started", do)
    if calls and not seen.size:  # so it is for a moment after a rotation, too
        return warning(
            "queue-log", f"{seen.path} is empty, and the switch has had {calls} calls in queues", do
        )
    known = "" if started is None else ", and is the one that the switch writes"
    return ok("queue-log", f"{seen.path} can be read{known}")


def policies(version: str, mistakes: Sequence[Problem], doubts: Sequence[Problem]) -> Finding:
    """Whether the files that were given have no mistakes; the ``version`` is empty where they have."""
    if mistakes:
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        return error("policies", f"{mistakes[0]}{more}", "`ivr lint` lists them.")
    if doubts:
        return warning("policies", f"{doubts[0]}", "`ivr prove` with a larger --budget.")
    return ok("policies", f"{version} has no mistakes, and keeps its promises")


def agreement(folder: Path | None, mistakes: Sequence[Problem]) -> Finding:
    """Whether the switch's files have what the policies name."""
    if folder is None:
        return skipped("switch-files", "--asterisk-conf DIR, or IVR_ASTERISK_CONF")
    if mistakes:
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        return error("switch-files", f"{mistakes[0]}{more}", "`ivr lint` lists them.")
    return ok("switch-files", f"{folder} has the queues, menus and prompts that policies name")


def checks(seen: MachineSeen) -> Iterator[Finding]:
    """All that is said of the machine itself."""
    yield descriptors(seen)
    yield clock(seen)
    yield backlog(seen)
