"""redis-py with deadlines that a person can wait for."""

import os
import signal

import pytest
import redis

from router.errors import SettingsError, StoreDown, StoreRefused, StoreTimeout
from router.settings import StoreUrl
from router.store.client import connect, translated
from router.store.embedded import connected, opened


@pytest.fixture
def store(tmp_path):
    return StoreUrl(f"embedded:{tmp_path}/store")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (redis.TimeoutError("Timeout reading"), StoreTimeout),
        (redis.ConnectionError("Connection refused"), StoreDown),
        (redis.AuthenticationError("invalid password"), StoreRefused),
        (redis.BusyLoadingError("Redis is loading"), StoreRefused),
        (redis.ReadOnlyError("You can't write"), StoreRefused),
        (redis.ResponseError("WRONGTYPE Operation"), StoreRefused),
    ],
)
def test_errors_of_redis_py_become_ours(theirs, ours):
    with pytest.raises(ours), translated(StoreUrl("redis://host")):
        raise theirs


def test_an_error_shows_no_password():
    with pytest.raises(StoreDown) as error, translated(StoreUrl("redis://user:secret@host")):
        raise redis.ConnectionError
    assert "secret" not in str(error.value)


def test_a_url_that_makes_no_sense():
    with pytest.raises(SettingsError, match="no URL that can be read"):
        connect("redis://host:port")


def test_a_hung_store_costs_seconds_not_a_minute(store, monkeypatch):
    """redis-py waits 58 s by default; here one deadline and no second try."""
    monkeypatch.setattr("router.store.client.REPLY_SECONDS", 0.2)
    with opened(store) as url, connect(url) as client:
        pid = client.info("server")["process_id"]
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(redis.TimeoutError):
                client.get("a")
            with pytest.raises(SettingsError, match="hangs"), opened(store):
                pass
        finally:
            os.kill(pid, signal.SIGCONT)


def test_a_refusal_begins_with_its_code(store):
    """It is what `StoreRefused.code` is made of, and redis-py takes it away."""
    with opened(store) as url, connect(url) as client:
        client.config_set("maxmemory", 1)
        with pytest.raises(StoreRefused) as error, translated(store):
            client.set("a", "b")
        assert error.value.code == "OOM"


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://ivr:secret@127.0.0.1:1,127.0.0.1:2/hotline?sentinel_password=secret",
        "cluster://:secret@127.0.0.1:1",
    ],
)
def test_several_servers_of_which_none_answers(url):
    """One line, without a password."""
    with pytest.raises(StoreDown) as error, connected(StoreUrl.parse(url)):
        pytest.fail("there is none")
    assert "secret" not in str(error.value)
    assert len(str(error.value)) < 250
