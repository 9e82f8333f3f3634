"""A cluster of three masters and three replicas: callers, journal and contacts are on all of them."""

import csv
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest

from loadtest.stack import Ivr
from router.numbers import PseudonymKey, normalise
from router.settings import StoreUrl
from router.store.keyfile import load_key
from router.store.layout import LOADS, contacts_key, customer_key
from router.store.shards import slot_of
from router.store.stream import STREAM
from tests.doctor.test_redis_info import documented_rule
from tests.faults.calls import Outcome, known_but_for_stalls, nobody_was_lost, settled
from tests.faults.conftest import CUSTOMERS, Rig, told
from tests.faults.redis_server import RedisServer
from tests.faults.several import Cluster, cluster, is_well, joined
from tests.waiting import until

pytestmark = pytest.mark.fault


def pseudonyms(rig: Rig, url: str) -> Mapping[str, str]:
    """Of the customers' numbers."""
    key: PseudonymKey = load_key(rig.key, StoreUrl(url))
    found = {each.number: normalise(each.number, "CN") for each in CUSTOMERS}
    return {number: key.pseudonym(normal) for number, normal in found.items() if normal is not None}


def journaled(store: Cluster) -> Counter[str]:
    """How often each call's routing is on the stream."""
    with store.client() as client:
        entries: Any = client.xrange(STREAM)
    return Counter(orjson.loads(fields[b"event"])["call_id"] for _, fields in entries)


