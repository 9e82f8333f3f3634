"""Each kind of caller reaches the people meant for it, as these people see it."""

import pytest

from router.events import CallRouted
from router.facts import Data
from tests.e2e.customers import NUMBERS, STRANGER, ivr
from tests.e2e.floor import HANGS_UP, PRESSES_0, Floor, Landed

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("who", "crew", "segment"),
    [
        ("is 65", "elder", "senior"),
        ("drives a truck", "truck", "truck_driver"),
        ("has five stars", "vip", "vip"),
        ("is a key customer", "vip", "vip"),
    ],
)
def test_a_protected_caller_reaches_a_person_without_a_key(
    floor: Floor, who: str, crew: str, segment: str
) -> None:
    number = NUMBERS[who]
    with floor.call(number) as call:
        assert call.landed() == Landed(crew=crew, number=number, segment=segment)


@pytest.mark.parametrize("who", ["is 64", "has four stars"])
def test_a_caller_just_short_of_it_hears_the_menu(floor: Floor, who: str) -> None:
    number = NUMBERS[who]
    with floor.call(number, PRESSES_0) as call:
        assert call.landed() == Landed(crew="general", number=number, segment="none")
        assert call.told(CallRouted).destination == "menu:main"


def test_a_caller_whom_two_calls_have_not_helped_reaches_an_expert(floor: Floor) -> None:
    """And whoever asks for him before that sees both calls, and no number."""
    number = NUMBERS["calls for the third time"]
    for times in (1, 2):
        with floor.call(number, PRESSES_0) as call:
            assert call.landed() == Landed(crew="general", number=number, segment="none")
        floor.await_contacts(number, ["general"] * times)
    shown = ivr("customers", "show", number, "--store", floor.base.store)
    assert shown.count("general") == 2
    assert number not in shown
    with floor.call(number) as call:
        assert call.landed() == Landed(crew="expert", number=number, segment="repeat")


def test_an_expert_comes_before_the_people_for_seniors(floor: Floor) -> None:
    number = NUMBERS["is a senior and calls for the third time"]
    for times in (1, 2):
        with floor.call(number) as call:
            assert call.landed() == Landed(crew="elder", number=number, segment="senior")
        floor.await_contacts(number, ["elder-care"] * times)
    with floor.call(number) as call:
        assert call.landed() == Landed(crew="expert", number=number, segment="repeat")


def test_calls_that_nobody_answered_do_not_make_a_repeat_caller(floor: Floor) -> None:
    number = NUMBERS["was never answered"]
    for times in (1, 2):
        with floor.call(number, HANGS_UP, stay=0.1):
            pass
        floor.await_contacts(number, [""] * times)
    with floor.call(number, PRESSES_0) as call:
        assert call.landed() == Landed(crew="general", number=number, segment="none")
        assert call.told(CallRouted).destination == "menu:main"


def test_a_stranger_hears_the_menu_and_reaches_a_person(floor: Floor) -> None:
    assert "is not a customer" in ivr("customers", "show", STRANGER, "--store", floor.base.store, code=1)
    with floor.call(STRANGER, PRESSES_0) as call:
        assert call.landed() == Landed(crew="general", number=STRANGER, segment="none")
        routed = call.told(CallRouted)
        assert (routed.destination, routed.data) == ("menu:main", Data.FRESH)
