"""A folder of policy files on disk: what shows that it has changed, and how its files are replaced."""

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from router.policy.source import MAX_BYTES

Signature = tuple[tuple[str, int, int, int], ...] | None
"""Name, size, time and inode of each file that counts; None: the folder cannot be read."""

_SUFFIXES = (".yaml", ".yml")
"""The second is read by nobody: it is a mistake that the check tells of."""


def signature(folder: Path) -> Signature:
    """What is the same as long as nobody changes a file, also when a file or the folder is a link.

    No file is opened: one may be a pipe.
    """
    try:
        with os.scandir(folder) as entries:
            return tuple(sorted(map(_seen, filter(_counts, entries))))
    except OSError:
        return None


def _counts(entry: os.DirEntry[str] | Path) -> bool:
    return entry.name.endswith(_SUFFIXES) and not entry.name.startswith(".")


def _seen(entry: os.DirEntry[str]) -> tuple[str, int, int, int]:
    try:
        found = entry.stat()
    except OSError:  # a link that leads nowhere
        return entry.name, 0, 0, 0
    return entry.name, found.st_size, found.st_mtime_ns, found.st_ino


def contents(folder: Path) -> Mapping[str, bytes]:
    """The files that count, by name; of one that is too large its beginning, which is too large as well.

    Raises:
        OSError: one cannot be read.
    """
    return {
        path.name: _beginning(path) for path in sorted(folder.iterdir()) if _counts(path) and path.is_file()
    }


def _beginning(path: Path) -> bytes:
    # a pipe that has come in the meantime is opened without waiting for a writer, and refused
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123  a descriptor
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is no regular file")
        return file.read(MAX_BYTES + 1)


def place(folder: Path) -> str:
    """Where a folder is, whatever links lead there, as text that JSON can hold."""
    return os.fsencode(folder.resolve()).decode(errors="backslashreplace")


def replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make these the files that count in a folder; folders in it and files with a dot stay as they are.

    Everything is written beside the old files before the first of them is replaced. A reader in that moment
    may see files of both; whoever follows the folder looks again when they have settled.

    Raises:
        OSError: it cannot be written; the old files are as they were, or in part replaced.
    """
    written: list[tuple[Path, Path]] = []
    try:
        for name, content in files.items():
            path, beside = folder / name, folder / f".{name}.{os.getpid()}"
            written.append((beside, path))
            write(beside, content)
            if path.exists():
                shutil.copymode(path, beside)
        for beside, path in written:
            beside.replace(path)
    finally:
        for beside, _ in written:
            beside.unlink(missing_ok=True)
    for path in folder.iterdir():
        if _counts(path) and path.name not in files and not path.is_dir():
            path.unlink()
    sync(folder)


def write(path: Path, content: bytes) -> None:
    """Write a file that is there after a power failure, too.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Have the names in a folder as durable as the files' contents."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
