"""Proofs against brute force: nothing missed, nothing invented."""

from collections.abc import Callable
from dataclasses import replace
from itertools import chain, count, repeat

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.decision import Overflow, Penalty, ToMenu, ToQueue
from router.facts import Facts
from router.policy.compile import compiled
from router.policy.decide import Policies, decide
from router.policy.nodes import (
    AllOf,
    AtLeast,
    Below,
    Contacts,
    InSegment,
    Is,
    Load,
    Measure,
    Node,
    Not,
    Prefix,
    Share,
)
from router.policy.proof import overlaps
from router.policy.proof.findings import Finding, Kind, Proof, Verdict, Why
from router.policy.proof.prove import prove
from router.policy.rulebook import GoesTo, PersonWithin, Promise, keeps
from tests.policy.callers import NOW
from tests.policy.proof.books import Drawn, book, everybody, hotline, hotlines

GENERAL = ToQueue(queue="general")
VIP = ToQueue(queue="vip")
MENU = ToMenu(menu="main")


def proof_of(drawn: Drawn) -> Proof:
    return prove(book(drawn.hotline), budget=60, clock=lambda: 0.0, since=NOW)


def of_kind(proof: Proof, kind: Kind) -> dict[str, Finding]:
    return {finding.name: finding for finding in proof.findings if finding.kind is kind}


def alone(name: str) -> st.SearchStrategy[Drawn]:
    """Hotlines that ask for one thing (and for a star: of what is known there is nothing without)."""
    return hotlines((name, "star") if name == "known" else (name,))


class Oracle:
    """What is so, by asking everybody."""

    def __init__(self, drawn: Drawn) -> None:
        self.policies: Policies = compiled(book(drawn.hotline))
        tree = next(iter(self.policies.trees.values()))
        self.hotline = tree.hotline
        self.closure: Callable[[Node], Callable[[Facts], bool]] = tree.closures.of
        self.rules: set[str] = set()
        self.kept: dict[str, bool] = {}
        """By promise that anybody meets: whether it was kept each time."""
        self.belonged: set[str] = set()
        self.met: set[frozenset[str]] = set()
        """Which routes' conditions are met together."""
        self.crossed: set[tuple[str, str]] = set()
        """Who takes a call from whom."""
        for facts in everybody(drawn.asked):
            self.ask(facts)

    def ask(self, facts: Facts) -> None:
        decision = decide(self.policies, facts)
        self.rules.add(decision.rule)
        for promise in self.hotline.promises:
            if self.meets(promise.when, facts):
                kept = keeps(self.policies.book, decision.action, promise.always)
                self.kept[promise.name] = self.kept.get(promise.name, True) and kept
        self.belonged |= {name for name, node in self.hotline.segments.items() if self.closure(node)(facts)}
        met = frozenset(route.name for route in self.hotline.routes if self.meets(route.when, facts))
        self.met.add(met)
        self.crossed |= {(decision.rule, other) for other in met - {decision.rule}}

    def meets(self, node: Node | None, facts: Facts) -> bool:
        return node is None or self.closure(node)(facts)

    def covered(self, route: str, eaters: set[str]) -> bool:
        return all(met & eaters for met in self.met if route in met)

    def overlapping(self) -> set[tuple[str, str]]:
        routes = {route.name: route for route in self.hotline.routes}
        return {
            (one, other)
            for one, other in self.crossed
            if other in self.rules
            and routes[one].action.destination != routes[other].action.destination
            and any(one in met and other not in met for met in self.met)
            and any(other in met and one not in met for met in self.met)
        }


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hotlines())
def test_a_proof_finds_what_asking_everybody_finds(drawn: Drawn) -> None:
    agree(drawn)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["contacts", "city", "known", "load", "open", "share"]).flatmap(alone))
def test_a_proof_of_one_thing_finds_what_asking_everybody_finds(drawn: Drawn) -> None:
    """All routes ask for the same: so they are dead, eaten and overlapping more often."""
    agree(drawn)


