"""The floor as metrics."""

import pytest
from prometheus_client import CollectorRegistry

from metrics.floor import FloorMetrics
from router.facts import QueueLoad
from router.floor import AgentState, Floor
from tests.test_floor import member


@pytest.fixture
def floor():
    return Floor(wrap_up=lambda _: 0)


@pytest.fixture
def sample(floor):
    """A metric's value at second 100, by name and labels."""
    registry = CollectorRegistry()
    registry.register(
        FloorMetrics(
            floor=floor,
            loads=lambda: {"vip": QueueLoad(waiting=3, longest_wait=40, ready=0)},
            calls=lambda: 7,
            queues=lambda: iter(("vip", "truck")),
            now=lambda: 100.0,
        )
    )
    return lambda name, **labels: registry.get_sample_value(name, labels)


def test_a_floor_that_nobody_sees_is_stale(floor, sample):
    assert sample("ivr_floor_stale") == 1
    floor.resync([], 90.0)
    assert sample("ivr_floor_stale") == 0
    floor.lose(95.0)
    assert sample("ivr_floor_stale") == 1


def test_agents_by_what_they_do_and_how_long(floor, sample):
    """An agent of two queues is one agent, and a member of each."""
    floor.resync([member("vip", "a"), member("other", "a"), member("vip", "b", paused=True)], 90.0)
    assert sample("ivr_agents", state="ready") == 1
    assert sample("ivr_agents", state="paused") == 1
    assert sample("ivr_queue_agents", queue="vip", state="ready") == 1
    assert sample("ivr_queue_agents", queue="other", state="ready") == 1
    assert sample("ivr_agent_seconds_total", queue="vip", state="paused") == 10


def test_every_queue_of_the_policies_has_series(sample):
    for state in AgentState:
        assert sample("ivr_queue_agents", queue="truck", state=state) == 0


def test_who_waits_is_what_the_switch_last_said(sample):
    assert sample("ivr_queue_waiting", queue="vip") == 3
    assert sample("ivr_queue_longest_wait_seconds", queue="vip") == 40
    assert sample("ivr_queue_waiting", queue="truck") is None
    assert sample("ivr_live_calls") == 7
