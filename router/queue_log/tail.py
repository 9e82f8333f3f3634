"""Reads queue_log as it grows, over rotations, from a place that was remembered."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CHUNK = 65_536
"""Bytes that are read at once: some 700 lines, ten milliseconds of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far the log has been read."""

    device: int
    inode: int
    offset: int
    """Bytes of the file: all whole lines before it have been read."""


class Tail:
    """One log, and the files that it has been rotated to, as queue_log.1 or queue_log-20261127."""

    def __init__(self, path: Path, place: Place | None, lost: Callable[[str], None]) -> None:
        """Go on at a place; None: at the beginning of the file that is there.

        ``lost`` is told when lines may have been missed: ``gone`` (the file of the place is no more), or
        ``truncated`` (it has been cut at its beginning).
        """
        self._path = path
        self._place = place
        self._lost = lost
        self._file: int | None = None
        self._rest = b""

    @property
    def place(self) -> Place | None:
        """Where the next line begins."""
        return self._place

    @property
    def behind(self) -> int:
        """Bytes of the present file that have not been read."""
        if self._file is None or self._place is None:
            return 0
        return max(os.fstat(self._file).st_size - self._place.offset, 0)

    @property
    def is_open(self) -> bool:
        """There is a file."""
        return self._file is not None

    def read(self) -> list[bytes]:
        """The next lines, without their ends; none when there are no more now.

        Raises:
            OSError: the file cannot be read.
        """
        if self._file is None and not self._open():
            return []
        assert self._file is not None  # noqa: S101  it is open now
        rotated = self._is_rotated()  # asked before reading: what was written before it is read first
        chunk = os.read(self._file, CHUNK)
        if not chunk:
            self._at_end(rotated=rotated)
            return []
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._advance(sum(map(len, lines)) + len(lines))
        return lines

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> bool:
        """Open the file of the place, wherever it has been moved; else the present one."""
        place = self._place
        path = self._path if place is None else self._find(place)
        if path is None:
            self._lost("gone")
            self._place, path = None, self._path
        return self._use(path, 0 if self._place is None else self._place.offset)

    def _use(self, path: Path, offset: int) -> bool:
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:  # Asterisk has not started yet, or is just making a new one
            return False
        found = os.fstat(self._file)
        if found.st_size < offset:
            self._lost("truncated")
            offset = 0
        os.lseek(self._file, offset, os.SEEK_SET)
        self._rest = b""
        self._place = Place(device=found.st_dev, inode=found.st_ino, offset=offset)
        return True

    def _find(self, place: Place) -> Path | None:
        for path in self._family():
            found = path.stat()
            if (found.st_dev, found.st_ino) == (place.device, place.inode):
                return path
        return None

    def _family(self) -> list[Path]:
        """The log's files, the oldest first; compressed ones cannot be read."""
        files = [
            path
            for path in self._path.parent.glob(f"{self._path.name}*")
            if path.suffix not in {".gz", ".xz", ".zst"}
        ]
        return sorted(files, key=lambda path: (path == self._path, path.stat().st_mtime_ns))

    def _is_rotated(self) -> bool:
        """Another file stands in the place of ours."""
        assert self._place is not None  # noqa: S101  the file is open
        try:
            found = self._path.stat()
        except FileNotFoundError:  # moved away, and still written to until there is a new one
            return False
        return (found.st_dev, found.st_ino) != (self._place.device, self._place.inode)

    def _at_end(self, *, rotated: bool) -> None:
        assert self._file is not None and self._place is not None  # noqa: S101, PT018  the file is open
        if rotated:
            family = self._family()
            here = next((number for number, path in enumerate(family) if self._is_here(path)), -1)
            self.close()
            self._use(family[here + 1] if here + 1 < len(family) else self._path, 0)
        elif os.fstat(self._file).st_size < self._place.offset:
            self._lost("truncated")
            self.close()
            self._use(self._path, 0)

    def _is_here(self, path: Path) -> bool:
        assert self._place is not None  # noqa: S101  the file is open
        found = path.stat()
        return (found.st_dev, found.st_ino) == (self._place.device, self._place.inode)

    def _advance(self, size: int) -> None:
        assert self._place is not None  # noqa: S101  the file is open
        self._place = Place(
            device=self._place.device, inode=self._place.inode, offset=self._place.offset + size
        )
