"""What is left of a condition when some segments are known."""

import pytest

from router.policy.nodes import (
    AllOf,
    AnyOf,
    AtLeast,
    Contacts,
    InSegment,
    Is,
    Node,
    Not,
    leaves,
    settle,
)

SENIOR, VIP, REPEAT = InSegment("senior"), InSegment("vip"), InSegment("repeat")
OLD = AtLeast("age", 80)
KNOWN = {"senior": True, "vip": False}


@pytest.mark.parametrize(
    ("node", "left"),
    [
        (SENIOR, True),
        (VIP, False),
        (REPEAT, REPEAT),
        (OLD, OLD),
        (Not(VIP), True),
        (Not(REPEAT), Not(REPEAT)),
        (AllOf((SENIOR, OLD)), OLD),
        (AllOf((VIP, OLD)), False),
        (AllOf((SENIOR, Not(VIP))), True),
        (AllOf((SENIOR, OLD, REPEAT)), AllOf((OLD, REPEAT))),
        (AnyOf((SENIOR, OLD)), True),
        (AnyOf((VIP, OLD)), OLD),
        (AnyOf((VIP, Not(SENIOR))), False),
        (AnyOf((VIP, OLD, REPEAT)), AnyOf((OLD, REPEAT))),
        (AllOf((OLD, Not(AnyOf((VIP, AllOf((SENIOR, REPEAT))))))), AllOf((OLD, Not(REPEAT)))),
    ],
)
def test_a_condition_is_settled_as_far_as_is_known(node: Node, left: object) -> None:
    assert settle(node, KNOWN) == left


def test_nothing_known_changes_nothing() -> None:
    node = AllOf((SENIOR, Not(AnyOf((VIP, OLD)))))
    assert settle(node, {}) == node


def test_leaves_are_all_that_is_asked_in_order() -> None:
    contacts = Contacts(within=60, answered=True, at_least=1)
    node = AllOf((SENIOR, Not(AnyOf((contacts, OLD))), Is("star", 5)))
    assert list(leaves(node)) == [SENIOR, contacts, OLD, Is("star", 5)]
