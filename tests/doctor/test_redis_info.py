"""A real Valkey with real mistakes in its set-up."""

import re
import time
from pathlib import Path

import pytest
import redis

from router.doctor import redis_info, store
from router.doctor.finding import Severity
from router.doctor.store import NoStore, StoreSeen
from router.settings import StoreUrl
from router.store.client import connect
from router.store.embedded import opened
from router.store.journal import SCRIPT
from router.store.keyfile import check_key, load_key, make_key

DOCUMENT = Path(__file__).parents[2] / "docs/reference/store.md"


@pytest.fixture
def server(tmp_path):
    """A Valkey for one test alone, to be set up wrongly: its URL and a client."""
    with opened(StoreUrl(f"embedded:{tmp_path}/store")) as url, connect(url) as client:
        yield StoreUrl(url), client


@pytest.fixture
def key_file(tmp_path):
    make_key(tmp_path / "key")
    return tmp_path / "key"


def findings(url, key_file=None):
    seen = redis_info.look(url, key_file, time.time)
    assert isinstance(seen, StoreSeen), seen
    return {one.check: one for one in store.checks(url, seen)}


def as_user(url, name):
    """The URL with a user of the password "pw" in it."""
    return StoreUrl(url.text.replace("unix://", f"unix://{name}:pw@"))


def documented_rule():
    """The rule for ACL SETUSER that the reference gives, of user ivr with the password "pw"."""
    (rule,) = re.findall(r"^ACL SETUSER ivr .*?(?=\n```)", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    return [word.replace(">PASSWORD", ">pw") for word in rule.replace("\\\n", " ").split()]


def test_of_a_server_as_it_comes_only_the_user_is_worth_a_warning(server, key_file):
    url, client = server
    check_key(client, load_key(key_file, url), claim=True)
    found = findings(url, key_file)
    assert {name for name, one in found.items() if one.severity != Severity.OK} == {"store-user"}
    assert found["store-user"].severity == Severity.WARNING
    assert found["store-version"].text.startswith("valkey ")


def test_a_server_without_persistence_is_worth_a_warning(server):
    url, client = server
    client.config_set("appendonly", "no")
    assert findings(url)["store-persistence"].severity == Severity.WARNING
    client.config_set("save", "3600 1")
    assert "snapshots (save 3600 1)" in findings(url)["store-persistence"].text


def test_a_server_that_throws_customers_away_is_an_error(server):
    url, client = server
    client.config_set("maxmemory", "100mb")
    client.config_set("maxmemory-policy", "allkeys-lru")
    assert findings(url)["store-eviction"].severity == Severity.ERROR


def test_a_replica_is_an_error(server):
    url, client = server
    client.replicaof("127.0.0.1", "1")
    assert findings(url)["store-role"].severity == Severity.ERROR


def test_another_key_than_the_customers_is_an_error(server, key_file, tmp_path):
    url, client = server
    check_key(client, load_key(key_file, url), claim=True)
    make_key(tmp_path / "another")
    found = findings(url, tmp_path / "another")["store-key"]
    assert (found.severity, "another key" in found.text) == (Severity.ERROR, True)
    (tmp_path / "another").chmod(0o644)
    assert "chmod 600" in findings(url, tmp_path / "another")["store-key"].text


def test_a_key_that_nobody_was_imported_with_is_worth_a_warning(server, key_file):
    assert findings(server[0], key_file)["store-key"].severity == Severity.WARNING


def test_a_user_with_the_rights_of_the_reference_is_well_and_can_do_its_work(server, key_file):
    url, client = server
    check_key(client, load_key(key_file, url), claim=True)
    client.execute_command(*documented_rule())
    ours = as_user(url, "ivr")
    assert {one.severity for one in findings(ours, key_file).values()} == {Severity.OK}
    with connect(ours.text) as mine:
        assert mine.hmget("c:{k1.a}", ["k"]) == [None]
        assert mine.eval(SCRIPT, 2, "ivr:journal", "{ivr:journal}:w:me", 100, 60, 1, "{}", "") == 1
        mine.lpush("h:{k1.a}", "x")
        mine.ltrim("h:{k1.a}", 0, 1)
        mine.expire("h:{k1.a}", 60)
        mine.hset("ivr:load", "vip", "x")
        mine.delete("ivr:load")
        for forbidden in (
            ("HSET", "c:{k1.a}", "k", "1"),
            ("HSET", "ivr:keys", "k1", "x"),
            ("DEL", "c:{k1.a}"),
            ("SCAN", "0"),
            ("CONFIG", "GET", "*"),
            ("FLUSHALL",),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                mine.execute_command(*forbidden)


def test_what_a_user_may_not_ask_is_skipped(server):
    url, client = server
    client.execute_command("ACL", "SETUSER", "mute", "on", ">pw", "-@all", "+ping", "+client|setname")
    skipped = {name for name, one in findings(as_user(url, "mute")).items() if one.severity == "skipped"}
    assert skipped >= {"store-version", "store-persistence", "store-memory", "store-role", "store-clock"}


def test_a_wrong_password_is_told_and_the_password_is_not(server):
    url, client = server
    client.execute_command("ACL", "SETUSER", "ivr", "on", ">other", "+@all")
    seen = redis_info.look(as_user(url, "ivr"), None, time.time)
    assert isinstance(seen, NoStore)
    assert "invalid username-password pair" in seen.detail


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    seen = redis_info.look(StoreUrl(f"embedded:{tmp_path}/none"), None, time.time)
    assert isinstance(seen, NoStore)
    assert not (tmp_path / "none").exists()


def test_an_embedded_store_without_a_key_is_not_given_one(tmp_path):
    (tmp_path / "store").mkdir()
    url = StoreUrl(f"embedded:{tmp_path}/store")
    assert findings(url)["store-key"].severity == Severity.SKIPPED
    assert not list((tmp_path / "store").glob("*.key"))
