"""A folder that one process has for itself; and its files, changed by another one while it does not run."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from router.errors import SettingsError

LOCK = "lock"


def take(folder: Path, *, whose: str, option: str) -> int:
    """Have a folder, made where it is not there, for this process alone; the descriptor to close at its end.

    Raises:
        SettingsError: another process (``whose``) has it, or it cannot be used; ``option`` gives another one.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as wrong:
        raise SettingsError(f"{option} {folder} cannot be used: {wrong.strerror}") from wrong
    if not _is_free(lock):
        os.close(lock)
        raise SettingsError(f"{folder} is another {whose}'s; give this one its own ({option})")
    return lock


@contextmanager
def idle(folder: Path) -> Iterator[bool]:
    """Whether no process has the folder; while that is so, one that starts is told that it is not its own.

    Raises:
        OSError: the lock in it cannot be opened.
    """
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # no process has ever had it
        yield True
        return
    try:
        yield _is_free(lock)
    finally:
        os.close(lock)


def _is_free(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def rewrite(path: Path, content: bytes) -> None:
    """Replace what is in a file, as a whole or not at all; owner, mode and times stay.

    A command that root runs must not take a file away from the process that it is of.

    Raises:
        OSError: it cannot be written; the old one is still there.
    """
    former = path.stat()
    new = path.with_name(f".{path.name}.new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chown(new, former.st_uid, former.st_gid)
        new.chmod(former.st_mode & 0o777)
        os.utime(new, ns=(former.st_atime_ns, former.st_mtime_ns))
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
