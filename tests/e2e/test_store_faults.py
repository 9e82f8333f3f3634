"""The store killed or hung under calls: they are decided for as those of unknown callers, and go on."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from loadtest.stack import Stack, Wish
from router.events import CallAnswered, CallRouted
from router.facts import Data
from router.settings import StoreUrl
from router.store.embedded import connected
from tests.e2e.conftest import running
from tests.e2e.customers import NUMBERS, Base, imported
from tests.e2e.floor import PRESSES_0, Floor, Landed, until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """A store of its own."""
    with imported(tmp_path_factory.mktemp("fragile") / "store") as base:
        yield base


@pytest.fixture(scope="module")
def stack(
    wish: Callable[[Base], Wish], base: Base, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A stack of its own, on that store."""
    with running(wish(base), tmp_path_factory.mktemp("fragile-stack")) as stack:
        yield stack


@contextmanager
def killed(floor: Floor) -> Iterator[None]:
    """The store is gone at once; then somebody starts it again, with the data that it had."""
    os.kill(floor.base.pid, signal.SIGKILL)
    try:
        until(lambda: not floor.stack.router.is_ready(), "the router has noticed")
        yield
    finally:
        with connected(StoreUrl(floor.base.store)):
            await_store(floor)


@contextmanager
def hung(floor: Floor) -> Iterator[None]:
    """The store takes commands and says nothing."""
    os.kill(floor.base.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(floor.base.pid, signal.SIGCONT)
        await_store(floor)


def await_store(floor: Floor) -> None:
    """Wait until router and observer are with the store again."""
    until(
        lambda: floor.stack.router.is_ready() and floor.stack.watch.is_ready(), f"the store is back\n{floor}"
    )


@pytest.mark.parametrize(
    ("fault", "kind", "meanwhile", "afterwards"),
    [
        (killed, "down", "finds no store", "finds the store back"),
        (hung, "timeout", "finds a hung store", "finds the store awake"),
    ],
)
def test_while_the_store_is_away_a_caller_is_unknown(
    floor: Floor,
    fault: Callable[[Floor], AbstractContextManager[None]],
    kind: str,
    meanwhile: str,
    afterwards: str,
) -> None:
    """A senior hears the menu then, reaches a person by a key, and nothing of the call is lost."""
    router, number = floor.stack.router, NUMBERS[meanwhile]
    with fault(floor):
        absent = router.sample("ivr_routed_total", data="absent")
        errors = router.sample("ivr_store_errors_total", kind=kind)
        with floor.call(number, PRESSES_0) as call:
            assert call.landed() == Landed(crew="general", number=number, segment="none")
        assert router.sample("ivr_routed_total", data="absent") == absent + 1
        assert router.sample("ivr_store_errors_total", kind=kind) == errors + 1
    routed, answered = call.told(CallRouted), call.told(CallAnswered)
    assert (routed.destination, routed.data, answered.queue) == ("menu:main", Data.ABSENT, "general")
    number = NUMBERS[afterwards]
    with floor.call(number) as call:
        assert call.landed() == Landed(crew="elder", number=number, segment="senior")
    assert call.told(CallRouted).data == Data.FRESH
