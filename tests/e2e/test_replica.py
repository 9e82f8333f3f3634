"""The store killed under calls, and a replica of it on the switch's machine: callers stay who they are."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from loadtest.ports import Ports
from loadtest.stack import Stack, Wish
from router.events import CallRouted
from router.facts import Data
from router.settings import StoreUrl
from router.store.client import connect
from router.store.embedded import connected, opened
from tests.e2e.conftest import running
from tests.e2e.customers import NUMBERS, Base, imported
from tests.e2e.floor import Floor, Landed, until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """A store of its own."""
    with imported(tmp_path_factory.mktemp("mastered") / "store") as base:
        yield base


@pytest.fixture(scope="module")
def replica(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a replica that has all of it."""
    store = StoreUrl(f"embedded:{tmp_path_factory.mktemp('replica')}")
    with Ports() as ports, opened(store) as url, connect(url) as client:
        port = ports.take()
        base.client.config_set("port", port)  # an embedded store has a socket only
        client.replicaof("127.0.0.1", port)
        until(lambda: client.info("replication")["master_link_status"] == "up", "it follows the store")
        yield url


@pytest.fixture(scope="module")
def stack(
    wish: Callable[[Base], Wish], base: Base, replica: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A stack of its own, on both."""
    with running(replace(wish(base), replica=replica), tmp_path_factory.mktemp("replica-stack")) as stack:
        yield stack


def test_while_the_store_is_away_its_replica_knows_the_caller(floor: Floor) -> None:
    """A senior reaches a person without a key all the same; the journal says from whom that was known."""
    router = floor.stack.router
    os.kill(floor.base.pid, signal.SIGKILL)
    until(lambda: router.sample("ivr_store_up") == 0, "the router has noticed")
    assert router.is_ready()
    number = NUMBERS["finds a replica"]
    with floor.call(number) as call:
        assert call.landed() == Landed(crew="elder", number=number, segment="senior")
    assert router.sample("ivr_routed_total", data="replica") == 1
    with connected(StoreUrl(floor.base.store)):
        until(
            lambda: router.sample("ivr_store_up") == 1 and floor.stack.watch.is_ready(),
            f"the store is back\n{floor}",
        )
        assert call.told(CallRouted).data == Data.REPLICA
        number = NUMBERS["finds the store behind its replica"]
        with floor.call(number) as call:
            assert call.landed() == Landed(crew="elder", number=number, segment="senior")
        assert call.told(CallRouted).data == Data.FRESH
