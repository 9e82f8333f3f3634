"""Each kind of condition, with the values at its edges."""

from datetime import date

import pytest

from router.facts import MAX_LOAD, Contact, QueueLoad, Value
from router.policy.conditions import Closures, drawn
from router.policy.nodes import (
    SHARES,
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Between,
    Contacts,
    InSegment,
    Is,
    Load,
    Measure,
    Node,
    Not,
    OneOf,
    Prefix,
    Share,
)
from tests.policy.callers import HOUR, contact, facts

CUSTOMER: dict[str, Value] = {
    "age": 65,
    "key": True,
    "city": "zhengzhou",
    "joined": date(2024, 2, 1),
    "occupation": "teacher",
}
TRUE, FALSE = Is("age", 65), Is("age", 66)
TWICE = Contacts(within=72 * HOUR, answered=True, at_least=2)


def holds(node: Node, *contacts: Contact, **segments: Node) -> bool:
    return Closures(segments, {}).of(node)(facts(CUSTOMER, contacts))


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Is("age", 65), True),
        (Is("age", 64), False),
        (Is("key", True), True),
        (Is("key", False), False),
        (OneOf("occupation", frozenset({"teacher", "doctor"})), True),
        (OneOf("occupation", frozenset({"doctor"})), False),
        (AtLeast("age", 65), True),
        (AtLeast("age", 66), False),
        (AtLeast("joined", date(2024, 2, 1)), True),
        (AtLeast("joined", date(2024, 2, 2)), False),
        (Below("age", 66), True),
        (Below("age", 65), False),
        (Below("joined", date(2024, 2, 2)), True),
        (Below("joined", date(2024, 2, 1)), False),
        (Between("age", 65, 70), True),
        (Between("age", 60, 65), True),
        (Between("age", 66, 70), False),
        (Between("age", 60, 64), False),
        (Prefix("city", "zheng"), True),
        (Prefix("city", "heng"), False),
        (Not(FALSE), True),
        (Not(TRUE), False),
        (AllOf((TRUE, TRUE)), True),
        (AllOf((TRUE, FALSE)), False),
        (AnyOf((FALSE, TRUE)), True),
        (AnyOf((FALSE, FALSE)), False),
    ],
)
def test_a_condition_holds_or_does_not(node: Node, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert holds(node) is expected


def test_a_segment_is_its_condition() -> None:
    """Also through another segment."""
    segments = {"senior": AtLeast("age", 65), "other": Not(InSegment("senior"))}
    assert holds(InSegment("senior"), **segments)
    assert not holds(InSegment("other"), **segments)


def test_one_condition_is_one_function() -> None:
    closures = Closures({"senior": AtLeast("age", 65)}, {})
    assert closures.of(InSegment("senior")) is closures.of(AtLeast("age", 65))


@pytest.mark.parametrize(
    ("contacts", "expected"),
    [
        ([], False),
        ([contact(HOUR)], False),
        ([contact(HOUR), contact(2 * HOUR)], True),
        ([contact(HOUR), contact(72 * HOUR)], True),
        ([contact(HOUR), contact(72 * HOUR + 1)], False),
        ([contact(HOUR), contact(2 * HOUR, answered=False)], False),
        ([contact(HOUR), contact(2 * HOUR, answered=False), contact(3 * HOUR)], True),
        ([contact(HOUR, "one"), contact(2 * HOUR, "one")], False),
        ([contact(HOUR, "one"), contact(2 * HOUR, "one", answered=False), contact(3 * HOUR)], True),
        ([contact(100 * HOUR), contact(HOUR), contact(2 * HOUR)], True),
        ([contact(-5), contact(HOUR)], True),
        ([contact(1, "now"), contact(HOUR)], False),
        ([contact(1, "now"), contact(HOUR), contact(2 * HOUR)], True),
    ],
    ids=[
        "none",
        "one",
        "two",
        "the second exactly 72 hours ago",
        "the second a second earlier",
        "the second not answered",
        "one between them not answered",
        "two entries of one call",
        "two entries of one call, and another call",
        "an old one written late",
        "one in the future, of a clock that is ahead",
        "one of them is the call itself",
        "two and the call itself",
    ],
)
def test_answered_contacts_in_a_window_are_counted(contacts: list[Contact], expected: bool) -> None:  # noqa: FBT001
    assert holds(TWICE, *contacts) is expected


def test_all_contacts_are_counted_when_nothing_is_said_of_answers() -> None:
    node = Contacts(within=HOUR, answered=False, at_least=2)
    assert holds(node, contact(1, answered=False), contact(2))
    assert not holds(node, contact(1, "one", answered=False), contact(2, "one"))
    assert not holds(node, contact(1, answered=False), contact(HOUR + 1))


BUSY = {"general": QueueLoad(waiting=20, longest_wait=180, ready=1)}


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (Load("general", Measure.WAITING, 20), True),
        (Load("general", Measure.WAITING, 21), False),
        (Load("general", Measure.LONGEST_WAIT, 180), True),
        (Load("general", Measure.LONGEST_WAIT, 181), False),
        (Load("general", Measure.READY, 1), True),
        (Load("general", Measure.READY, 2), False),
        (Load("expert", Measure.WAITING, 0), True),
        (Load("expert", Measure.WAITING, 1), False),
        (Load("expert", Measure.LONGEST_WAIT, 1), False),
        (Load("expert", Measure.READY, MAX_LOAD), True),
        (Load("general", Measure.KNOWN, 1), True),
        (Load("expert", Measure.KNOWN, 1), False),
    ],
)
def test_the_load_of_a_queue_is_measured_and_without_news_it_is_calm(
    node: Node,
    expected: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert Closures({}, {}).of(node)(facts(CUSTOMER, loads=BUSY)) is expected


def test_a_share_takes_the_same_callers_each_time_and_keeps_them_when_it_grows() -> None:
    callers = [f"caller-{number}" for number in range(2_000)]
    small, large = (Closures({}, {}).of(Share("new-menu", below)) for below in (1_000, 3_000))
    in_small = {name for name in callers if small(facts(CUSTOMER, identity=name))}
    in_large = {name for name in callers if large(facts(CUSTOMER, identity=name))}
    assert in_small < in_large
    assert in_small == {name for name in callers if small(facts(CUSTOMER, identity=name))}
    assert 0.08 < len(in_small) / len(callers) < 0.12
    assert 0.27 < len(in_large) / len(callers) < 0.33


def test_each_name_of_a_share_draws_by_itself() -> None:
    callers = [f"caller-{number}" for number in range(2_000)]
    both = [name for name in callers if drawn("one", name) < 3_000 and drawn("other", name) < 3_000]
    assert 0.07 < len(both) / len(callers) < 0.11


@pytest.mark.parametrize(("below", "expected"), [(0, False), (SHARES, True)])
def test_a_share_of_nothing_is_nobody_and_one_of_all_is_everybody(below: int, expected: bool) -> None:  # noqa: FBT001
    test = Closures({}, {}).of(Share("new-menu", below))
    assert {test(facts(CUSTOMER, identity=f"caller-{number}")) for number in range(500)} == {expected}
