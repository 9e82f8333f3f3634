"""Two routers: what one cannot do the other does, and the dialplan's default has nothing to do."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from loadtest.stack import Stack, Wish
from router.events import CallAnswered, CallRouted
from tests.e2e.conftest import running
from tests.e2e.customers import NUMBERS, Base
from tests.e2e.floor import Floor, Landed

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stack(
    wish: Callable[[Base], Wish], base: Base, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A stack of its own, with two routers."""
    with running(replace(wish(base), routers=2), tmp_path_factory.mktemp("two-routers")) as stack:
        yield stack


def decided(floor: Floor) -> list[float]:
    """How many calls each router has decided."""
    return [router.sample("ivr_routed_total") if router.is_ready() else 0 for router in floor.stack.routers]


def reaches_the_people_for_seniors(floor: Floor, number: str) -> None:
    with floor.call(number) as call:
        assert call.landed() == Landed(crew="elder", number=number, segment="senior")
    routed, answered = call.told(CallRouted), call.told(CallAnswered)
    assert call.events() == [routed, answered]


def test_the_second_router_decides_when_the_first_is_killed(floor: Floor) -> None:
    first, _ = floor.stack.routers
    first.signal(signal.SIGKILL)
    first.stop()
    try:
        reaches_the_people_for_seniors(floor, NUMBERS["finds the first router killed"])
        assert decided(floor) == [0, 1]
    finally:
        first.start()
    reaches_the_people_for_seniors(floor, NUMBERS["finds the first router back"])
    assert decided(floor) == [1, 1]


def test_the_second_router_decides_when_the_first_hangs(floor: Floor) -> None:
    first, second = floor.stack.routers
    before = second.sample("ivr_routed_total")
    first.signal(signal.SIGSTOP)
    try:
        reaches_the_people_for_seniors(floor, NUMBERS["finds the first router hung"])
    finally:
        first.signal(signal.SIGCONT)
    assert second.sample("ivr_routed_total") == before + 1