def agree(drawn: Drawn) -> None:
    proof, oracle = proof_of(drawn), Oracle(drawn)
    assert not proof.undecided
    assert {judged.name: judged.verdict for judged in proof.promises} == {
        promise.name: Verdict.EMPTY
        if promise.name not in oracle.kept
        else Verdict.PROVED
        if oracle.kept[promise.name]
        else Verdict.BROKEN
        for promise in drawn.hotline.promises
    }
    assert of_kind(proof, Kind.EMPTY_SEGMENT).keys() == drawn.hotline.segments.keys() - oracle.belonged
    routes = {route.name for route in drawn.hotline.routes}
    dead = of_kind(proof, Kind.DEAD_ROUTE)
    assert dead.keys() == routes - oracle.rules
    for name, finding in dead.items():
        eaters = set(finding.routes)
        assert oracle.covered(name, eaters)
        assert not any(oracle.covered(name, eaters - {eater}) for eater in eaters)
    overlapping = {
        (finding.name, finding.routes[0]) for finding in proof.findings if finding.kind is Kind.OVERLAP
    }
    assert overlapping == oracle.overlapping()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hotlines())
def test_every_caller_who_is_shown_shows_it(drawn: Drawn) -> None:
    """Each witness is decided as it is told, and is no caller that there cannot be."""
    policies = compiled(book(drawn.hotline))
    closures = next(iter(policies.trees.values())).closures
    promises = {promise.name: promise for promise in drawn.hotline.promises}
    routes = {route.name: route for route in drawn.hotline.routes}
    for finding in proof_of(drawn).findings:
        if finding.witness is None:
            continue
        facts = finding.witness.facts
        decision = decide(policies, facts)
        assert (decision.rule, decision.action) == (
            finding.witness.decision.rule,
            finding.witness.decision.action,
        )
        if facts.customer["known"] is False:
            assert facts.customer == policies.unknown.customer
        assert all(load.waiting or not load.longest_wait for load in facts.loads.values())
        if finding.kind is Kind.BROKEN_PROMISE:
            promise = promises[finding.name]
            assert promise.when is None or closures.of(promise.when)(facts)
            assert not keeps(policies.book, decision.action, promise.always)
        else:
            other = routes[finding.routes[0]].when
            assert decision.rule == finding.name
            assert other is not None
            assert closures.of(other)(facts)


@settings(max_examples=20, deadline=None)
@given(hotlines())
def test_without_time_nothing_is_claimed(drawn: Drawn) -> None:
    proof = prove(book(drawn.hotline), budget=0, clock=lambda: 0.0, since=NOW)
    assert not [finding for finding in proof.findings if finding.kind is not Kind.RETURN]
    assert {judged.verdict for judged in proof.promises} <= {Verdict.UNDECIDED}
    assert [left.name for left in proof.undecided] == [
        *(promise.name for promise in drawn.hotline.promises),
        *drawn.hotline.segments,
        *(route.name for route in drawn.hotline.routes),
    ]


def looks(in_time: int) -> Callable[[], float]:
    """A clock that can be looked at so often before the time is over."""
    times = chain([0.0] * in_time, repeat(2.0))
    return lambda: next(times)


def test_time_that_runs_out_is_told_for_what_is_left() -> None:
    """The promises come first: what was found of them stays, of the rest nothing is claimed."""
    made = hotline((None, MENU), promises=(Promise(name="p", when=None, always=PersonWithin(keys=0)),))
    seen: set[tuple[Verdict, tuple[str, ...]]] = set()
    for often in range(1, 60):
        proof = prove(book(made), budget=1, clock=looks(often), since=NOW)
        (judged,) = proof.promises
        seen.add((judged.verdict, tuple(left.name for left in proof.undecided)))
    assert seen == {
        (Verdict.UNDECIDED, ("p", "r0")),
        (Verdict.BROKEN, ("r0",)),
        (Verdict.BROKEN, ()),
    }


