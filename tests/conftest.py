"""What tests of several folders need: a real Valkey."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from router.settings import StoreUrl
from router.store.client import connect
from router.store.embedded import opened


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
