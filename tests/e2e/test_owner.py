"""Who took a caller's problem first answers the next call, too."""

import pytest

from router.events import CallAnswered
from tests.e2e.customers import NUMBERS
from tests.e2e.floor import Floor, Landed

pytestmark = pytest.mark.e2e

PATIENCE = 5
"""Seconds in which the team must have the call, when the agent is away: no stage is waited for."""


def answered(floor: Floor, number: str) -> CallAnswered:
    """Place a call that people for seniors answer; who did, as the contacts have it from now on."""
    before = floor.contacts(number)
    with floor.call(number) as call:
        assert call.landed() == Landed(crew="elder", number=number, segment="senior")
        told = call.told(CallAnswered)
    floor.await_contacts(number, ["elder-care", *before])
    return told


def test_a_caller_meets_the_same_agent_again(floor: Floor) -> None:
    """Without it the agent who has been idle longest would answer, and that is another one."""
    number = NUMBERS["comes back"]
    first = answered(floor, number)
    again = answered(floor, number)
    assert (first.queue, again.queue) == ("elder-care", "own")
    assert again.agent == first.agent
    assert again.asked == "elder-care"


def test_while_that_agent_is_away_the_team_answers_at_once(floor: Floor) -> None:
    number = NUMBERS["comes back to somebody who is away"]
    first = answered(floor, number)
    phone = f"PJSIP/{first.agent}"
    floor.stack.asterisk.cli(f"queue pause member {phone}")
    try:
        again = answered(floor, number)
    finally:
        floor.stack.asterisk.cli(f"queue unpause member {phone}")
    assert (again.queue, again.asked) == ("elder-care", "elder-care")
    assert again.agent != first.agent
    assert again.waited <= PATIENCE
