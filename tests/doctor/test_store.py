"""What a store says, and what the doctor makes of it."""

from dataclasses import replace

import pytest

from router.doctor import store
from router.doctor.finding import Severity
from router.doctor.store import KeyState, NoStore, StoreSeen
from router.settings import StoreUrl

URL = StoreUrl("redis://ivr:secret@127.0.0.1:6379")
GIB = str(2**30)
INFO = {
    "redis_version": "7.2.4",
    "valkey_version": "9.1.2",
    "aof_enabled": "1",
    "aof_last_write_status": "ok",
    "rdb_last_bgsave_status": "ok",
    "maxmemory": GIB,
    "maxmemory_policy": "noeviction",
    "used_memory": "1000",
    "total_system_memory": GIB,
    "role": "master",
    "connected_slaves": "1",
}
WELL = StoreSeen(info=INFO, user="ivr", save=None, drift=0.001, key=KeyState.FITS)


def told(**lines):
    return replace(WELL, info={**INFO, **lines})


def found(seen, url=URL):
    return {one.check: one for one in store.checks(url, seen)}


def test_of_a_good_store_all_is_well():
    assert {one.severity for one in found(WELL).values()} == {Severity.OK}


@pytest.mark.parametrize(
    ("check", "seen", "severity", "word"),
    [
        ("store-version", replace(WELL, info={"redis_version": "7.0.15"}), "ok", "redis 7.0.15"),
        ("store-version", replace(WELL, info={"redis_version": "5.0.3"}), "warning", "redis 5.0.3"),
        ("store-key", replace(WELL, key=KeyState.UNUSED), "warning", "every caller is unknown"),
        ("store-key", replace(WELL, key=KeyState.WRONG, key_detail="another key"), "error", "another key"),
        ("store-key", replace(WELL, key=KeyState.ABSENT), "skipped", "--key-file"),
        ("store-persistence", replace(told(aof_enabled="0"), save="3600 1"), "ok", "3600 1"),
        ("store-persistence", replace(told(aof_enabled="0"), save=""), "warning", "nor snapshots"),
        ("store-persistence", told(aof_enabled="0"), "warning", "does not tell"),
        ("store-persistence", told(aof_last_write_status="err"), "error", "cannot be written"),
        ("store-persistence", told(aof_enabled="0", rdb_last_bgsave_status="err"), "error", "refuse writes"),
        ("store-eviction", told(maxmemory_policy="allkeys-lru"), "error", "throws customers away"),
        ("store-eviction", told(maxmemory_policy="allkeys-lru", maxmemory="0"), "warning", "customers"),
        ("store-eviction", told(maxmemory_policy="volatile-ttl"), "warning", "contacts"),
        ("store-memory", told(used_memory=str(900 * 2**20)), "warning", "88% of maxmemory"),
        ("store-memory", told(used_memory=str(1020 * 2**20)), "error", "100% of maxmemory"),
        ("store-memory", told(maxmemory="0", used_memory=str(2**29)), "ok", "50% of the machine's memory"),
        ("store-role", told(role="slave", master_link_status="up"), "error", "this is a replica:"),
        ("store-role", told(role="slave", master_link_status="down"), "error", "is down"),
        ("store-user", replace(WELL, user="default", save=""), "warning", "default user"),
        ("store-user", replace(WELL, save=""), "warning", "user ivr may change"),
        ("store-clock", replace(WELL, drift=2.5), "warning", "2.5 s ahead of"),
        ("store-clock", replace(WELL, drift=-2.5), "warning", "2.5 s behind"),
        ("store-clock", replace(WELL, drift=None), "skipped", "user ivr"),
    ],
)
def test_what_is_wrong_is_found(check, seen, severity, word):
    one = found(seen)[check]
    assert (one.severity, word in one.text) == (severity, True), one
    assert bool(one.remedy) == (severity in {"warning", "error"})


def test_what_the_user_may_not_ask_is_skipped():
    silent = found(replace(WELL, info={}, drift=None))
    skipped = {name for name, one in silent.items() if one.severity == Severity.SKIPPED}
    assert skipped == found(WELL).keys() - {"store-key", "store-user", "store-encryption"}


@pytest.mark.parametrize(
    ("url", "severity"),
    [
        ("redis://127.0.0.1", "ok"),
        ("redis://localhost:6380/1", "ok"),
        ("redis://[::1]:6380", "ok"),
        ("unix:///run/valkey.sock", "ok"),
        ("embedded:run/store", "ok"),
        ("rediss://user:pw@store.example?ssl_ca_certs=ca.pem", "ok"),
        ("redis://user:pw@192.0.2.1", "warning"),
        ("redis://store.example", "warning"),
        ("sentinel://127.0.0.1:1,127.0.0.2:2/x", "ok"),
        ("sentinel://127.0.0.1:1,192.0.2.1/x", "warning"),
        ("cluster://192.0.2.1,192.0.2.2?ssl=true", "ok"),
    ],
)
def test_a_store_beyond_this_machine_wants_tls(url, severity):
    assert store.encryption(StoreUrl(url), WELL).severity == severity


def test_it_matters_where_the_master_is_that_sentinels_name():
    seen = replace(WELL, server="192.0.2.7:6379")
    url = StoreUrl("sentinel://127.0.0.1/x")
    assert store.encryption(url, seen).severity == Severity.WARNING
    assert "its master: 192.0.2.7:6379" in store.reached(url, seen).text


def test_of_a_cluster_the_worst_of_its_masters_is_told():
    """Once each; where not all is well the master is named."""
    url = StoreUrl("cluster://127.0.0.1")
    full = replace(WELL, info={**WELL.info, "used_memory": "99", "maxmemory": "100"}, server="127.0.0.1:2")
    seen = replace(WELL, server="127.0.0.1:1", coverage="no", others=(replace(full, coverage="yes"),))
    found = {one.check: one for one in store.checks(url, seen)}
    assert len(found) == len(list(store.checks(url, seen)))
    assert found["store-memory"].severity == Severity.ERROR
    assert found["store-memory"].text.startswith("127.0.0.1:2: ")
    assert found["store-coverage"].severity == Severity.WARNING
    assert found["store-version"] == store.version(WELL)


def test_an_embedded_store_is_its_owners_whoever_asks():
    seen = replace(WELL, user="default", save="")
    assert store.user(StoreUrl("embedded:run/store"), seen).severity == Severity.OK


def test_a_store_that_does_not_answer_is_an_error_and_its_password_is_not_told():
    assert store.reached(URL, NoStore(detail="store is down")).severity == Severity.ERROR
    assert "secret" not in store.reached(URL, WELL).text
