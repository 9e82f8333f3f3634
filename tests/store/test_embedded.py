"""A Valkey in a folder: who starts it, who stops it, and what it survives."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from router.errors import SettingsError, StoreDown
from router.settings import StoreUrl
from router.store.client import connect, translated
from router.store.embedded import LOG, SOCKET, connected, opened

USER = """
import sys
from router.settings import StoreUrl
from router.store.embedded import connected
with connected(StoreUrl(sys.argv[1])) as client:
    print(client.info("server")["process_id"], flush=True)
    sys.stdin.read()
"""


class User:
    """A process of its own that uses the store until it is let go or killed."""

    def __init__(self, store: StoreUrl) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, store.text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        assert self.process.stdout
        self.server = int(self.process.stdout.readline())

    def leave(self) -> None:
        self.process.communicate(timeout=30)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=30)

    def interrupt(self) -> None:
        """Ctrl-C in its terminal: SIGINT to the whole process group."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.communicate(timeout=30)


def is_alive(pid: int) -> bool:
    """The process runs (what has ended and waits for its parent does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def until(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited for 20 s"
        time.sleep(0.01)


@pytest.fixture
def store(tmp_path):
    return StoreUrl(f"embedded:{tmp_path}/store")


def server_of(store: StoreUrl) -> int:
    with connected(store) as client:
        return client.info("server")["process_id"]


def test_a_store_of_its_own_is_left_alone():
    """A URL that is none of ours goes through as it is."""
    with opened(StoreUrl("redis://10.0.0.1:6379/3")) as url:
        assert url == "redis://10.0.0.1:6379/3"


def test_it_is_there_inside_and_gone_after(store):
    with opened(store) as url, connect(url) as client:
        assert client.ping()
        pid = client.info("server")["process_id"]
        assert os.getsid(pid) not in {0, os.getsid(0)}, "Ctrl-C in the terminal would end it"
    assert not is_alive(pid)


def test_only_its_owner_can_look_in(store):
    """The folder is 0700 and everything in it closed to others; no TCP port is open."""
    with connected(store) as client:
        client.set("a", "b")
        assert client.config_get("port") == {"port": "0"}
        folder = store.embedded
        assert folder.stat().st_mode & 0o777 == 0o700
        assert [path for path in folder.rglob("*") if path.stat().st_mode & 0o077] == []


def test_data_outlive_the_server(store):
    with connected(store) as client:
        client.set("a", "b")
    with connected(store) as client:
        assert client.get("a") == b"b"


def test_append_only_every_second(store):
    with connected(store) as client:
        found = client.config_get("append*", "save")
        assert (found["appendonly"], found["appendfsync"], found["save"]) == ("yes", "everysec", "")


def test_a_folder_given_relative_to_where_we_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with opened(StoreUrl("embedded:run/store")) as url:
        monkeypatch.chdir("/")
        with connect(url) as client:
            assert client.ping()
    assert (tmp_path / "run/store" / LOG).exists()


@pytest.mark.parametrize("name", ["x" * 200, "a b", "50%", "q'\"", "中文", "a#b?c=d"])
def test_folders_with_names_of_any_kind(tmp_path, name):
    """Also where the socket's address would be longer than the 107 bytes there are for it."""
    store = StoreUrl(f"embedded:{tmp_path}/{name}")
    with connected(store) as client:
        client.set("a", "b")
        assert server_of(store) == client.info("server")["process_id"]
    assert (tmp_path / name / LOG).exists()
    with connected(store) as client:
        assert client.get("a") == b"b"


def test_a_second_process_attaches(store):
    with connected(store) as client:
        client.set("a", "b")
        user = User(store)
        assert user.server == client.info("server")["process_id"]
        user.leave()
        assert client.get("a") == b"b"


def test_whoever_leaves_last_stops_it(store):
    """The first to come may be the first to go: an import, while the router starts."""
    first = User(store)
    second = User(store)
    first.leave()
    assert is_alive(second.server)
    assert server_of(store) == second.server
    second.leave()
    assert not is_alive(second.server)


