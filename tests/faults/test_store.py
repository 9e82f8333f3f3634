"""The store fails while calls are decided: every caller is routed, by what is known of him or as unknown."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.calls import nobody_was_lost, settled
from tests.faults.conftest import Rig, told
from tests.faults.proxy import Proxy, Way
from tests.faults.redis_server import RedisServer
from tests.waiting import until

pytestmark = pytest.mark.fault


def test_killed_and_back_after_five_seconds(rig: Rig) -> None:
    store = rig.store()
    router, calls = rig.router(store.url), rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        store.kill()
        gone = time.monotonic()
        until(lambda: router.sample("ivr_store_up") == 0, "the breaker is open")
        until(lambda: time.monotonic() > gone + 5, "five seconds")
        store.start()
        back = time.monotonic()
        until(settled(calls, back), "callers are known again")
    nobody_was_lost(calls.outcomes)
    row = told("store killed, back after 5 s", calls.outcomes, over_at=back)
    assert row.unknown == router.sample("ivr_routed_total", data="absent") > 0


@pytest.mark.long
def test_stopped_for_ten_seconds(rig: Rig) -> None:
    """It is not waited for any more, but for one greeting a second."""
    store = rig.store()
    with Proxy(store.address) as proxy:
        router, calls = rig.router(f"redis://{proxy.address}"), rig.calls()
        with calls.flow():
            until(settled(calls, 0), "calls are decided")
            store.signal(signal.SIGSTOP)
            stopped, before = time.monotonic(), proxy.connections
            until(lambda: router.sample("ivr_store_up") == 0, "the breaker is open")
            until(lambda: time.monotonic() > stopped + 10, "ten seconds")
            tried = proxy.connections - before
            store.signal(signal.SIGCONT)
            back = time.monotonic()
            until(settled(calls, back), "callers are known again")
        nobody_was_lost(calls.outcomes)
        told("store stopped for 10 s", calls.outcomes, over_at=back)
    assert tried <= 2 * 11  # lookups and journal have a connection each
    waited = [each for each in calls.outcomes if each.seconds > 0.04]
    assert len(waited) < len([each for each in calls.outcomes if each.is_unknown]) / 2


@pytest.mark.parametrize(
    ("way", "delay", "name"),
    [
        pytest.param(Way.SLOW, 0.02, "20 ms late", marks=pytest.mark.long),
        (Way.SLOW, 0.2, "200 ms late"),
        pytest.param(Way.TRICKLE, 0, "one byte a second", marks=pytest.mark.long),
        (Way.RESET, 0, "RST in mid-reply"),
        pytest.param(Way.GARBAGE, 0, "garbage", marks=pytest.mark.long),
        (Way.HOLE, 0, "half-open"),
        pytest.param(Way.CUT, 0, "cut", marks=pytest.mark.long),
    ],
)
def test_a_network_that_fails(rig: Rig, way: Way, delay: float, name: str) -> None:
    """Nobody is ever decided for by another caller's data."""
    store = rig.store()
    with Proxy(store.address) as proxy:
        rig.router(f"redis://{proxy.address}")
        calls = rig.calls()
        with calls.flow():
            until(settled(calls, 0), "calls are decided")
            proxy.go(way, delay=delay)
            began = time.monotonic()
            until(lambda: time.monotonic() > began + 3, "three seconds")
            proxy.go(Way.PASS)
            back = time.monotonic()
            until(settled(calls, back), "callers are known again")
        nobody_was_lost(calls.outcomes)
        row = told(f"network to the store: {name}", calls.outcomes, over_at=back)
        assert (row.unknown == 0) == (delay == 0.02)


def refuse_memory(store: RedisServer) -> None:
    store.tell("CONFIG", "SET", "maxmemory", "1")


def become_replica(store: RedisServer) -> None:
    store.tell("REPLICAOF", "127.0.0.1", "1")


def become_replica_that_serves_nothing(store: RedisServer) -> None:
    store.tell("CONFIG", "SET", "replica-serve-stale-data", "no")
    become_replica(store)


