"""The decision: compiled policies, and the one function that routes every call.

Explanations, tests and proofs of a policy are worth something because they use this function.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from router.decision import Decision
from router.errors import NoHotline
from router.facts import Caller, Facts
from router.policy.attributes import Attribute
from router.policy.conditions import Closures, Test
from router.policy.rulebook import Hotline, Rulebook


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What remains to be asked of callers whose first segment is known."""

    belongs: Test
    """The caller belongs to the segment; true for every caller in the last branch."""
    open: tuple[tuple[Test, Decision], ...]
    """The routes that the segment does not settle, in order."""
    settled: Decision
    """The decision when none of them applies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What a hotline comes to."""

    hotline: Hotline
    branches: tuple[Branch, ...]
    """One a segment, in order, and one for callers without any."""
    repeat_within: int
    """Seconds; a call counts as repeated when a person has answered its number in this time."""
    closures: Closures
    """The functions that the branches are made of; an explanation asks the same ones."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Needs:
    """What the store is asked for in the one round trip of a decision."""

    attributes: tuple[Attribute, ...]
    """Those that any hotline looks at."""
    queues: tuple[str, ...]
    """Those whose load any hotline looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Everything that calls are routed by, as one version."""

    book: Rulebook
    needs: Needs
    unknown: Caller
    """A caller of whom nothing is known: every attribute missing, no contacts."""
    longest_window: int
    """The longest time back that any condition looks for contacts, in seconds; 0 if none does."""
    trees: Mapping[str, Tree]
    """By number dialled."""
    decisions: tuple[Decision, ...]
    """Every decision that can be made."""

    @property
    def version(self) -> str:
        """The version that every decision carries."""
        return self.book.version


def decide(policies: Policies, facts: Facts) -> Decision:
    """The decision for a call, one of ``policies.decisions``.

    ``facts.customer`` must have every attribute of ``policies.needs``. The first segment that the caller
    belongs to is found, then the first route that matches.

    Raises:
        NoHotline: the number dialled belongs to no hotline.
    """
    tree = policies.trees.get(facts.call.dnis)
    if tree is None:
        raise NoHotline(f'no hotline has the number "{facts.call.dnis}"')
    for branch in tree.branches:
        if branch.belongs(facts):
            break
    for applies, decision in branch.open:
        if applies(facts):
            return decision
    return branch.settled
