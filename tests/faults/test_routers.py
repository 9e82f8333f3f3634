"""A router dies or hangs while calls are decided: the other one takes them."""

import signal
import time

import pytest

from tests.faults.calls import PATIENCE, nobody_was_lost, settled
from tests.faults.conftest import Rig, told
from tests.waiting import until

pytestmark = pytest.mark.fault


def test_one_of_two_is_killed(rig: Rig) -> None:
    store = rig.store()
    first, _ = rig.router(store.url), rig.router(store.url)
    calls = rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        first.signal(signal.SIGKILL)
        until(settled(calls, time.monotonic()), "the second decides")
        first.stop()
        first.start()
        back = time.monotonic()
        until(settled(calls, back), "calls are decided")
    told("router killed, the other stays", calls.outcomes, over_at=back)
    nobody_was_lost(calls.outcomes)


def test_one_of_two_is_stopped_for_four_seconds(rig: Rig) -> None:
    """A caller waits for it as long as the dialplan does, and no session is left in it afterwards."""
    store = rig.store()
    first, _ = rig.router(store.url), rig.router(store.url)
    calls = rig.calls()
    with calls.flow():
        until(settled(calls, 0), "calls are decided")
        first.signal(signal.SIGSTOP)
        stopped = time.monotonic()
        until(lambda: time.monotonic() > stopped + 4, "four seconds")
        first.signal(signal.SIGCONT)
        back = time.monotonic()
        until(settled(calls, back), "calls are decided")
    told("router stopped for 4 s, the other stays", calls.outcomes, over_at=back)
    nobody_was_lost(calls.outcomes)
    slow = [each for each in calls.outcomes if each.seconds >= PATIENCE]
    assert all(stopped - PATIENCE <= each.at <= back for each in slow)
    until(lambda: first.sample("ivr_agi_sessions") == 0, "no session is left")
