"""Callers, actions and promises in words."""

from datetime import date

import pytest

from router.decision import Action, Announce, Overflow, Penalty, Refuse, ToMenu, ToQueue
from router.facts import QueueLoad, Value
from router.policy.conditions import drawn
from router.policy.domains import Day
from router.policy.nodes import AtLeast, Contacts, Is, Leaf, Load, Measure, Open, Share
from router.policy.proof.words import action, caller, duration, outcome, plain
from router.policy.rulebook import GoesTo, Outcome, PersonWithin
from tests.policy.callers import HOUR, NOW, contact, facts
from tests.policy.proof.books import ATTRIBUTES, attribute, book, hotline

BOOK = book(
    hotline((None, ToMenu(menu="main"))),
    {**ATTRIBUTES, "joined": attribute("joined", Day(), date(1970, 1, 1))},
)
UNKNOWN = {name: one.missing for name, one in BOOK.attributes.items()}
KNOWN: dict[str, Value] = {**UNKNOWN, "known": True}


@pytest.mark.parametrize(
    ("customer", "asked", "expected"),
    [
        (UNKNOWN, [], "an unknown caller"),
        # of whom every attribute is missing: nobody wants to hear them all
        (UNKNOWN, [AtLeast("star", 3), Is("known", False)], "an unknown caller"),
        (KNOWN, [], "a customer with nothing special"),
        (KNOWN, [Is("known", True)], "a customer"),
        (KNOWN, [AtLeast("star", 3)], "star 1"),
        ({**KNOWN, "star": 4, "vip": True}, [], "star 4, vip true"),
        ({**KNOWN, "city": "a b"}, [Is("job", "farmer")], 'job other, city "a b"'),
        (KNOWN, [Is("city", "a")], 'city ""'),
        ({**KNOWN, "joined": date(2024, 2, 29)}, [], "joined 2024-02-29"),
    ],
)
def test_attributes_are_told_that_are_asked_for_or_special(
    customer: dict[str, Value], asked: list[Leaf], expected: str
) -> None:
    assert caller(BOOK, facts(customer), asked) == expected


def test_contacts_are_counted_by_their_age() -> None:
    earlier = [
        contact(72 * HOUR, "a"),
        contact(72 * HOUR, "b"),
        contact(60, "c", answered=False),
    ]
    expected = "1 unanswered contact 1 min ago, 2 answered contacts 72 h ago"
    assert caller(BOOK, facts(KNOWN, earlier), []) == expected
    asked = [Contacts(60, True, 1)]
    assert caller(BOOK, facts(KNOWN), asked) == "no earlier contacts"


def test_loads_are_told_by_what_is_asked_or_special() -> None:
    busy = QueueLoad(waiting=20, longest_wait=0, ready=100_000)
    asked = [Load("vip", Measure.READY, 1), Load("general", Measure.LONGEST_WAIT, 60)]
    told = caller(BOOK, facts(KNOWN, loads={"general": busy}), asked)
    assert told == "queue general: 20 waiting, longest wait 0 s, no news of queue vip"


def test_shares_and_hours_are_told_as_they_are_asked_for() -> None:
    identity = next(name for name in map(str, range(999)) if drawn("trial", name) < 1_250)
    made = facts(KNOWN, identity=identity)
    assert caller(BOOK, made, [Share("trial", 1_250)]) == "in the 12.5% of trial"
    assert caller(BOOK, made, [Share("trial", 0)]) == "not in the 0% of trial"
    told = caller(BOOK, made, [Open("office"), Open("late")])
    assert told == "at 2024-11-24 03:46 Asia/Shanghai (office closed, late closed)"
    told = caller(BOOK, facts(KNOWN, now=NOW + 30 * HOUR), [Open("office")])
    assert told == "at 2024-11-25 09:46 Asia/Shanghai (office open)"


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (ToMenu(menu="main"), "menu:main"),
        (Announce(prompt="storm"), "announce:storm"),
        (Refuse(prompt="closed"), "refuse:closed"),
        (
            ToQueue(
                queue="vip",
                priority=9,
                penalty=Penalty(low=0, high=2),
                announcement="soon",
                overflow=(Overflow(after=120, queue="general", priority=10),),
            ),
            (
                "queue:vip after the prompt soon with priority 9 and penalty 0 to 2, "
                "after 2 min queue:general with priority 10"
            ),
        ),
    ],
)
def test_an_action_is_told_with_all_that_belongs_to_it(of: Action, expected: str) -> None:
    assert action(of) == expected


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (PersonWithin(keys=0), "a person without a key"),
        (PersonWithin(keys=1), "a person within 1 key"),
        (PersonWithin(keys=2), "a person within 2 keys"),
        (GoesTo(destinations=frozenset({"queue:vip", "menu:main"})), "menu:main or queue:vip"),
    ],
)
def test_a_promise_is_told(of: Outcome, expected: str) -> None:
    assert outcome(of) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (5_400, "90 min"), (345_600, "96 h"), (604_800, "7 d")],
)
def test_durations_are_told_in_the_unit_that_leaves_no_rest(seconds: int, expected: str) -> None:
    assert duration(seconds) == expected


def test_facts_for_a_machine_are_plain_values() -> None:
    load = QueueLoad(waiting=1, longest_wait=2, ready=3)
    made = plain(facts({"vip": True, "joined": date(2024, 1, 31)}, [contact(60)], loads={"vip": load}))
    assert made == {
        "customer": {"vip": True, "joined": "2024-01-31"},
        "contacts": [{"seconds_ago": 60, "answered": True}],
        "loads": {"vip": {"waiting": 1, "longest_wait": 2, "ready": 3}},
        "identity": "caller",
        "now": NOW,
    }
