"""The policies that are shipped: who goes where, and the edges of each group."""

from pathlib import Path

import pytest

from router.decision import Overflow, ToQueue
from router.facts import Contact, Data, Facts, Value
from router.policy.decide import decide
from router.policy.load import load
from tests.policy.callers import HOUR, contact, facts

FOLDER = Path(__file__).parents[2] / "policies"
POLICIES = load(FOLDER)
TWO = (contact(HOUR), contact(24 * HOUR))


def call(contacts: tuple[Contact, ...] = (), **customer: Value) -> Facts:
    known = {"known": True, **customer} if customer or contacts else {}
    return facts({**POLICIES.unknown.customer, **known}, contacts)


@pytest.mark.parametrize(
    ("offered", "segment", "destination"),
    [
        (call(), "none", "menu:main"),
        (call(known=True), "none", "menu:main"),
        (call(age=64), "none", "menu:main"),
        (call(age=65), "senior", "queue:elder-care"),
        (call(age=130), "senior", "queue:elder-care"),
        (call(age=0), "none", "menu:main"),
        (call(star=4), "none", "menu:main"),
        (call(star=5), "vip", "queue:vip"),
        (call(star=7), "vip", "queue:vip"),
        (call(key_customer=True), "vip", "queue:vip"),
        (call(star=4, key_customer=True), "vip", "queue:vip"),
        (call(occupation="truck_driver"), "truck_driver", "queue:truck"),
        (call(occupation="taxi_driver"), "none", "menu:main"),
        (call(TWO), "repeat", "queue:expert"),
        (call((contact(HOUR), contact(72 * HOUR))), "repeat", "queue:expert"),
        (call((contact(HOUR), contact(72 * HOUR + 1))), "none", "menu:main"),
        (call((contact(HOUR),)), "none", "menu:main"),
        (call((contact(HOUR), contact(2 * HOUR, answered=False))), "none", "menu:main"),
        (call((contact(HOUR, "one"), contact(2 * HOUR, "one"))), "none", "menu:main"),
        (call(TWO, age=70), "repeat", "queue:expert"),
        (call(TWO, star=7), "repeat", "queue:expert"),
        (call(age=70, star=5), "vip", "queue:vip"),
        (call(age=70, occupation="truck_driver"), "senior", "queue:elder-care"),
        (call(star=5, occupation="truck_driver"), "vip", "queue:vip"),
    ],
)
def test_a_caller_goes_where_the_contract_says(offered: Facts, segment: str, destination: str) -> None:
    decision = decide(POLICIES, offered)
    assert (decision.segment, decision.destination) == (segment, destination)


def test_an_unknown_caller_and_a_dead_store_have_the_menu() -> None:
    """What is decided when nothing is known is a rule of the policy, not an accident."""
    for data in (Data.WITHHELD, Data.ABSENT, Data.FRESH):
        nothing = facts(POLICIES.unknown.customer, POLICIES.unknown.contacts)
        decision = decide(
            POLICIES,
            Facts(
                call=nothing.call,
                customer=nothing.customer,
                contacts=(),
                loads={},
                identity="caller",
                now=nothing.now,
                data=data,
            ),
        )
        assert (decision.rule, decision.destination) == ("everyone-else", "menu:main")


def test_the_special_queues_overflow_to_the_general_one_and_gain_priority() -> None:
    """Nobody who has waited stands behind those who come to the general queue new."""
    actions = [made.action for made in POLICIES.decisions if made.hotline == "10010"]
    queues = [action for action in actions if isinstance(action, ToQueue)]
    assert {action.queue for action in queues} == {"expert", "vip", "elder-care", "truck"}
    for action in queues:
        (stage,) = action.overflow
        assert stage == Overflow(after=stage.after, queue="general", priority=action.priority + 10)
        assert POLICIES.book.queues[action.queue].human


def test_the_shipped_names_are_those_of_the_contract() -> None:
    assert list(POLICIES.book.attributes) == [
        "known", "age", "occupation", "star", "key_customer", "province", "city", "dialect", "language",
        "enterprise_tier", "account_manager", "joined", "care_preference",
    ]  # fmt: skip
    assert set(POLICIES.book.queues) == {
        "elder-care",
        "truck",
        "vip",
        "expert",
        "general",
        "roaming",
        "default",
    }
    assert list(POLICIES.trees["10010"].hotline.segments) == ["repeat", "vip", "senior", "truck_driver"]
    assert [need.name for need in POLICIES.needs.attributes] == [
        "known",
        "age",
        "occupation",
        "star",
        "key_customer",
        "province",
        "enterprise_tier",
    ]
    assert POLICIES.needs.queues == ("roaming",)
    assert POLICIES.longest_window == 72 * HOUR


def test_every_route_says_why_in_both_languages() -> None:
    for route in [route for hotline in POLICIES.book.hotlines for route in hotline.routes]:
        assert route.reason is not None
        assert set(route.reason) == {"en", "zh"}


def test_every_missing_value_is_one_that_the_store_could_hold() -> None:
    for attribute in POLICIES.book.attributes.values():
        assert attribute.decode(attribute.encode(attribute.missing)) == attribute.missing