def ivr(*arguments: str) -> str:
    command = (sys.executable, "-m", "router", *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_callers_of_all_slots_are_known_and_everything_is_written(rig: Rig) -> None:
    store = cluster(rig)
    router, calls = rig.router(store.url), rig.calls()
    by_third = Counter(map(store.place, pseudonyms(rig, store.url).values()))
    assert min(by_third[third] for third in range(3)) > 20
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        until(lambda: len(calls.outcomes) > len(CUSTOMERS), "each customer has called")
    nobody_was_lost(calls.outcomes)
    known_but_for_stalls(calls.outcomes)
    until(lambda: journaled(store).total() == len(calls.outcomes), "all calls are journaled")
    until(lambda: router.sample("ivr_journal_waiting") == 0, "contacts are written")
    assert max(journaled(store).values()) == 1
    assert router.sample("ivr_journal_dropped_total") == 0
    with store.client() as client:
        for pseudonym in pseudonyms(rig, store.url).values():
            assert client.llen(contacts_key(pseudonym)) > 0  # type: ignore[arg-type]


@pytest.mark.long
def test_tools_see_all_of_it(rig: Rig) -> None:
    """Export, show, journal, doctor and purge, by redis-py."""
    store = cluster(rig)
    rig.router(store.url)
    calls = rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
    until(lambda: journaled(store).total() == len(calls.outcomes), "all calls are journaled")
    at, with_key = ("--store", store.url), ("--store", store.url, "--key-file", str(rig.key))
    exported = list(csv.DictReader(ivr("customers", "export", *at).splitlines()))
    assert {row["pseudonym"] for row in exported} == set(pseudonyms(rig, store.url).values())
    first = CUSTOMERS[0]
    assert "70" in ivr("customers", "show", first.number, *with_key)
    assert len(ivr("journal", "export", *at).splitlines()) == len(calls.outcomes)
    assert first.destination in ivr("explain", "--call", calls.outcomes[0].call_id, *at)
    purged = json.loads(ivr("purge", first.number, *with_key, "--format", "json"))
    assert (purged["found"]["customers"], purged["found"]["journal"]) == (1, purged["calls"])
    with store.client() as client:
        assert client.exists(customer_key(pseudonyms(rig, store.url)[first.number])) == 0  # type: ignore[arg-type]
    doctor = json.loads(ivr("doctor", *with_key, "--format", "json"))
    assert [one for one in doctor["findings"] if one["part"] == "store" and one["severity"] == "error"] == []


@pytest.mark.long
def test_a_user_of_least_rights_is_enough(rig: Rig) -> None:
    store = cluster(rig)
    for server in store.servers:
        server.tell(*documented_rule(), "+role", "+asking", "+readonly", "+cluster|slots")
    url = store.url.replace("://", "://ivr:pw@")
    router, calls = rig.router(url, "--replica", url), rig.calls()
    until(lambda: router.sample("ivr_replica_up") == 1, "the replicas answer")
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
    until(lambda: journaled(store).total() == len(calls.outcomes), "all calls are journaled")
    assert router.sample("ivr_journal_dropped_total") == 0


@pytest.mark.long
def test_what_the_observer_reads_is_journaled(rig: Rig) -> None:
    """Its events are on the stream, once, though it is killed and starts again."""
    store = cluster(rig)
    log = rig.folder / "queue_log"
    now = int(time.time())
    log.write_text(
        "".join(
            f"{now}|{now}.{call}|general-queue|NONE|ENTERQUEUE||13900010001|1\n"
            f"{now + 1}|{now}.{call}|general-queue|NONE|ABANDON|1|1|1\n"
            for call in range(50)
        )
    )
    secret = rig.folder / "secret"
    secret.write_text("pw")
    secret.chmod(0o600)
    given = (
        "watch",
        "--ami",
        "127.0.0.1:1",
        "--ami-secret-file",
        str(secret),
        "--store",
        store.url,
        "--key-file",
        str(rig.key),
    )
    given += ("--queue-log", str(log), "--state", str(rig.folder / "watch"))

    def watching(number: int) -> Ivr:
        metrics = f"127.0.0.1:{rig.ports.take()}"
        return Ivr(given, metrics=metrics, log=rig.folder / f"watch-{number}.log", page="healthz")

    observer = watching(0)
    until(lambda: journaled(store).total() >= 50, "events are journaled")
    observer.stop()
    before = journaled(store)
    with log.open("a") as more:
        more.write(f"{now + 2}|{now}.99|general-queue|NONE|ENTERQUEUE||13900010001|1\n")
        more.write(f"{now + 3}|{now}.99|general-queue|NONE|ABANDON|1|1|1\n")
    again = watching(1)
    until(lambda: f"{now}.99" in journaled(store), "what is new is journaled")
    again.stop()
    assert {call: times for call, times in journaled(store).items() if call in before} == dict(before)


def kill(server: RedisServer) -> None:
    server.kill()


def stop(server: RedisServer) -> None:
    server.signal(signal.SIGSTOP)


@pytest.mark.parametrize(
    ("tag", "gone", "name"),
    [
        ("callers", kill, "killed"),
        pytest.param("callers", stop, "stopped", marks=pytest.mark.long),
        pytest.param(STREAM, kill, "of the journal killed", marks=pytest.mark.long),
        pytest.param(LOADS, kill, "of the loads killed", marks=pytest.mark.long),
    ],
)
def test_a_master_that_is_gone(rig: Rig, tag: str, gone: Callable[[RedisServer], None], name: str) -> None:
    """Its callers are unknown until its replica has its place; all others are known all the time."""
    store = cluster(rig)
    apart = {store.place(STREAM), store.place(LOADS)}
    place = store.place(tag) if tag != "callers" else next(iter({0, 1, 2} - apart))
    old = store.servers[place]
    his = {number for number, known in pseudonyms(rig, store.url).items() if store.place(known) == place}
    router, calls = rig.router(store.url), rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        at = time.monotonic()
        gone(old)
        until(lambda: store.servers[place + 3].tell("ROLE")[0] == b"master", "the replica has its place")
        noticed = time.monotonic()
        until(settled(calls, noticed), "callers are known again")
        until(lambda: router.sample("ivr_store_up") == 1, "all of the store is there")
        if gone is stop:
            old.signal(signal.SIGCONT)
        else:
            old.start()
        until(lambda: old.tell("ROLE")[0] == b"slave", "the old master follows")
        until(settled(calls, time.monotonic()), "calls are decided")
    nobody_was_lost(calls.outcomes)
    label = f"master {name}, cluster (its replica had its place after {noticed - at:.1f} s)"
    row = told(label, calls.outcomes, over_at=noticed)
    known_but_for_stalls([each for each in calls.outcomes if each.caller.number not in his])
    assert row.unknown > 0
    assert_journaled(store, calls.outcomes)
    assert router.sample("ivr_journal_dropped_total") == 0
    until(lambda: router.sample("ivr_journal_waiting") == 0, "all contacts are written")


def assert_journaled(store: Cluster, outcomes: list[Outcome]) -> None:
    """None twice; those that are not there were lost by the failover itself: some batches at most."""
    until(lambda: outcomes[-1].call_id in journaled(store), "the last call is journaled")
    found = journaled(store)
    assert [call for call, times in found.items() if times > 1] == []
    lost = {each.call_id for each in outcomes if each.is_routed} - found.keys()
    assert len(lost) <= 8, lost


@pytest.mark.long
def test_a_replica_of_the_cluster_is_asked(rig: Rig) -> None:
    """``--replica`` with the same URL: the replica of each master, who is there when it is not."""
    store = cluster(rig)
    router, calls = rig.router(store.url, "--replica", store.url), rig.calls()
    until(lambda: router.sample("ivr_replica_up") == 1, "the replicas answer")
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        store.servers[0].kill()
        gone = time.monotonic()
        until(lambda: store.servers[3].tell("ROLE")[0] == b"master", "the replica has its place")
        until(settled(calls, time.monotonic()), "calls are decided")
    nobody_was_lost(calls.outcomes)
    told("master killed, cluster, replicas are asked", calls.outcomes, over_at=gone)
    assert router.sample("ivr_routed_total", data="replica") > 0
    known_but_for_stalls(calls.outcomes)


@pytest.mark.long
def test_slots_move_under_load(rig: Rig) -> None:
    """To a node that has none: by redis-cli, while their callers call."""
    store = cluster(rig)
    with_none = joined(rig, store, "node-6")
    until(lambda: is_well(with_none), "it has joined")
    router, calls = rig.router(store.url), rig.calls()
    to, source = store.ids[with_none.address.port], store.servers[0]
    move = ("redis-cli", "--cluster", "reshard", str(source.address), "--cluster-slots", "500")
    move += ("--cluster-from", store.ids[source.address.port], "--cluster-to", to, "--cluster-yes")
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        subprocess.run(move, check=True, capture_output=True)
        over = time.monotonic()
        until(settled(calls, over), "calls are decided")
    nobody_was_lost(calls.outcomes)
    told("500 slots move to a new node of the cluster", calls.outcomes, over_at=over)
    known_but_for_stalls(calls.outcomes)
    until(lambda: journaled(store).total() == len(calls.outcomes), "all calls are journaled")
    assert router.sample("ivr_journal_dropped_total") == 0


@pytest.mark.parametrize("tag", ["a caller", pytest.param(STREAM, marks=pytest.mark.long)])
def test_a_slot_that_stays_on_its_way(rig: Rig, tag: str) -> None:
    """Some of its keys are here, some there (ASK, TRYAGAIN): the caller is known, the journal complete."""
    store = cluster(rig)
    caller = CUSTOMERS[3]
    known = pseudonyms(rig, store.url)[caller.number] if tag == "a caller" else tag
    place = store.place(known)
    source, target = store.servers[place], store.servers[(place + 1) % 3]
    slot = slot_of(known)
    router, calls = rig.router(store.url), rig.calls()

    def called() -> Callable[[], bool]:
        since = time.monotonic()
        return lambda: any(each.caller == caller and each.at > since for each in calls.outcomes)

    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        target.tell("CLUSTER", "SETSLOT", slot, "IMPORTING", store.ids[source.address.port])
        source.tell("CLUSTER", "SETSLOT", slot, "MIGRATING", store.ids[target.address.port])
        until(called(), "the caller calls, whose keys are here yet")
        keys = source.tell("CLUSTER", "GETKEYSINSLOT", slot, 10)
        for key in keys:
            source.tell("MIGRATE", "127.0.0.1", target.address.port, key, 0, 5000)
            until(called(), "the caller calls, some of whose keys are there")
        for server in (target, source, store.servers[(place + 2) % 3]):
            server.tell("CLUSTER", "SETSLOT", slot, "NODE", store.ids[target.address.port])
        over = time.monotonic()
        until(settled(calls, over), "calls are decided")
        until(called(), "the caller calls, whose keys are there")
    nobody_was_lost(calls.outcomes)
    told(f"a slot of the cluster moves key by key ({tag})", calls.outcomes, over_at=over)
    known_but_for_stalls(calls.outcomes)
    until(lambda: journaled(store).total() == len(calls.outcomes), "all calls are journaled")
    assert max(journaled(store).values()) == 1
    assert router.sample("ivr_journal_dropped_total") == 0


@pytest.mark.long
def test_an_import_goes_on_while_slots_move_and_after_it_was_cut_off(rig: Rig) -> None:
    """All of it is there once it is done, and its mark is gone."""
    store = cluster(rig)
    with_none = joined(rig, store, "node-6")
    until(lambda: is_well(with_none), "it has joined")
    file = rig.folder / "many.csv"
    file.write_text(ivr("customers", "generate", "10000"))
    source = store.servers[0]
    move = ("redis-cli", "--cluster", "reshard", str(source.address), "--cluster-slots", "300")
    move += ("--cluster-from", store.ids[source.address.port])
    move += ("--cluster-to", store.ids[with_none.address.port], "--cluster-yes")
    at = ("--store", store.url, "--key-file", str(rig.key))
    command = (sys.executable, "-m", "router", "customers", "import", str(file), *at, "--batch", "100")
    with subprocess.Popen(move, stdout=subprocess.DEVNULL) as moving:
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as importing:
            with store.client() as client:
                until(lambda: client.exists("ivr:import:many.csv"), "it has a mark")
            importing.send_signal(signal.SIGINT)
        subprocess.run((*command, "--resume"), check=True, capture_output=True)
    assert (importing.returncode, moving.returncode) == (130, 0)
    with store.client() as client:
        assert client.exists("ivr:import:many.csv") == 0
    exported = {row["pseudonym"] for row in csv.DictReader(ivr("customers", "export", *at[:2]).splitlines())}
    key = load_key(rig.key, StoreUrl(store.url))
    with file.open() as lines:
        numbers = [normalise(row["number"], "CN") for row in csv.DictReader(lines)]
    assert {key.pseudonym(number) for number in numbers if number} <= exported
