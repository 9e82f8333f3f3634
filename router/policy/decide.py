"""The decision: compiled policies, and the one function that routes every call.

Explanations, tests and proofs of a policy are worth something because they use this function.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from router.decision import Action, Decision
from router.errors import NoHotline
from router.facts import Caller, Facts
from router.policy.attributes import Attribute
from router.policy.conditions import Test
from router.policy.nodes import Node
from router.policy.schema import ServiceLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue of the switch."""

    name: str
    human: bool
    """A person answers."""
    answer_within: int
    """Seconds in which a call should be answered."""
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Which figures a hotline answers for; times in seconds."""

    service_level: ServiceLevel
    within: int
    short_abandon: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who goes where, as written."""

    name: str
    when: Node | None
    """None matches every call."""
    action: Action
    reason: Mapping[str, str] | None
    """Why, by language (en, zh)."""


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
class Hotline:
    """One hotline: what is written, and what it comes to."""

    name: str
    numbers: tuple[str, ...]
    report: Report | None
    segments: Mapping[str, Node]
    routes: tuple[Route, ...]
    branches: tuple[Branch, ...]
    """One a segment, in order, and one for callers without any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Everything that calls are routed by, as one version."""

    version: str
    """The folder's name and a hash of all files: a token of at most 40 characters."""
    attributes: Mapping[str, Attribute]
    queues: Mapping[str, Queue]
    needs: tuple[Attribute, ...]
    """The attributes that any hotline looks at: what the store is asked for."""
    unknown: Caller
    """A caller of whom nothing is known: every attribute missing, no contacts."""
    longest_window: int
    """The longest time back that any condition looks for contacts, in seconds; 0 if none does."""
    hotlines: Mapping[str, Hotline]
    """By number dialled."""
    decisions: tuple[Decision, ...]
    """Every decision that can be made."""


def decide(policies: Policies, facts: Facts) -> Decision:
    """The decision for a call, one of ``policies.decisions``.

    ``facts.customer`` must have every attribute of ``policies.needs``. The first segment that the caller
    belongs to is found, then the first route that matches.

    Raises:
        NoHotline: the number dialled belongs to no hotline.
    """
    hotline = policies.hotlines.get(facts.call.dnis)
    if hotline is None:
        raise NoHotline(f'no hotline has the number "{facts.call.dnis}"')
    for branch in hotline.branches:
        if branch.belongs(facts):
            break
    for applies, decision in branch.open:
        if applies(facts):
            return decision
    return branch.settled