def test_a_large_hotline_leaves_no_other_undecided() -> None:
    """Every look at the clock takes a millisecond; the large one is the first of the files."""
    ticks = count()
    conditions = [Prefix("city", f"c{number}") for number in range(1_000)]
    large = hotline(*((when, VIP) for when in conditions), (None, MENU))
    promise = Promise(name="p", when=AtLeast("star", 3), always=PersonWithin(keys=0))
    small = replace(
        hotline((AtLeast("star", 4), VIP), (None, MENU), promises=(promise,)), name="small", numbers=("2",)
    )
    both = replace(book(large), hotlines=(large, small))
    proof = prove(both, budget=2, clock=lambda: next(ticks) / 1_000, since=NOW)
    assert [judged.verdict for judged in proof.promises] == [Verdict.BROKEN]
    assert {left.hotline for left in proof.undecided} == {"x"}
    assert [finding.name for finding in proof.mistakes if finding.hotline == "small"] == ["p"]


# --- what is told --------------------------------------------------------------------------


def test_a_broken_promise_is_told_with_a_caller_at_the_boundary() -> None:
    made = hotline(
        (AtLeast("star", 3), MENU),
        (InSegment("senior"), VIP),
        (None, MENU),
        segments={"senior": Is("job", "teacher")},
        promises=(Promise(name="teachers", when=InSegment("senior"), always=PersonWithin(keys=0)),),
    )
    proof = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW)
    (finding,) = proof.mistakes
    assert (finding.kind, finding.file, finding.steps) == (
        Kind.BROKEN_PROMISE,
        "x.yaml",
        ("promises", 0),
    )
    assert finding.message == (
        'is broken: star 3, job teacher; route "r0" takes the call to menu:main, '
        "promised is a person without a key"
    )
    assert proof.promises[0].finding == finding


def test_an_unknown_caller_can_break_a_promise() -> None:
    made = hotline(
        (Is("known", True), VIP),
        (None, MENU),
        promises=(Promise(name="all", when=None, always=GoesTo(destinations=frozenset({"queue:vip"}))),),
    )
    (finding,) = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW).mistakes
    assert finding.message.startswith("is broken: an unknown caller; ")


def test_an_unknown_caller_has_no_attribute() -> None:
    """What no caller can be, breaks no promise."""
    when = AllOf((Is("known", False), AtLeast("star", 2)))
    made = hotline((when, MENU), (None, VIP))
    (finding,) = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW).mistakes
    assert (finding.kind, finding.message) == (
        Kind.DEAD_ROUTE,
        "takes no call: its condition can never hold",
    )


def test_the_routes_that_eat_a_dead_one_are_named_and_no_others() -> None:
    stages = (Overflow(after=10, queue="general", priority=0),)
    made = hotline(
        (Is("job", "farmer"), VIP),
        (AtLeast("star", 3), VIP),
        (Below("star", 3), MENU),
        (Is("vip", True), ToQueue(queue="vip", overflow=stages)),
        (None, MENU),
    )
    proof = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW)
    assert [(finding.name, finding.routes) for finding in proof.mistakes] == [
        ("r3", ("r1", "r2")),
        ("r4", ("r1", "r2")),
    ]
    assert proof.mistakes[0].message == (
        'takes no call: "r1", "r2" together take all of its callers before; so its overflow is never reached'
    )


def test_contacts_of_a_short_window_are_contacts_of_a_long_one() -> None:
    """Three were called back within the minute and none in the hour: there is no such caller."""
    made = hotline(
        (AllOf((Contacts(60, True, 2), Not(Contacts(3_600, False, 2)))), VIP),
        # both calls of the hour were unanswered calls of the last minute
        (
            AllOf(
                (
                    Contacts(60, False, 2),
                    Not(Contacts(60, True, 1)),
                    Contacts(3_600, True, 1),
                    Not(Contacts(3_600, False, 3)),
                )
            ),
            VIP,
        ),
        (None, MENU),
    )
    proof = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW)
    assert [(finding.name, finding.routes) for finding in proof.mistakes] == [("r0", ()), ("r1", ())]


def test_no_news_of_a_queue_is_a_state_like_any_other() -> None:
    made = hotline(
        (Load("general", Measure.READY, 1), GENERAL),
        (None, VIP),
        promises=(Promise(name="p", when=None, always=GoesTo(destinations=frozenset({"queue:vip"}))),),
    )
    (finding,) = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW).mistakes
    assert finding.message.startswith("is broken: an unknown caller, no news of queue general; ")


