"""From the menu everybody reaches a person: by key, or because the keypad does not work out."""

import pytest

from router.events import CallAnswered
from tests.e2e.customers import NUMBERS
from tests.e2e.floor import PRESSES_0, PRESSES_2, PRESSES_WRONG_KEYS, WAITS, Floor, Landed

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("who", "scenario", "crew"),
    [
        ("presses 0", PRESSES_0, "general"),
        ("presses 2", PRESSES_2, "roaming"),
        ("presses nothing", WAITS, "general"),
        ("presses wrong keys", PRESSES_WRONG_KEYS, "general"),
    ],
)
def test_everyone_in_the_menu_reaches_a_person(floor: Floor, who: str, scenario: str, crew: str) -> None:
    number = NUMBERS[who]
    with floor.call(number, scenario) as call:
        assert call.landed() == Landed(crew=crew, number=number, segment="none")
        assert call.told(CallAnswered).queue == crew
