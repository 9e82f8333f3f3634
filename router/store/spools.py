"""Spools of processes that may be running or not: found, looked through, rid of a caller's events."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from router.owned import idle, rewrite
from router.store.spool import segments
from router.store.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """What one spool has of a caller."""

    folder: Path
    events: int
    is_taken: bool
    """A process runs on it: nobody else may write there."""


def spools(folders: Iterable[Path]) -> list[Path]:
    """The spools among these folders and the folders in them."""
    found: dict[Path, None] = {}
    for folder in folders:
        inside = sorted(path for path in folder.iterdir() if path.is_dir())
        found.update(dict.fromkeys(path for path in (folder, *inside) if _is_spool(path)))
    return list(found)


def _is_spool(folder: Path) -> bool:
    return bool(segments(folder))


def learn(folder: Path, traces: Traces) -> None:
    """Read a spool for the caller's calls.

    Raises:
        OSError: it cannot be read.
    """
    for path in segments(folder):
        for line in _lines(path):
            traces.learn(_event(line))


def spooled(folder: Path, traces: Traces, *, remove: bool) -> Spooled:
    """Count the events of a caller's calls in a spool, and remove them if no process runs on it.

    Raises:
        OSError: it cannot be read or written.
    """
    count = 0
    with idle(folder) as is_ours:
        for path in segments(folder):
            lines = _lines(path)
            others = [line for line in lines if not (traces.names_him(line) or traces.is_his(_event(line)))]
            count += len(lines) - len(others)
            if remove and is_ours and len(others) < len(lines):
                if others:
                    rewrite(path, b"".join(others))
                else:
                    path.unlink()
    return Spooled(folder=folder, events=count, is_taken=not is_ours)


def _lines(path: Path) -> list[bytes]:
    """The records with their ends; a file that has just been drained has none."""
    try:
        return path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []


def _event(line: bytes) -> bytes:
    """The event of a record; none of a torn one."""
    try:
        event = orjson.loads(line)[2]
    except (ValueError, IndexError, TypeError):
        return b""
    return event.encode() if isinstance(event, str) else b""