def test_where_nobody_waits_nobody_has_waited_long() -> None:
    """The longest wait is of those who wait now; it is 0 in the second in which the first one comes."""
    waiting, long = Load("general", Measure.WAITING, 1), Load("general", Measure.LONGEST_WAIT, 30)
    promise = Promise(name="p", when=long, always=GoesTo(destinations=frozenset({"queue:vip"})))
    made = hotline((waiting, VIP), (None, GENERAL), promises=(promise,))
    proof = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW)
    assert [judged.verdict for judged in proof.promises] == [Verdict.PROVED]

    at_once = AllOf((waiting, Not(Load("general", Measure.LONGEST_WAIT, 1))))
    never = AllOf((Not(Load("general", Measure.WAITING, 1)), Load("general", Measure.LONGEST_WAIT, 1)))
    made = hotline((at_once, VIP), (never, MENU), (long, VIP), (None, GENERAL))
    proof = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW)
    assert [(finding.name, finding.routes) for finding in proof.mistakes] == [("r1", ())]


def test_a_long_wait_is_shown_with_somebody_who_waits() -> None:
    promise = Promise(name="p", when=None, always=GoesTo(destinations=frozenset({"queue:general"})))
    made = hotline((Load("general", Measure.LONGEST_WAIT, 60), VIP), (None, GENERAL), promises=(promise,))
    (finding,) = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW).mistakes
    assert finding.message.startswith(
        "is broken: an unknown caller, queue general: 1 waiting, longest wait 1 min; "
    )


def test_a_rare_share_is_found_and_one_of_nobody_is_not() -> None:
    made = hotline((Share("nobody", 0), GENERAL), (Share("few", 1), VIP), (None, MENU))
    proof = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW)
    assert [finding.name for finding in proof.mistakes] == ["r0"]


def test_a_caller_whom_nobody_is_drawn_for_is_undecided() -> None:
    """One in a hundred million: what cannot be shown is not claimed."""
    both = AllOf((Share("a", 1), Share("b", 1)))
    made = hotline(
        (both, MENU),
        (None, VIP),
        promises=(Promise(name="p", when=None, always=PersonWithin(keys=0)),),
    )
    proof = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW)
    assert [judged.verdict for judged in proof.promises] == [Verdict.UNDECIDED]
    assert [(left.name, left.why) for left in proof.undecided] == [("p", Why.DRAWN)]
    assert not proof.mistakes


def test_overlaps_are_told_up_to_a_number() -> None:
    made = hotline(
        (Is("vip", True), VIP), (AtLeast("star", 2), GENERAL), (Is("job", "farmer"), MENU), (None, MENU)
    )
    proof = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW)
    assert [(finding.name, finding.routes) for finding in proof.notes] == [
        ("r0", ("r1",)),
        ("r0", ("r2",)),
        ("r1", ("r2",)),
    ]
    assert proof.notes[0].message == (
        'overlaps with "r1": star 2, vip true; "r0" takes the call to queue:vip, '
        '"r1" would take it to queue:general'
    )
    assert proof.uncompared == 0
    assert overlaps.MAX_OVERLAPS == 20


def test_overflow_that_comes_back_and_gains_nothing_is_told() -> None:
    def stage(queue: str, priority: int, penalty: Penalty | None = None) -> Overflow:
        return Overflow(after=10, queue=queue, priority=priority, penalty=penalty)

    own = Penalty(low=0, high=0)
    back = ToQueue(queue="vip", priority=5, overflow=(stage("general", 5), stage("vip", 5)))
    sooner = ToQueue(queue="vip", priority=5, overflow=(stage("general", 5), stage("vip", 6)))
    wider = ToQueue(
        queue="vip", penalty=own, overflow=(stage("vip", 0, Penalty(low=0, high=3)), stage("vip", 0, own))
    )
    made = hotline((Is("star", 1), back), (Is("star", 2), sooner), (None, wider))
    proof = prove(book(made), budget=60, clock=lambda: 0.0, since=NOW)
    assert [(finding.kind, finding.steps) for finding in proof.notes if finding.kind is Kind.RETURN] == [
        (Kind.RETURN, ("routes", 0, "overflow", 1)),
        (Kind.RETURN, ("routes", 2, "overflow", 1)),
    ]
