"""What an event moves."""

import pytest
from prometheus_client import CollectorRegistry

from metrics.kpis import QueueKpis, RoutingKpis
from router.decision import ToMenu
from router.events import CallAbandoned, CallAnswered
from router.facts import Data
from tests.fakes import decision, routed

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


def test_series_of_queues_start_at_zero(registry):
    QueueKpis(registry, [("10010", "elder-care")])
    for name in ("ivr_answered_total", "ivr_abandoned_total", "ivr_wait_seconds_count"):
        assert registry.get_sample_value(name, QUEUE) == 0


def test_an_answered_call_is_counted_with_its_wait(registry):
    QueueKpis(registry).observe(
        CallAnswered(
            call_id="1.1", at=1.0, caller=None, hotline="10010", queue="elder-care", agent="e1", wait=12
        )
    )
    assert registry.get_sample_value("ivr_answered_total", QUEUE) == 1
    assert registry.get_sample_value("ivr_wait_seconds_bucket", {**QUEUE, "le": "10.0"}) == 0
    assert registry.get_sample_value("ivr_wait_seconds_bucket", {**QUEUE, "le": "15.0"}) == 1


def test_an_abandoned_call_is_counted(registry):
    QueueKpis(registry).observe(
        CallAbandoned(call_id="1.1", at=1.0, caller=None, hotline="10010", queue="elder-care", wait=3)
    )
    assert registry.get_sample_value("ivr_abandoned_total", QUEUE) == 1
