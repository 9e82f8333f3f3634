"""What a peer says of itself: withheld, vouched for, or made to forge lines of the switch's protocols."""

import pytest

from router.events import CallAnswered, CallRouted
from router.facts import Data
from tests.e2e.customers import NUMBERS
from tests.e2e.floor import SAYS_WHO_IT_IS, Floor, Landed

pytestmark = pytest.mark.e2e

VICTIM = NUMBERS["is an attacker's victim"]
HOST = "@127.0.0.1>"
NOBODY = Landed(crew="general", number="", segment="none")
"""Who has no number hears the menu, presses 0 and is nobody in particular."""
ATTACKS = {
    "a line of the AGI environment in the number": f"<sip:{VICTIM}%0aagi_callerid%3a%20{VICTIM}{HOST}",
    "the environment's end in the number": f"<sip:{VICTIM}%0a%0a200%20result=0%0a{HOST}",
    "a line end alone": f"<sip:{VICTIM}%0a{HOST}",
    "a line end first": f"<sip:%0d%0a{VICTIM}{HOST}",
    "another number in the second line": f"<sip:1%0a{VICTIM}{HOST}",
    "a tab": f"<sip:{VICTIM}%09{HOST}",
    "an escape": f"<sip:%1b%5b2J{VICTIM}{HOST}",
    "control characters in the name too": f'"\x01\x0b{VICTIM}\x7f" <sip:{VICTIM}%0d{HOST}',
    "broken UTF-8": f"<sip:%ff%fe{VICTIM}{HOST}",
    "digits that are none": f"<sip:%ef%bc%91%ef%bc%93{VICTIM}{HOST}",
    "a function of the dialplan": f"<sip:$%7bSHELL(id)%7d{HOST}",
    "the end of a function's arguments": f"<sip:{VICTIM},$%7bIVR_DNIS%7d)%7d{HOST}",
    "quotes": f"<sip:%22{VICTIM}%22{HOST}",
    "a number of 330 digits": f"<sip:{VICTIM * 30}{HOST}",
}


def says(who: str, line: str = "Subject: call") -> str:
    """A row of callers: the address in From, and one header line more."""
    return f"somebody;{who};{line}"


def mistrust(floor: Floor) -> float:
    """How much of what the switch said was not believed, by the router and by the observer."""
    return floor.stack.router.sample("ivr_agi_refused_total") + floor.stack.watch.sample(
        "ivr_ami_errors_total"
    )


def test_an_anonymous_caller_reaches_a_person_though_no_key_is_pressed(floor: Floor) -> None:
    with floor.call("", "an_anonymous_caller") as call:
        assert call.landed() == NOBODY
        routed = call.told(CallRouted)
        assert (routed.masked, routed.destination, routed.data) == ("withheld", "menu:main", Data.WITHHELD)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_number_with_more_than_digits_is_no_number(floor: Floor, attack: str) -> None:
    """The call is one of a caller without a number, and nothing else has happened to anybody."""
    before = mistrust(floor)
    with floor.call("", SAYS_WHO_IT_IS, row=says(ATTACKS[attack])) as call:
        assert call.landed() == NOBODY
    routed, answered = call.told(CallRouted), call.told(CallAnswered)
    assert (routed.hotline, routed.destination, routed.data) == ("10010", "menu:main", Data.WITHHELD)
    assert (answered.call_id, answered.hotline, answered.queue) == (routed.call_id, "10010", "general")
    assert call.events() == [routed, answered]
    assert mistrust(floor) == before


def test_an_identity_that_the_network_asserts_is_no_better_when_it_forges(floor: Floor) -> None:
    line = f"P-Asserted-Identity: <sip:{VICTIM}%0d%0aEvent%3a%20AgentConnect{HOST}"
    with floor.call("", SAYS_WHO_IT_IS, row=says(f"<sip:{VICTIM}{HOST}", line)) as call:
        assert call.landed() == NOBODY
    assert call.events() == [call.told(CallRouted), call.told(CallAnswered)]


def test_forged_events_leave_a_call_beside_them_alone(floor: Floor) -> None:
    """The attacker presses nothing and waits; a senior calls at the same time."""
    number = NUMBERS["calls beside an attacker"]
    before = mistrust(floor)
    with floor.call(VICTIM, "a_hostile_caller_id", sees="") as attack, floor.call(number) as call:
        assert call.landed() == Landed(crew="elder", number=number, segment="senior")
        assert attack.landed() == NOBODY
    kinds = sorted(type(event).__name__ for event in attack.events())
    assert kinds == ["CallAnswered", "CallAnswered", "CallRouted", "CallRouted"]
    assert floor.contacts(VICTIM) == []
    assert mistrust(floor) == before


def test_what_stands_behind_a_zero_byte_is_seen_by_nobody(floor: Floor) -> None:
    """The switch ends the number there: it is a plain claim to be somebody, and forges nothing."""
    number = NUMBERS["is claimed up to a zero byte"]
    row = says(f"<sip:{number}%00%0aagi_dnid%3a%201{HOST}")
    with floor.call(number, SAYS_WHO_IT_IS, row=row) as call:
        assert call.landed() == Landed(crew="elder", number=number, segment="senior")
    assert call.told(CallRouted).hotline == "10010"


def test_the_number_that_the_network_vouches_for_counts(floor: Floor) -> None:
    """And not what the phone says."""
    number = NUMBERS["is vouched for"]
    row = says(f"<sip:anonymous{HOST}", f"P-Asserted-Identity: <sip:{number}{HOST}")
    with floor.call(number, SAYS_WHO_IT_IS, row=row) as call:
        assert call.landed() == Landed(crew="elder", number=number, segment="senior")


def test_a_forged_diversion_changes_nothing_for_the_caller(floor: Floor) -> None:
    number = NUMBERS["was diverted"]
    row = says(f"<sip:{number}{HOST}", f"Diversion: <sip:10086%0d%0aagi_callerid%3a%201{HOST}")
    with floor.call(number, SAYS_WHO_IT_IS, row=row) as call:
        assert call.landed() == Landed(crew="elder", number=number, segment="senior")
    assert call.events() == [call.told(CallRouted), call.told(CallAnswered)]
