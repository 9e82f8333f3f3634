"""Two versions against brute force: each difference is found, and none is invented."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.decision import Announce, Overflow, ToMenu, ToQueue
from router.facts import Facts
from router.policy.attributes import Attribute
from router.policy.compile import compiled
from router.policy.decide import decide
from router.policy.domains import Choice, Integer, Text
from router.policy.nodes import AtLeast, Contacts, Is, Node, Open, Prefix, Share
from router.policy.proof import difference
from router.policy.proof.difference import Change, Comparison, Remark, compare
from router.policy.rulebook import Hotline, PersonWithin, Promise, Rulebook
from tests.policy.callers import NOW
from tests.policy.proof.books import (
    ATTRIBUTES,
    HOURS,
    Drawn,
    attribute,
    book,
    everybody,
    hotline,
    hotlines,
    week,
)

VIP = ToQueue(queue="vip")
MENU = ToMenu(menu="main")


def compared(old: Rulebook, new: Rulebook) -> Comparison:
    return compare(old, new, budget=60, clock=lambda: 0.0, since=NOW)


def messages(comparison: Comparison) -> list[str]:
    return [change.message for change in comparison.changes]


Pairs = set[tuple[str, str]]


def told(comparison: Comparison) -> tuple[Pairs, Pairs]:
    """The pairs of routes of which something is told: those that differ, those that are renamed."""
    differing, renamed = (
        {(one.shown.decisions[0].rule, one.shown.decisions[1].rule) for one in each if one.shown is not None}
        for each in (comparison.changes, comparison.remarks)
    )
    return differing, renamed


def asked(old: Rulebook, new: Rulebook, everyone: list[tuple[Facts, Facts]]) -> tuple[Pairs, Pairs]:
    """The same by asking everybody."""
    policies = compiled(old), compiled(new)
    differing, renamed = set(), set()
    for one, other in everyone:
        before, after = decide(policies[0], one), decide(policies[1], other)
        if before.action != after.action:
            differing.add((before.rule, after.rule))
        elif before.rule != after.rule:
            renamed.add((before.rule, after.rule))
    return differing, renamed


@st.composite
def versions(draw: st.DrawFn) -> tuple[Drawn, Hotline]:
    """A hotline, and another or the same with its routes in another order, some left out."""
    old = draw(hotlines())
    if draw(st.booleans()):
        return old, draw(hotlines(old.asked)).hotline
    *routes, last = old.hotline.routes
    kept = draw(st.permutations(routes))[: draw(st.integers(0, len(routes)))]
    return old, replace(old.hotline, routes=(*kept, last))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(versions())
def test_a_comparison_finds_what_asking_everybody_finds(drawn: tuple[Drawn, Hotline]) -> None:
    old, new = book(drawn[0].hotline), book(drawn[1])
    comparison = compared(old, new)
    everyone = [(facts, facts) for facts in everybody(drawn[0].asked)]
    assert told(comparison) == asked(old, new, everyone)
    assert comparison.alike == (not told(comparison)[0])
    assert not comparison.undecided


def only(**changed: Attribute) -> dict[str, Attribute]:
    return {**ATTRIBUTES, **changed}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    hotlines(("star",)),
    hotlines(("star",)),
    st.tuples(st.integers(-1, 2), st.integers(3, 6)),
    st.integers(2, 3),
)
def test_a_value_that_a_version_cannot_store_is_missing_there(
    one: Drawn, other: Drawn, bounds: tuple[int, int], missing: int
) -> None:
    """The range of an attribute and its missing value may change with the version."""
    stars = attribute("star", Integer(*bounds), missing)
    old, new = book(one.hotline), book(other.hotline, only(star=stars))

    def seen(facts: Facts, star: int, declared: Attribute) -> Facts:
        assert isinstance(declared.domain, Integer)
        stored = declared.domain.low <= star <= declared.domain.high
        return replace(facts, customer={**facts.customer, "star": star if stored else declared.missing})

    everyone = [
        (seen(facts, star, ATTRIBUTES["star"]), seen(facts, star, stars))
        for facts in everybody(())
        for star in (range(-2, 8) if facts.customer["known"] else [-2])
    ]
    assert told(compared(old, new)) == asked(old, new, everyone)


def test_versions_that_are_written_otherwise_decide_alike() -> None:
    old = hotline((AtLeast("star", 1), VIP), (None, MENU))
    new = hotline((Is("star", 0), MENU), (None, VIP))
    comparison = compared(book(old), book(new))
    assert comparison.alike
    assert [remark.kind for remark in comparison.remarks] == [Remark.RENAMED, Remark.RENAMED]
    assert comparison.remarks[0].message.endswith(", and does the same")


def test_a_difference_is_told_with_a_caller_and_both_ways() -> None:
    old = hotline((AtLeast("star", 3), VIP), (None, MENU))
    new = hotline((AtLeast("star", 2), VIP), (None, MENU))
    (change,) = compared(book(old), book(new)).changes
    assert change.message == 'star 2: went to menu:main by "r1", now to queue:vip by "r0"'
    assert change.shown is not None
    assert [facts.customer["star"] for facts in change.shown.facts] == [2, 2]
    assert [decision.rule for decision in change.shown.decisions] == ["r1", "r0"]


def test_another_priority_or_overflow_is_a_difference() -> None:
    stage = Overflow(after=90, queue="general", priority=7)
    old, new = hotline((None, VIP)), hotline((None, ToQueue(queue="vip", priority=1, overflow=(stage,))))
    (change,) = compared(book(old), book(new)).changes
    assert change.message == (
        'an unknown caller: went to queue:vip with priority 0 by "r0", now to '
        'queue:vip with priority 1, after 90 s queue:general with priority 7 by "r0"'
    )


def test_other_hours_of_the_same_name_are_a_difference() -> None:
    made = hotline((Open("desk"), VIP), (None, MENU))
    longer = {**HOURS, "desk": week("desk", ((600, 720), (840, 1_020)), ((600, 720),), ())}
    (change,) = compared(book(made), book(made, hours=longer)).changes
    assert change.shown is not None
    # 16:00 to 17:00 in Shanghai
    assert {facts.now % 86_400 // 3_600 for facts in change.shown.facts} == {8}
    assert "desk open" in change.message


def test_an_attribute_of_one_version_alone_has_any_value_there() -> None:
    tier = attribute("tier", Choice(("gold", "none")), "none")
    old = hotline((None, MENU))
    new = hotline((Is("tier", "gold"), VIP), (None, MENU))
    comparison = compared(book(old), book(new, only(tier=tier)))
    assert messages(comparison) == ['tier gold: went to menu:main by "r0", now to queue:vip by "r0"']
    gone = compared(book(new, only(tier=tier)), book(old))
    assert messages(gone) == [
        'tier gold in the old version: went to queue:vip by "r0", now to menu:main by "r0"'
    ]


def test_a_word_that_is_new_in_a_choice_is_a_caller_to_show() -> None:
    jobs = attribute("job", Choice(("farmer", "other", "pilot", "teacher")), "other")
    new = hotline((Is("job", "pilot"), VIP), (None, MENU))
    comparison = compared(book(hotline((None, MENU))), book(new, only(job=jobs)))
    (change,) = comparison.changes
    assert change.shown is not None
    assert [facts.customer["job"] for facts in change.shown.facts] == ["other", "pilot"]


def test_a_text_that_is_too_long_for_one_version_is_missing_there() -> None:
    longer = attribute("city", Text(5), "")
    made = hotline((Prefix("city", "ab"), VIP), (None, MENU))
    (change,) = compared(book(made), book(made, only(city=longer))).changes
    assert change.shown is not None
    assert change.shown.facts[0].customer["city"] == ""
    assert str(change.shown.facts[1].customer["city"]).startswith("ab")


def test_shares_grow_by_those_who_were_not_in() -> None:
    old = hotline((Share("trial", 500), VIP), (None, MENU))
    new = hotline((Share("trial", 1_000), VIP), (None, MENU))
    (change,) = compared(book(old), book(new)).changes
    assert change.message.startswith("an unknown caller, in the 10% of trial: ")


def test_a_change_of_what_counts_as_a_contact_is_found() -> None:
    def calls(node: Node) -> Hotline:
        return hotline((node, VIP), (None, MENU))

    old, new = calls(Contacts(3_600, True, 2)), calls(Contacts(3_600, False, 2))
    (change,) = compared(book(old), book(new)).changes
    assert "unanswered" in change.message


def test_numbers_and_hotlines_of_one_version_alone_are_told() -> None:
    made = hotline((None, MENU))
    wider = replace(made, numbers=("10010", "10011"))
    comparison = compared(book(made), book(wider))
    assert [(change.kind, change.message) for change in comparison.changes] == [
        (Change.NUMBER_NEW, "the number 10011 was nobody's, now it is the hotline x's")
    ]
    back = compared(book(wider), book(made))
    assert [change.kind for change in back.changes] == [Change.NUMBER_GONE]
    renamed = compared(book(made), book(replace(made, name="y")))
    assert renamed.alike
    assert [remark.kind for remark in renamed.remarks] == [
        Remark.HOTLINE_GONE,
        Remark.HOTLINE_NEW,
        Remark.NUMBER_MOVED,
    ]


def test_promises_that_come_and_go_are_remarks() -> None:
    def promise(name: str, keys: int) -> Promise:
        return Promise(name=name, when=None, always=PersonWithin(keys=keys))

    old = hotline((None, VIP), promises=(promise("a", 0), promise("b", 0)))
    new = hotline((None, VIP), promises=(promise("b", 1), promise("c", 0)))
    comparison = compared(book(old), book(new))
    assert comparison.alike
    assert [remark.kind for remark in comparison.remarks] == [
        Remark.PROMISE_GONE,
        Remark.PROMISE_CHANGED,
        Remark.PROMISE_NEW,
    ]


def test_without_time_nothing_is_claimed() -> None:
    made = book(hotline((None, VIP)))
    comparison = compare(made, made, budget=0, clock=lambda: 0.0, since=NOW)
    assert (comparison.undecided, comparison.changes, comparison.alike) == (("x",), (), False)


def test_more_differences_than_are_told_are_undecided() -> None:
    """Each of eleven routes of the one against each of eleven of the other: more than are read."""
    many = difference.MAX_CHANGES // 10 + 1
    attributes = only(**{name: attribute(name, Integer(0, many), 0) for name in ("one", "two")})
    old = hotline(*((Is("one", n), VIP) for n in range(1, many)), (None, VIP))
    new = hotline(*((Is("two", n), Announce(prompt="a")) for n in range(1, many)), (None, MENU))
    comparison = compared(book(old, attributes), book(new, attributes))
    assert (len(comparison.changes), comparison.undecided) == (difference.MAX_CHANGES, ("x",))
