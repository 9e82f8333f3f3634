"""A router that is down, hung or restarted: calls go on."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from loadtest.stack import Ivr, Stack, Wish
from router.errors import Taint
from router.events import CallAnswered, CallRouted
from tests.e2e.conftest import running
from tests.e2e.customers import NUMBERS, Base
from tests.e2e.floor import GIVES_UP_EARLY, Floor, Landed, until

pytestmark = pytest.mark.e2e

BY_DEFAULT = "default"
"""The queue that the dialplan chooses where no router does."""
HUNG_MORE = 0.75
"""Seconds that a hung router may cost a caller."""


@pytest.fixture(scope="module")
def stack(
    wish: Callable[[Base], Wish], base: Base, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A stack of its own, with one router."""
    with running(wish(base), tmp_path_factory.mktemp("one-router")) as stack:
        yield stack


@contextmanager
def down(router: Ivr) -> Iterator[None]:
    """The router is ended in good order, and started again afterwards."""
    assert router.stop() == 0
    try:
        yield
    finally:
        router.start()


@contextmanager
def hung(router: Ivr) -> Iterator[None]:
    """The router accepts connections and does nothing."""
    router.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        router.signal(signal.SIGCONT)


def test_without_a_router_the_default_queue_takes_the_call(floor: Floor) -> None:
    number = NUMBERS["finds no router"]
    with down(floor.stack.router), floor.call(number) as call:
        assert call.landed() == Landed(crew="general", number=number, segment="none")
        answered = call.told(CallAnswered)
    assert (answered.queue, answered.hotline) == (BY_DEFAULT, "10010")
    assert call.events() == [answered]
    number = NUMBERS["finds the router back"]
    with floor.call(number) as call:
        assert call.landed() == Landed(crew="elder", number=number, segment="senior")


def test_a_hung_router_costs_a_caller_three_quarters_of_a_second_at_most(floor: Floor) -> None:
    """More than the same call cost before. The way is that of a router that is down."""
    number = NUMBERS["finds a hung router"]
    usual = min(answer_times(floor, number))
    with hung(floor.stack.router):
        late = min(answer_times(floor, number, crew="general"))
    assert late - usual <= HUNG_MORE
    number = NUMBERS["finds it awake"]
    with floor.call(number) as call:
        assert call.landed() == Landed(crew="elder", number=number, segment="senior")


def test_a_caller_who_gives_up_on_a_hung_router_leaves_no_channel(floor: Floor) -> None:
    """The router, awake again, makes nothing of the call, and not an attack."""
    number, router = NUMBERS["gives up on a hung router"], floor.stack.router
    routed, refused = router.sample("ivr_routed_total"), router.sample("ivr_agi_refused_total")
    with hung(router):
        with floor.call(number, GIVES_UP_EARLY, stay=0.1) as call:
            pass
        until(lambda: floor.stack.asterisk.channels() == 0, f"the channel is gone\n{floor}")
    until(lambda: router.sample("ivr_agi_refused_total") > refused, f"the session is over\n{floor}")
    assert router.sample("ivr_routed_total") == routed
    assert call.events() == []
    assert not any(router.sample("ivr_agi_refused_total", reason=taint) for taint in Taint)


def answer_times(floor: Floor, number: str, crew: str | None = None) -> Iterator[float]:
    """Seconds until the switch answers, of some calls; what the machine does beside them only adds to it."""
    for _ in range(3):
        with floor.call(number) as call:
            landed = call.landed()
        assert crew in {None, landed.crew}
        yield call.answer_time


def test_a_caller_who_waits_does_not_notice_that_the_router_restarts(floor: Floor) -> None:
    """Nobody sits at the phones of the people for truck drivers until the router is back."""
    number, stack = NUMBERS["waits through a restart"], floor.stack
    stack.agents["truck"].stop()
    with floor.call(number) as call:
        until(lambda: floor.waits_in("truck"), f"the caller is in the queue\n{floor}")
        with down(stack.router):
            pass
        assert floor.waits_in("truck")
        stack.seat("truck")
        assert call.landed() == Landed(crew="truck", number=number, segment="truck_driver")
    routed, answered = call.told(CallRouted), call.told(CallAnswered)
    assert (answered.call_id, answered.queue) == (routed.call_id, "truck")