def test_many_at_once_have_one_server(store):
    with ThreadPoolExecutor() as threads:
        users = list(threads.map(User, [store] * 4))
    assert len({user.server for user in users}) == 1
    with ThreadPoolExecutor() as threads:
        list(threads.map(User.leave, users))
    assert not is_alive(users[0].server)


def test_ctrl_c_ends_its_user_in_order(store):
    """The signal goes to the process group; the store is not in it and is stopped by its user."""
    user = User(store)
    user.interrupt()
    assert not is_alive(user.server)
    assert "User requested shutdown" in (store.embedded / LOG).read_text()


def test_kill_9_of_who_started_it(store):
    """The server serves on, and whoever comes next looks after it."""
    first = User(store)
    first.kill()
    assert is_alive(first.server)
    assert server_of(store) == first.server
    assert not is_alive(first.server)


def test_kill_9_of_the_server(store):
    """Its socket stays behind and is no obstacle; what it was told is still there."""
    with connected(store) as client:
        client.set("a", "b")
        client.config_set("appendfsync", "always")
        client.set("c", "d")
        pid = client.info("server")["process_id"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: not is_alive(pid))
        assert (store.embedded / SOCKET).exists()
    with connected(store) as client:
        assert client.mget("a", "c") == [b"b", b"d"]
        assert client.info("server")["process_id"] != pid


def test_a_server_killed_while_used_is_replaced_for_those_who_come(store):
    """Who was there before leaves the new one alone as long as others use it."""
    with ExitStack() as early:
        os.kill(early.enter_context(connected(store)).info("server")["process_id"], signal.SIGKILL)
        user = User(store)
        early.close()
        assert is_alive(user.server)
    user.leave()
    assert not is_alive(user.server)


def test_the_folder_is_removed_while_it_runs(store, tmp_path):
    """As by rm -r run: the server can no longer be reached, but it is not left behind."""
    with connected(store) as client:
        pid = client.info("server")["process_id"]
        store.embedded.rename(tmp_path / "away")
    assert not is_alive(pid)


def test_a_socket_removed_does_not_start_a_second_server(store, monkeypatch):
    """Two servers on one append-only file would ruin it."""
    with connected(store):
        monkeypatch.setattr("router.store.embedded._START_TRIES", 5)
        (store.embedded / SOCKET).unlink()
        with pytest.raises(SettingsError, match="is alive, but not to be reached"), opened(store):
            pass


def test_data_that_cannot_be_read_are_told_with_the_log(store):
    with connected(store) as client:
        client.set("a", "b")
    [file] = store.embedded.glob("appendonlydir/*.incr.aof")
    file.write_bytes(b"*3\r\n$3\r\nSET\r\ngarbage\r\n" + file.read_bytes())
    with pytest.raises(SettingsError, match=r"(?s)cannot be started:.*Bad file format"), opened(store):
        pass


def test_one_that_is_too_slow_to_start_is_not_left_behind(store, monkeypatch):
    with monkeypatch.context() as hurry:
        hurry.setattr("router.store.embedded._START_TRIES", 1)
        with pytest.raises(SettingsError, match="not to be reached"), opened(store):
            pass
    with (store.embedded / "valkey.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError), opened(StoreUrl(f"embedded:{tmp_path}/file/store")):
        pass


def test_nobody_there_is_store_down():
    with (
        pytest.raises(StoreDown, match=r"store redis://127\.0\.0\.1:1"),
        connected(StoreUrl("redis://127.0.0.1:1")),
    ):
        pass


def test_errors_of_redis_py_become_ours(store):
    with ExitStack() as stack:
        client = stack.enter_context(connected(store))
        client.shutdown(nosave=True)
        stack.enter_context(pytest.raises(StoreDown))
        stack.enter_context(translated(store))
        client.get("a")
