"""This machine asked: limits, clock, files."""

import ctypes
import resource
from pathlib import Path

from router.doctor.machine import FileSeen, MachineSeen

_MANY = 2**31
"""Stands for no limit."""
_SOMAXCONN = Path("/proc/sys/net/core/somaxconn")
_TIMEX_BYTES = 512
"""More than struct timex has anywhere; all zero asks and changes nothing (adjtimex(2))."""
_UNSYNCHRONISED = 5
"""TIME_ERROR of sys/timex.h."""


def look() -> MachineSeen:
    """Ask the kernel."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MachineSeen(
        descriptors=_MANY if hard == resource.RLIM_INFINITY else hard,
        synchronised=_synchronised(),
        somaxconn=_somaxconn(),
    )


def file(path: Path) -> FileSeen:
    """What a file is like, and whether we can read it."""
    try:
        with path.open("rb") as content:
            content.read(1)
        status = path.stat()
    except OSError as wrong:
        return FileSeen(path=path, trouble=(wrong.strerror or str(wrong)).lower())
    return FileSeen(path=path, mode=status.st_mode, size=status.st_size, written=status.st_mtime)


def _somaxconn() -> int | None:
    try:
        return int(_SOMAXCONN.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _synchronised() -> bool | None:
    try:
        state: int = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (AttributeError, OSError):
        return None
    return None if state < 0 else state != _UNSYNCHRONISED