def take_no_clients(store: RedisServer) -> None:
    store.hold("CONFIG", "SET", "maxclients", "1")
    store.hold("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def ask_for_a_password(store: RedisServer) -> None:
    store.hold("CONFIG", "SET", "requirepass", "secret")
    store.hold("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def forbid_reading(store: RedisServer) -> None:
    store.tell("ACL", "SETUSER", "default", "-hmget")


def pause(store: RedisServer) -> None:
    store.tell("CLIENT", "PAUSE", 2000, "ALL")


@pytest.mark.parametrize(
    ("broken", "name", "kind"),
    [
        (refuse_memory, "OOM", None),
        pytest.param(become_replica, "READONLY", None, marks=pytest.mark.long),
        pytest.param(
            become_replica_that_serves_nothing, "MASTERDOWN", "refused_masterdown", marks=pytest.mark.long
        ),
        pytest.param(take_no_clients, "max clients", "down", marks=pytest.mark.long),
        (ask_for_a_password, "NOAUTH", "down"),
        pytest.param(forbid_reading, "NOPERM", "refused_noperm", marks=pytest.mark.long),
        (pause, "CLIENT PAUSE", "timeout"),
    ],
)
def test_a_store_that_refuses(
    rig: Rig, broken: Callable[[RedisServer], None], name: str, kind: str | None
) -> None:
    """Where it reads, callers are known; else they are unknown, and its reason is counted."""
    store = rig.store()
    router, calls = rig.router(store.url), rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        broken(store)
        began = time.monotonic()
        until(lambda: time.monotonic() > began + 2.5, "two seconds and a half")
    nobody_was_lost(calls.outcomes)
    row = told(f"store refuses: {name}", calls.outcomes)
    errors = {
        each: router.sample("ivr_store_errors_total", kind=each)
        for each in ("timeout", "down", "refused_masterdown", "refused_noperm")
    }
    if kind is None:  # it reads: no answer was worse than late
        assert row.unknown == errors["timeout"] == sum(errors.values())
        assert router.sample("ivr_journal_spooled") + router.sample("ivr_journal_waiting") > 0
    else:
        assert errors[kind] > 0
        assert row.unknown == sum(errors.values())


def test_while_it_loads_its_data(rig: Rig) -> None:
    """It takes connections, and greets nobody."""
    store = rig.store()
    router, calls = rig.router(store.url), rig.calls()
    store.tell("CONFIG", "SET", "rdbcompression", "no")
    store.tell("EVAL", "for i = 1, 4000 do redis.call('SET', 'more:' .. i, string.rep('x', 50)) end", 0)
    store.tell("SAVE")
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        store.kill()
        # from the dump, a key a millisecond; it answers every 1,024 bytes, in less than a lookup's deadline
        slowly = ("--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024")
        store.start("--appendonly", "no", *slowly, ready=False)
        until(lambda: "LOADING" in router.log.read_text(), "it says that it loads")
        back = time.monotonic()
        until(settled(calls, back), "callers are known again")
    nobody_was_lost(calls.outcomes)
    told("store loads its data", calls.outcomes, over_at=back)
    assert router.sample("ivr_store_errors_total", kind="down") > 0


def test_a_replica_keeps_the_promises_while_its_master_is_away(rig: Rig) -> None:
    """Every caller goes where he belongs."""
    store = rig.store()
    socket = rig.folder / "replica.sock"
    replica = rig.redis(
        "replica",
        *("--replicaof", f"127.0.0.1 {store.address.port}", "--unixsocket", str(socket)),
    )
    until(lambda: replica.tell("INFO", "replication")["master_link_status"] == "up", "the replica follows")
    router, calls = rig.router(store.url, "--replica", f"unix://{socket}"), rig.calls()
    until(lambda: router.sample("ivr_replica_up") == 1, "the replica answers")
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        store.kill()
        gone = time.monotonic()
        until(lambda: time.monotonic() > gone + 3, "three seconds")
        assert router.is_ready()
        store.start()
        back = time.monotonic()
        until(lambda: router.sample("ivr_store_up") == 1, "the store is back")
    nobody_was_lost(calls.outcomes)
    row = told("master killed, replica stays", calls.outcomes, over_at=back)
    assert row.unknown == 0
    assert router.sample("ivr_routed_total", data="replica") > 0
