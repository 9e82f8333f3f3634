"""What tests of several folders need: a real Valkey."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
import structlog

from router.settings import StoreUrl
from router.store.client import connect
from router.store.embedded import opened

# as the product logs: structlog's own way to show a traceback has all local variables in it, whole policies
structlog.configure(
    processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()]
)


class Heard:
    """A socket that daemons tell how they are, as systemd's is."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(20)
        self.variables = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "100000"}
        """What a daemon finds in its environment."""

    def next(self, other_than: str = "") -> str:
        """The next notice that is another one."""
        while (notice := self._socket.recv(4096).decode()) == other_than:
            pass
        return notice

    def left(self) -> list[str]:
        """What it has said by now and nobody has read."""
        notices, patience = [], self._socket.gettimeout()
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                notices.append(self._socket.recv(4096).decode())
        self._socket.settimeout(patience)
        return notices

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def heard_by_systemd(tmp_path: Path) -> Iterator[Heard]:
    """What a daemon of this test tells systemd."""
    heard = Heard(tmp_path / "notify")
    yield heard
    heard.close()


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Valkey that runs for all tests, in a folder of its own."""
    folder: Path = tmp_path_factory.mktemp("valkey")
    with opened(StoreUrl(f"embedded:{folder}")) as url:
        yield url


@pytest.fixture
def valkey_url(valkey_server: str, valkey: redis.Redis) -> str:  # noqa: ARG001  it empties the server
    """The URL of a Valkey with nothing in it."""
    return valkey_server


@pytest.fixture
def valkey(valkey_server: str) -> Iterator[redis.Redis]:
    """A client of a Valkey with nothing in it."""
    with connect(valkey_server) as client:
        client.flushall()
        yield client
