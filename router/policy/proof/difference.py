"""How two versions of the policies decide differently: found by the solver, each with a caller who shows it.

A difference is one of what becomes of a call: destination, priority, agents, prompt, overflow. An attribute
that only one version has has any value there; a value that a version cannot store is missing there.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from router.decision import Decision
from router.facts import Facts
from router.policy.compile import compiled
from router.policy.decide import Policies
from router.policy.proof.formulas import Formula, all_of, negated
from router.policy.proof.pairing import Pairing, pairing
from router.policy.proof.solver import Answer, Deadline, OutOfTime
from router.policy.proof.words import action
from router.policy.rulebook import Hotline, Rulebook

MAX_CHANGES = 100
"""The pairs of routes of one hotline that are told; the rest is told as more."""


class Change(StrEnum):
    """What is different."""

    ROUTED = "routed"
    """Some calls go another way."""
    NUMBER_GONE = "number-gone"
    NUMBER_NEW = "number-new"


class Remark(StrEnum):
    """What is no other decision, but worth knowing."""

    RENAMED = "renamed"
    """Another route takes some calls and does the same."""
    HOTLINE_GONE = "hotline-gone"
    HOTLINE_NEW = "hotline-new"
    NUMBER_MOVED = "number-moved"
    PROMISE_GONE = "promise-gone"
    PROMISE_NEW = "promise-new"
    PROMISE_CHANGED = "promise-changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A caller, and what each version decides."""

    words: str
    facts: tuple[Facts, Facts]
    """Of the old version, of the new one."""
    decisions: tuple[Decision, Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is different."""

    kind: Change | Remark
    hotline: str
    """The new one's name, if there is one."""
    message: str
    shown: Shown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that is known of two versions."""

    versions: tuple[str, str]
    changes: tuple[Difference, ...]
    """What is decided differently."""
    remarks: tuple[Difference, ...]
    undecided: tuple[str, ...]
    """Hotlines of which there may be more to say; there was no time, or there was enough."""

    @property
    def alike(self) -> bool:
        """The two are proved to decide alike for every caller in every state."""
        return not self.changes and not self.undecided


def compare(
    old: Rulebook, new: Rulebook, *, budget: float, clock: Callable[[], float], since: int
) -> Comparison:
    """Find all that two versions decide differently; arguments as those of `prove`."""
    deadline = Deadline(clock, clock() + budget)
    both = (compiled(old), compiled(new))
    changes, remarks = list(_numbers(both)), [*_hotlines(both), *_promises(both)]
    undecided: list[str] = []
    for one, other, dnis in _pairs(both):
        try:
            pair = pairing(both, (one, other), dnis, since, deadline)
        except OutOfTime:
            undecided.append(other.name)
            continue
        found, complete = _changes(pair, pair.differ, Change.ROUTED)
        changes += found
        if complete:
            found, complete = _changes(pair, pair.renamed, Remark.RENAMED)
            remarks += found
        if not complete:
            undecided.append(other.name)
    return Comparison(
        versions=(old.version, new.version),
        changes=tuple(changes),
        remarks=tuple(remarks),
        undecided=tuple(undecided),
    )


def _changes(
    pair: Pairing, question: tuple[Formula, ...], kind: Change | Remark
) -> tuple[list[Difference], bool]:
    """A caller for each pair of routes for which something is so, and whether these are all."""
    found: list[Difference] = []
    while len(found) < MAX_CHANGES:
        answer = pair.solver.ask(*question)
        if answer is Answer.NO:
            return found, True
        shown = pair.shown() if answer is Answer.YES else None
        if shown is None:
            return found, False
        words, facts, decisions = shown
        found.append(
            Difference(
                kind=kind,
                hotline=decisions[1].hotline,
                message=_message(kind, words, decisions),
                shown=Shown(words=words, facts=facts, decisions=decisions),
            )
        )
        takes = (pair.takes(0, decisions[0].rule), pair.takes(1, decisions[1].rule))
        pair.solver.formulas.require(negated(all_of(takes)))
    return found, False


def _message(kind: Change | Remark, words: str, decisions: tuple[Decision, Decision]) -> str:
    old, new = decisions
    if kind is Remark.RENAMED:
        return f'{words}: "{new.rule}" takes the call instead of "{old.rule}", and does the same'
    if old.destination == new.destination:
        ways = action(old.action), action(new.action)
    else:
        ways = old.destination, new.destination
    return f'{words}: went to {ways[0]} by "{old.rule}", now to {ways[1]} by "{new.rule}"'


def _by_number(policies: Policies) -> Mapping[str, Hotline]:
    return {number: tree.hotline for number, tree in policies.trees.items()}


def _pairs(both: tuple[Policies, Policies]) -> Iterator[tuple[Hotline, Hotline, str]]:
    """The hotlines that have a number in common, once each, with such a number."""
    old, new = map(_by_number, both)
    told: set[tuple[str, str]] = set()
    for number, hotline in new.items():
        if number in old and (key := (old[number].name, hotline.name)) not in told:
            told.add(key)
            yield old[number], hotline, number


def _numbers(both: tuple[Policies, Policies]) -> Iterator[Difference]:
    old, new = map(_by_number, both)
    for number, hotline in old.items():
        if number not in new:
            yield Difference(
                kind=Change.NUMBER_GONE,
                hotline=hotline.name,
                message=f"the number {number} was the hotline {hotline.name}'s, now it is nobody's",
            )
    for number, hotline in new.items():
        if number not in old:
            yield Difference(
                kind=Change.NUMBER_NEW,
                hotline=hotline.name,
                message=f"the number {number} was nobody's, now it is the hotline {hotline.name}'s",
            )


def _hotlines(both: tuple[Policies, Policies]) -> Iterator[Difference]:
    old, new = ({hotline.name: hotline for hotline in policies.book.hotlines} for policies in both)
    for name in sorted(old.keys() - new.keys()):
        yield Difference(kind=Remark.HOTLINE_GONE, hotline=name, message=f"the hotline {name} is gone")
    for name in sorted(new.keys() - old.keys()):
        yield Difference(kind=Remark.HOTLINE_NEW, hotline=name, message=f"the hotline {name} is new")
    before = _by_number(both[0])
    for number, hotline in _by_number(both[1]).items():
        if number in before and before[number].name != hotline.name:
            message = (
                f"the number {number} was the hotline {before[number].name}'s, now it is {hotline.name}'s"
            )
            yield Difference(kind=Remark.NUMBER_MOVED, hotline=hotline.name, message=message)


def _promises(both: tuple[Policies, Policies]) -> Iterator[Difference]:
    olds = {hotline.name: hotline for hotline in both[0].book.hotlines}
    for hotline in both[1].book.hotlines:
        if hotline.name not in olds:
            continue
        old = {promise.name: promise for promise in olds[hotline.name].promises}
        new = {promise.name: promise for promise in hotline.promises}
        for name, promise in old.items():
            if name not in new:
                yield _promise(Remark.PROMISE_GONE, hotline, name, "is not made any more")
            elif promise != new[name]:
                yield _promise(Remark.PROMISE_CHANGED, hotline, name, "says something else")
        for name in new:
            if name not in old:
                yield _promise(Remark.PROMISE_NEW, hotline, name, "is new")


def _promise(kind: Remark, hotline: Hotline, name: str, what: str) -> Difference:
    return Difference(
        kind=kind, hotline=hotline.name, message=f'the promise "{name}" of the hotline {hotline.name} {what}'
    )
