"""First-contact ownership: whom a caller's next call is for."""

from dataclasses import replace

import pytest

from router.decision import Action, Owner, ToMenu, ToQueue
from router.facts import Contact
from router.policy.owner import answered_since, owner_for
from tests.policy.callers import HOUR, NOW, contact, facts

MINE = ToQueue(queue="vip", owner=Owner(within=24 * HOUR, wait=15))


def by(agent: str, ago: int, call_id: str = "", *, answered: bool = True) -> Contact:
    return replace(contact(ago, call_id, answered=answered), agent=agent)


@pytest.mark.parametrize(
    ("contacts", "owner"),
    [
        ([], ""),
        ([by("vip-1", HOUR)], "vip-1"),
        ([by("vip-1", 24 * HOUR)], "vip-1"),
        ([by("vip-1", 24 * HOUR + 1)], ""),
        # the one who was there first, in whatever order the store tells
        ([by("vip-2", HOUR), by("vip-1", 2 * HOUR)], "vip-1"),
        ([by("vip-1", 2 * HOUR), by("vip-2", HOUR)], "vip-1"),
        ([by("vip-1", 25 * HOUR), by("vip-2", HOUR)], "vip-2"),
        # nobody answered, or nobody knows who
        ([by("vip-1", HOUR, answered=False)], ""),
        ([by("", HOUR)], ""),
        ([by("", 2 * HOUR), by("vip-2", HOUR)], "vip-2"),
        # a router that is asked again while the call goes on
        ([by("vip-1", 0, "now")], ""),
        # a clock that is ahead of ours
        ([by("vip-1", -5)], "vip-1"),
    ],
)
def test_who_answered_first_in_the_window_owns_the_problem(contacts: list[Contact], owner: str) -> None:
    assert owner_for(MINE, facts({}, contacts)) == owner


@pytest.mark.parametrize("action", [ToQueue(queue="vip"), ToMenu(menu="main")])
def test_where_the_route_does_not_ask_for_an_owner_there_is_none(action: Action) -> None:
    assert owner_for(action, facts({}, [by("vip-1", HOUR)])) == ""


@pytest.mark.parametrize(
    ("ago", "call_id", "answered", "is_repeat"),
    [
        (HOUR, "", True, True),
        (HOUR + 1, "", True, False),
        (HOUR, "", False, False),
        (0, "now", True, False),
    ],
)
def test_a_call_is_repeated_when_a_person_has_answered_lately(
    *, ago: int, call_id: str, answered: bool, is_repeat: bool
) -> None:
    asked = facts({}, [contact(ago, call_id, answered=answered)])
    assert answered_since(asked.contacts, NOW - HOUR, asked.call.call_id) is is_repeat
