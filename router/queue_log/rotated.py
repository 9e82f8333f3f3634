"""Files that queue_log has been rotated to, rid of a number: stars of the same length in its place.

A file keeps its size and its place on disk, so that an observer that still reads it loses nothing; its time,
too, by which the order of the files is known. What the switch still writes to is only looked at.
"""

import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from router.owned import rewrite

_ROTATED = re.compile(r".+[.-][0-9]{1,14}(?:\.[a-z0-9]{1,4})?", re.ASCII)
_PLACE = re.compile(rb"[0-9]+\|[^|]*\|")
"""Time and call, which no number stands in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What one file has of a number."""

    path: Path
    lines: int
    why: str = ""
    """Why they are still there; empty when nothing is in the way."""


LIVE = "the switch writes to it: have it rotated, then purge again"
PACKED = "it cannot be looked into: unpack it, purge again, or remove it"


def family(path: Path) -> list[Path]:
    """A log with the files that it has been rotated to; a rotated one by itself."""
    if _ROTATED.fullmatch(path.name):
        return [path]
    others = (each for each in path.parent.glob(f"{path.name}*") if _ROTATED.fullmatch(each.name))
    return sorted({each for each in others if each.is_file()} | ({path} if path.exists() else set()))


def masked(path: Path, number: re.Pattern[bytes], *, remove: bool) -> Lines:
    """Count the lines with a number, and hide it in them where that is wanted and safe."""
    try:
        return _masked(path, number, remove=remove)
    except (OSError, EOFError, zlib.error) as wrong:
        return Lines(path=path, lines=0, why=f"it cannot be read or written: {wrong}")


def _masked(path: Path, number: re.Pattern[bytes], *, remove: bool) -> Lines:
    if path.suffix == ".gz":
        return Lines(path=path, lines=_in_packed(path, number, remove=remove))
    if path.suffix in {".xz", ".bz2", ".zst"}:
        return Lines(path=path, lines=0, why=PACKED)
    is_live = not _ROTATED.fullmatch(path.name)
    with path.open("rb" if is_live or not remove else "r+b") as file:
        found = list(_hits(file, number))
        if found and is_live:
            return Lines(path=path, lines=len(found), why=LIVE)
        if found and remove:
            _hide(file, [place for places in found for place in places])
    return Lines(path=path, lines=len(found))


def _hits(lines: Iterable[bytes], number: re.Pattern[bytes]) -> Iterator[list[tuple[int, int]]]:
    """Of each line that has the number, from where to where it stands in the file."""
    offset = 0
    for line in lines:
        if (start := _PLACE.match(line)) is not None:
            places = [found.span() for found in number.finditer(line, start.end())]
            if places:
                yield [(offset + begin, offset + end) for begin, end in places]
        offset += len(line)


def _hide(file: BinaryIO, places: Iterable[tuple[int, int]]) -> None:
    times = os.fstat(file.fileno())
    for begin, end in places:
        os.pwrite(file.fileno(), b"*" * (end - begin), begin)
    os.fsync(file.fileno())
    os.utime(file.fileno(), ns=(times.st_atime_ns, times.st_mtime_ns))


def _in_packed(path: Path, number: re.Pattern[bytes], *, remove: bool) -> int:
    """The same in a compressed file, which nobody reads on: it is written anew."""
    with gzip.open(path) as file:
        content = bytearray(file.read())
    found = list(_hits(bytes(content).splitlines(keepends=True), number))
    if found and remove:
        for begin, end in (place for places in found for place in places):
            content[begin:end] = b"*" * (end - begin)
        rewrite(path, gzip.compress(bytes(content)))
    return len(found)
