"""A store behind sentinels loses its master: they make another one, and everything goes there."""

import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from router.store.stream import STREAM
from tests.doctor.test_redis_info import documented_rule
from tests.faults.calls import Outcome, nobody_was_lost, settled
from tests.faults.conftest import Rig, told
from tests.faults.redis_server import RedisServer
from tests.faults.several import SERVICE, guarded
from tests.waiting import until

pytestmark = pytest.mark.fault


def kill(server: RedisServer) -> None:
    server.kill()


def stop(server: RedisServer) -> None:
    server.signal(signal.SIGSTOP)


def start_again(server: RedisServer) -> None:
    server.start()


def go_on(server: RedisServer) -> None:
    server.signal(signal.SIGCONT)


@pytest.mark.parametrize(
    ("gone", "back", "name"),
    [(kill, start_again, "killed"), pytest.param(stop, go_on, "stopped", marks=pytest.mark.long)],
)
def test_a_master_that_is_gone(
    rig: Rig, gone: Callable[[RedisServer], None], back: Callable[[RedisServer], None], name: str
) -> None:
    """Writes go to the new master, and never to the old one when it is back."""
    store = guarded(rig)
    old = store.master()
    router, calls = rig.router(store.url), rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        until(lambda: old.tell("XLEN", STREAM) > 20, "the journal is written")
        at, wall = time.monotonic(), time.time()
        gone(old)
        new = until(lambda: (found := store.master()) is not old and found, "sentinels have another master")
        noticed = time.monotonic() - at
        first = until(lambda: written_since(new, wall), "writes are back")
        known = time.monotonic()
        until(settled(calls, known), "callers are known again")
        acknowledged = append_only_file(old)
        back(old)
        until(lambda: old.tell("ROLE")[0] == b"slave", "the old master follows")
        followed = time.monotonic()
        until(settled(calls, followed), "calls are decided")
        assert [each for each in clients(old) if each["name"] == "ivr"] == []
    nobody_was_lost(calls.outcomes)
    told(
        f"master {name}, sentinels (noticed after {noticed:.1f} s, writes back after {first - wall:.1f} s)",
        calls.outcomes,
        over_at=at + noticed,
    )
    assert first - wall - noticed <= 1.5
    assert_journaled(new, calls.outcomes, acknowledged)
    assert router.sample("ivr_journal_dropped_total") == 0


def written_since(server: RedisServer, wall: float) -> float:
    """When the first entry was written after a moment (by the store's clock); 0: there is none."""
    with server.client() as client:
        found: Any = client.xrange(STREAM, min=f"{wall * 1000 + 200:.0f}", count=1)
    return int(found[0][0].split(b"-")[0]) / 1000 if found else 0.0


def append_only_file(server: RedisServer) -> bytes:
    return b"".join(file.read_bytes() for file in sorted((server.folder / "appendonlydir").glob("*.aof")))


def clients(server: RedisServer) -> list[dict[str, str]]:
    with server.client() as client:
        return list(client.client_list())


def assert_journaled(server: RedisServer, outcomes: list[Outcome], acknowledged: bytes) -> None:
    """Each call once; what is not there was taken by the old master, who had not yet passed it on."""
    until(
        lambda: outcomes[-1].call_id in calls_in(server),
        "the last call is journaled",
    )
    found = calls_in(server)
    assert [call for call, times in found.items() if times > 1] == []
    lost = {each.call_id for each in outcomes if each.is_routed} - found.keys()
    print(f"{len(lost)} of {len(outcomes)} events were lost by the failover")
    assert [call for call in lost if f'"{call}"'.encode() not in acknowledged] == []


def calls_in(server: RedisServer) -> Counter[str]:
    with server.client() as client:
        entries: Any = client.xrange(STREAM)
    return Counter(orjson.loads(fields[b"event"])["call_id"] for _, fields in entries)


@pytest.mark.long
def test_users_of_least_rights_and_sentinels_with_a_password(rig: Rig) -> None:
    """The rule in the reference is enough; the sentinels have a user of their own."""
    asks = ("ACL", "SETUSER", "asks", "on", ">sw", "-@all", "+sentinel|masters")
    store = guarded(rig, sentinel=(asks,))
    for server in store.servers:
        server.tell(*documented_rule(), "+role")
    for each in store.sentinels:
        each.tell("ACL", "SETUSER", "default", "-sentinel|masters")
    url = f"sentinel://ivr:pw@{store.hosts}/{SERVICE}?sentinel_username=asks&sentinel_password=sw"
    router, calls = rig.router(url), rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        until(lambda: store.master().tell("XLEN", STREAM) > 20, "the journal is written")
    assert router.sample("ivr_journal_dropped_total") == 0


@pytest.mark.long
def test_one_sentinel_of_three_is_enough_to_be_told(rig: Rig) -> None:
    """One is silent, one is gone: the last one is asked, and the router starts."""
    store = guarded(rig)
    store.sentinels[0].signal(signal.SIGSTOP)
    store.sentinels[1].kill()
    rig.router(store.url)
    calls = rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
    nobody_was_lost(calls.outcomes)


@pytest.mark.long
def test_a_replica_is_asked_while_there_is_no_master(rig: Rig) -> None:
    """``--replica`` with the same URL: one of the master's replicas.

    Sentinels cut its clients, too, when they have it follow the new master; in that instant there is nobody.
    """
    store = guarded(rig)
    old = store.master()
    router, calls = rig.router(store.url, "--replica", store.url), rig.calls()
    until(lambda: router.sample("ivr_replica_up") == 1, "the replica answers")
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        old.kill()
        gone = time.monotonic()
        until(lambda: store.master() is not old, "sentinels have another master")
        until(settled(calls, time.monotonic()), "calls are decided")
    nobody_was_lost(calls.outcomes)
    row = told("master killed, sentinels, a replica is asked", calls.outcomes, over_at=gone)
    assert router.sample("ivr_routed_total", data="replica") > 0
    assert row.unknown < row.calls / 5  # it is there again at once, or the master is
