"""Numbers dialled that are not a hotline's, or not yet."""

import pytest

from router.events import CallAnswered, CallRouted
from tests.e2e.customers import NUMBERS, STRANGER
from tests.e2e.floor import IS_NOT_SERVED, NO_HOTLINE, Floor, Landed

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
    number, router = NUMBERS["dials no hotline"], floor.stack.router
    before = router.sample("ivr_agi_refused_total", reason="not_decided")
    with floor.call(number, dialled=NO_HOTLINE) as call:
        assert call.landed() == Landed(crew="general", number=number, segment="none")
        answered = call.told(CallAnswered)
    assert (answered.queue, answered.hotline) == ("default", NO_HOTLINE)
    assert call.events() == [answered]
    assert router.sample("ivr_agi_refused_total", reason="not_decided") == before + 1


def test_the_number_of_a_province_is_the_same_hotline(floor: Floor) -> None:
    number = NUMBERS["dials the number of a province"]
    with floor.call(number, dialled="037110010") as call:
        assert call.landed() == Landed(crew="elder", number=number, segment="senior")
        assert call.told(CallRouted).hotline == "10010"


def test_a_caller_from_abroad_goes_straight_to_a_person(floor: Floor) -> None:
    """Also dialled with the country's code."""
    number = NUMBERS["calls from abroad"]
    with floor.call(number, dialled="+8618618610010") as call:
        assert call.landed() == Landed(crew="roaming", number=number, segment="none")
        routed = call.told(CallRouted)
    assert (routed.hotline, routed.destination) == ("roaming", "queue:roaming")


def test_a_gold_account_reaches_a_person_on_the_400_line_at_any_hour(floor: Floor) -> None:
    number = NUMBERS["has a gold account"]
    with floor.call(number, dialled="4000010010") as call:
        assert call.landed() == Landed(crew="vip", number=number, segment="gold")
        assert call.told(CallRouted).hotline == "4000010010"
