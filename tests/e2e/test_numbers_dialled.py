"""Numbers dialled that are not a hotline's, or not yet."""

import pytest

from router.events import CallAnswered
from tests.e2e.customers import NUMBERS, STRANGER
from tests.e2e.floor import IS_NOT_SERVED, Floor, Landed

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("dialled", ["10086", "100100", "s", "T", "10010%0d%0a1", "anonymous"])
def test_a_number_that_is_not_served_is_refused_before_any_router_is_asked(
    floor: Floor, dialled: str
) -> None:
    router = floor.stack.router
    before = router.sample("ivr_routed_total"), router.sample("ivr_agi_refused_total")
    with floor.call(STRANGER, IS_NOT_SERVED, dialled=dialled):
        pass
    assert (router.sample("ivr_routed_total"), router.sample("ivr_agi_refused_total")) == before


def test_a_number_that_no_policy_has_is_taken_by_the_default_queue(floor: Floor) -> None:
    """The switch serves it, the router declines at once, and the caller reaches a person all the same."""
    number, router = NUMBERS["dials the 400 line"], floor.stack.router
    before = router.sample("ivr_agi_refused_total", reason="not_decided")
    with floor.call(number, dialled="4000010010") as call:
        assert call.landed() == Landed(crew="general", number=number, segment="none")
        answered = call.told(CallAnswered)
    assert (answered.queue, answered.hotline) == ("default", "4000010010")
    assert call.events() == [answered]
    assert router.sample("ivr_agi_refused_total", reason="not_decided") == before + 1
