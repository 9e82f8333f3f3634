"""From classes to a caller, and the caller made plain."""

from dataclasses import replace

from router.facts import CALM, QUIET, Facts, QueueLoad
from router.policy.clauses import MAX_COUNTED
from router.policy.conditions import drawn
from router.policy.nodes import AllOf, AtLeast, Contacts, Is, Load, Measure, Node, Open, Share
from router.policy.proof.space import Point, Space, opened, space
from router.policy.proof.state import ANYBODY, State, simplest, state
from router.store.layout import MAX_CONTACTS
from tests.policy.callers import HOUR, NOW
from tests.policy.proof.books import DNIS, book, hotline

ASKED = AllOf(
    (
        AtLeast("star", 3),
        Is("known", True),
        Contacts(60, True, 2),
        Contacts(HOUR, False, 3),
        Load("general", Measure.WAITING, 5),
        Load("general", Measure.READY, 1),
        Load("vip", Measure.READY, 1),
        Share("trial", 2_500),
        Share("trial", 5_000),
        Open("office"),
    )
)


def space_of(node: Node) -> Space:
    made = book(hotline((node, None), (None, None)))
    return space((made,), [(0, leaf) for leaf in opened({}, node)], NOW)


def point(of: Space, **changed: object) -> Point:
    plain = Point(
        attributes={name: each.plain for name, each in of.attributes.items()},
        loads={measured: each.plain for measured, each in of.loads.items()},
        shares={name: each.plain for name, each in of.shares.items()},
        moment=of.moments.plain,
        contacts=((0, 0),) * len(of.windows),
    )
    return replace(plain, **changed)


def made(of: Space, **changed: object) -> State:
    found = state(of, point(of, **changed))
    assert found is not None
    return found


def test_plain_classes_are_an_unknown_caller_at_a_calm_time() -> None:
    of = space_of(ASKED)
    facts = made(of).facts(0, DNIS)
    assert facts.customer == {"known": False, "star": 1, "job": "other", "vip": False, "city": ""}
    assert (facts.contacts, facts.now, facts.call.dnis) == ((), NOW, DNIS)
    assert set(facts.loads.values()) == {QUIET}


def test_contacts_of_a_longer_window_are_those_that_the_shorter_has_not() -> None:
    found = made(space_of(ASKED), contacts=((2, 1), (3, 3)))
    assert sorted(found.contacts) == [
        (60, False),
        (60, True),
        (60, True),
        (HOUR, False),
        (HOUR, False),
        (HOUR, True),
    ]
    facts = found.facts(0, DNIS)
    assert len({each.call_id for each in facts.contacts} | {facts.call.call_id}) == 7


def test_measures_of_a_queue_are_put_together() -> None:
    of = space_of(ASKED)
    waiting = of.loads["general", Measure.WAITING]
    ((busy, _),) = waiting.answers[Load("general", Measure.WAITING, 5)]
    found = made(of, loads={**point(of).loads, ("general", Measure.WAITING): busy})
    assert found.loads["general"] == QueueLoad(waiting=5, longest_wait=0, ready=CALM.ready)


def test_a_caller_is_drawn_between_two_shares() -> None:
    of = space_of(ASKED)
    answers = of.shares["trial"].answers
    ((_, few),), ((_, more),) = answers[Share("trial", 2_500)], answers[Share("trial", 5_000)]
    assert more == few + 1
    found = made(of, shares={"trial": more})
    assert 2_500 <= drawn("trial", found.identity) < 5_000


def test_a_caller_whom_nobody_can_ask_for_is_known() -> None:
    found = made(space_of(AtLeast("star", 3)))
    assert found.facts(0, DNIS).customer["known"] is True


def busy() -> State:
    return State(
        customer={
            "known": (True,),
            "star": (4,),
            "job": ("farmer",),
            "vip": (False,),
            "city": ("",),
        },
        contacts=((60, True), (60, False)),
        loads={"general": QueueLoad(waiting=9, longest_wait=9, ready=0), "vip": CALM},
        identity="somebody",
        now=NOW + HOUR,
    )


def test_what_does_not_matter_is_made_plain() -> None:
    of = space_of(ASKED)
    assert simplest(of, busy(), lambda _: True) == made(of, loads={})
    assert simplest(of, busy(), lambda _: False) == busy()


def test_what_matters_stays() -> None:
    def matters(found: State) -> bool:
        facts: Facts = found.facts(0, DNIS)
        return (
            facts.customer["star"] == 4
            and any(not contact.answered for contact in facts.contacts)
            and facts.loads.get("general", CALM).waiting == 9
            and facts.now == NOW + HOUR
        )

    found = simplest(space_of(ASKED), busy(), matters)
    assert found.customer == {**busy().customer, "job": ("other",)}
    assert found.contacts == ((60, False),)
    assert found.loads == {"general": QueueLoad(waiting=9, longest_wait=0, ready=CALM.ready)}
    assert (found.identity, found.now) == (ANYBODY, NOW + HOUR)


def test_somebody_waits_as_long_as_a_long_wait_matters() -> None:
    found = simplest(
        space_of(ASKED), busy(), lambda other: other.loads.get("general", CALM).longest_wait == 9
    )
    assert found.loads == {"general": QueueLoad(waiting=1, longest_wait=9, ready=CALM.ready)}


def test_a_known_caller_is_not_made_unknown_while_an_attribute_is_there() -> None:
    """There is no unknown caller with four stars."""
    found = simplest(space_of(ASKED), busy(), lambda other: other.customer["star"] == (4,))
    assert found.customer["known"] == (True,)


def test_the_contacts_of_any_witness_fit_into_the_store() -> None:
    """As many of each kind as can be asked for are enough; an answered call takes two entries."""
    assert 2 * MAX_COUNTED + MAX_COUNTED <= MAX_CONTACTS
