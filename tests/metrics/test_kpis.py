"""What an event moves."""

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from metrics.kpis import CallKpis, RoutingKpis, Yardsticks
from metrics.tally import Collected
from router.decision import ToMenu
from router.facts import Data
from tests.fakes import abandoned, answered, decision, routed

LABELS = {
    "hotline": "10010",
    "rule": "senior-direct",
    "segment": "senior",
    "destination": "queue:elder-care",
    "data": "fresh",
}
QUEUE = {"hotline": "10010", "queue": "elder-care"}


@pytest.fixture
def registry():
    return CollectorRegistry()


def test_series_of_a_policy_start_at_zero(registry):
    """Every decision a policy can make has its series before the first call, for each state of data."""
    menu = decision(action=ToMenu(menu="main"), rule="everyone-else", segment="none")
    RoutingKpis(registry, [decision(), menu])
    assert registry.get_sample_value("ivr_routed_total", LABELS) == 0
    samples = [s for family in registry.collect() for s in family.samples if s.name == "ivr_routed_total"]
    assert len(samples) == 2 * len(Data)


@pytest.mark.parametrize("created", [True, False])
def test_a_routed_call_is_counted_and_timed(registry, created):
    """Also one of a policy whose series were not created ahead."""
    kpis = RoutingKpis(registry, [decision()] if created else [])
    kpis.observe(routed(seconds=0.0004))
    kpis.observe(routed(seconds=0.0004))
    assert registry.get_sample_value("ivr_routed_total", LABELS) == 2
    assert registry.get_sample_value("ivr_decision_seconds_bucket", {"le": "0.0003"}) == 0
    assert registry.get_sample_value("ivr_decision_seconds_bucket", {"le": "0.0005"}) == 2


YARDSTICKS = Yardsticks(
    within={"elder-care": 12, "general": 20},
    wrap_up={"elder-care": 10},
    short_abandon={"10010": 5},
    requests=frozenset({("10010", "elder-care", "senior")}),
    province="none",
)
WHERE = {"hotline": "10010", "queue": "elder-care", "province": "none", "segment": "senior"}


@pytest.fixture
def kpis(registry):
    kpis = CallKpis(YARDSTICKS)
    registry.register(Collected(kpis.tallies))
    return kpis


def test_series_of_calls_start_at_zero(registry, kpis):  # noqa: ARG001  it is registered
    for name in ("demand_total", "answered_within_total", "request_wait_seconds_count"):
        assert registry.get_sample_value(f"ivr_{name}", WHERE) == 0
    for name in ("answered_total", "abandoned_total", "wait_seconds_count", "cut_total"):
        assert registry.get_sample_value(f"ivr_{name}", QUEUE) == 0
    assert registry.get_sample_value("ivr_requests_total", {**WHERE, "outcome": "cut"}) == 0


def test_an_answered_call_is_counted_with_its_waits(registry, kpis):
    """Where it was asked for with all its waits, and where it was answered with that one's."""
    kpis.observe(answered(queue="general", asked="elder-care", wait=5, waited=12, repeat=True))
    general = {"hotline": "10010", "queue": "general"}
    assert registry.get_sample_value("ivr_answered_total", general) == 1
    assert registry.get_sample_value("ivr_wait_seconds_sum", general) == 5
    assert registry.get_sample_value("ivr_requests_total", {**WHERE, "outcome": "answered"}) == 1
    assert registry.get_sample_value("ivr_request_wait_seconds_bucket", {**WHERE, "le": "10.0"}) == 0
    assert registry.get_sample_value("ivr_request_wait_seconds_bucket", {**WHERE, "le": "12.0"}) == 1
    assert registry.get_sample_value("ivr_answered_within_total", WHERE) == 1
    assert registry.get_sample_value("ivr_repeat_answered_total", WHERE) == 1


@pytest.mark.parametrize(("wait", "soon", "in_time"), [(4, 1, 1), (5, 0, 1), (13, 0, 0)])
def test_an_abandoned_call_is_counted_by_how_soon(registry, kpis, wait, soon, in_time):
    kpis.observe(abandoned(wait=wait))
    assert registry.get_sample_value("ivr_abandoned_total", QUEUE) == 1
    assert registry.get_sample_value("ivr_short_abandoned_total", QUEUE) == soon
    assert registry.get_sample_value("ivr_abandoned_within_total", WHERE) == in_time


def test_other_yardsticks_keep_the_totals(registry, kpis):
    """A new bound begins with what was below the next one; labels are the caller's to bound."""
    kpis.observe(answered(wait=12))
    kpis.measure(replace(YARDSTICKS, within={**YARDSTICKS.within, "elder-care": 25}))
    assert registry.get_sample_value("ivr_answered_total", QUEUE) == 1
    assert registry.get_sample_value("ivr_wait_seconds_bucket", {**QUEUE, "le": "25.0"}) == 1
