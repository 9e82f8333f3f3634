"""What agents do, as the observer sees it on a real switch."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from loadtest.stack import Stack, Wish
from tests.e2e.conftest import running
from tests.e2e.customers import NUMBERS, Base, imported
from tests.e2e.floor import DOES_NOT_ANSWER, Floor, until

pytestmark = pytest.mark.e2e

VIP = 4
"""People of the crew."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """A store of its own: another switch's observer would tell of other queues."""
    with imported(tmp_path_factory.mktemp("base") / "store") as base:
        yield base


@pytest.fixture(scope="module")
def stack(
    wish: Callable[[Base], Wish], base: Base, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """People of vip talk for a moment, and then write as long as queues.conf says."""
    with running(
        replace(wish(base), talk=2.0, wrapup=None), tmp_path_factory.mktemp("floor") / "stack"
    ) as stack:
        yield stack


def vips(floor: Floor) -> dict[str, float]:
    """People of vip who do something, by what; helpers of other crews are ready."""
    counts = {
        state: floor.stack.watch.sample("ivr_queue_agents", queue="vip", state=state)
        for state in ("ready", "ringing", "talking", "wrap_up", "paused", "logged_out")
    }
    return {state: count for state, count in counts.items() if count}


def test_an_agent_is_rung_talks_writes_and_is_ready_again(floor: Floor) -> None:
    rest = until(lambda: (found := vips(floor)).keys() == {"ready"} and found, "everybody is ready")
    with floor.call(NUMBERS["is seen answered"]) as call:
        call.landed()
        until(lambda: vips(floor).get("talking") == 1, lambda: f"one talks, {vips(floor)}")
        assert floor.stack.watch.sample("ivr_live_calls") == 1
    until(lambda: vips(floor).get("wrap_up") == 1, lambda: f"one writes, {vips(floor)}")
    until(lambda: vips(floor) == rest, lambda: f"everybody is ready, {vips(floor)}")
    assert floor.stack.watch.sample("ivr_agent_seconds_total", queue="vip", state="talking") >= 1
    assert floor.stack.watch.sample("ivr_floor_corrections_total") == 0


def test_an_agent_whose_phone_rings_is_seen(floor: Floor) -> None:
    floor.stack.seat("truck", DOES_NOT_ANSWER)
    try:
        with floor.call(NUMBERS["gives up"], "a_caller_hangs_up_while_waiting", stay=1.5):
            ringing = {"queue": "truck", "state": "ringing"}
            until(
                lambda: floor.stack.watch.sample("ivr_queue_agents", **ringing) == 1,
                lambda: f"a phone rings\n{floor.stack.watch.get('metrics')}\n{floor}",
                1.4,
            )
            until(lambda: floor.stack.watch.sample("ivr_queue_waiting", queue="truck") == 1, "one waits")
    finally:
        floor.stack.seat("truck")


def test_an_agent_who_pauses_is_seen(floor: Floor) -> None:
    asterisk = floor.stack.asterisk
    asterisk.cli("queue pause member PJSIP/vip-1 queue vip reason lunch")
    until(lambda: vips(floor).get("paused") == 1, "one is paused")
    asterisk.cli("queue unpause member PJSIP/vip-1 queue vip")
    until(lambda: "paused" not in vips(floor), "nobody is")


def test_a_switch_that_is_gone_makes_the_floor_stale_and_right_again(floor: Floor) -> None:
    watch, asterisk = floor.stack.watch, floor.stack.asterisk
    rest = vips(floor)
    asterisk.cli("queue pause member PJSIP/vip-2 queue vip")
    until(lambda: vips(floor).get("paused") == 1, "one is paused")
    asterisk.kill()
    until(lambda: watch.sample("ivr_floor_stale") == 1, "stale")
    asterisk.start()
    until(lambda: watch.sample("ivr_floor_stale") == 0, "seen again")
    assert vips(floor) == rest  # the pause was the former switch's
