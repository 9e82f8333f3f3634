"""Conditions as functions: a node and the closure over facts that answers it.

A closure asks one thing and allocates nothing. The value it compares with is bound when the policy is
compiled; a customer attribute is one lookup in a dict, since missing values are filled in before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never
from zlib import crc32

from router.facts import CALM, Facts
from router.policy.hours import Hours, opening
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
    Leaf,
    Load,
    Measure,
    Node,
    Not,
    OneOf,
    Open,
    Prefix,
    Question,
    Share,
)

TRIES = 300_000
"""Identities to try for one whose shares are drawn as needed: a tenth of a second or two."""

Test = Callable[[Facts], bool]
"""Whether a condition holds, given the facts; needs every attribute it asks for to be there."""


@dataclass(frozen=True, slots=True)
class Closures:
    """The functions of one hotline's conditions; the same condition is the same function."""

    segments: Mapping[str, Node]
    hours: Mapping[str, Hours]
    made: dict[Node, Test] = field(default_factory=dict)

    def of(self, node: Node) -> Test:
        """The function that answers a condition."""
        if node not in self.made:
            self.made[node] = self._make(node)
        return self.made[node]

    def _make(self, node: Node) -> Test:
        match node:
            case AllOf(nodes=nodes):
                return _all(tuple(map(self.of, nodes)))
            case AnyOf(nodes=nodes):
                return _any(tuple(map(self.of, nodes)))
            case Not(node=part):
                test = self.of(part)
                return lambda facts: not test(facts)
            case InSegment(segment=segment):
                return self.of(self.segments[segment])
            case _:
                return self._leaf(node)

    def _leaf(self, leaf: Leaf) -> Test:
        match leaf:
            case Contacts():
                return _contacts(leaf)
            case Open(hours=hours):
                is_open = opening(self.hours[hours])
                return lambda facts: is_open(facts.now)
            case Load():
                return _load(leaf)
            case Share(of=of, below=below):
                return lambda facts: drawn(of, facts.identity) < below
            case Is() | OneOf() | AtLeast() | Below() | Between() | Prefix():
                return _question(leaf)
            case _ as never:
                assert_never(never)


def always(_facts: Facts) -> bool:
    """The test of what has no condition."""
    return True


def _all(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 2:  # as most are: without the loop a decision takes a quarter less
        one, other = tests
        return lambda facts: one(facts) and other(facts)

    def test(facts: Facts) -> bool:
        for part in tests:  # noqa: SIM110 - all() over a generator takes longer still
            if not part(facts):
                return False
        return True

    return test


def _any(tests: tuple[Test, ...]) -> Test:
    if len(tests) == 2:
        one, other = tests
        return lambda facts: one(facts) or other(facts)

    def test(facts: Facts) -> bool:
        for part in tests:  # noqa: SIM110 - the same
            if part(facts):
                return True
        return False

    return test


def _question(question: Question) -> Test:
    name = question.attribute
    # the schema gave the question a value of the attribute's own type; mypy cannot know of it
    match question:
        case Is(value=value):
            return lambda facts: facts.customer[name] == value
        case OneOf(values=values):
            return lambda facts: facts.customer[name] in values
        case Prefix(prefix=prefix):
            return lambda facts: str(facts.customer[name]).startswith(prefix)
        case AtLeast() | Below() | Between():
            return _comparison(question)
        case _ as never:
            assert_never(never)


def _comparison(question: AtLeast | Below | Between) -> Test:
    name = question.attribute
    value: Any
    high: Any
    match question:
        case AtLeast():
            value = question.value
            return lambda facts: facts.customer[name] >= value
        case Below():
            value = question.value
            return lambda facts: facts.customer[name] < value
        case Between():
            value, high = question.low, question.high
            return lambda facts: value <= facts.customer[name] <= high
        case _ as never:
            assert_never(never)


def _contacts(node: Contacts) -> Test:
    """Count earlier calls: a call with several entries is one, and the call to decide for is none.

    Contacts come newest first, but a call is written when it is answered, maybe after one that began
    later: so an old entry does not end the search.
    """
    within, answered, wanted = node.within, node.answered, node.at_least

    def test(facts: Facts) -> bool:
        contacts = facts.contacts
        if len(contacts) < wanted:
            return False
        since = facts.now - within
        if answered:
            calls = {contact.call_id for contact in contacts if contact.answered and contact.at >= since}
        else:
            calls = {contact.call_id for contact in contacts if contact.at >= since}
        calls.discard(facts.call.call_id)
        return len(calls) >= wanted

    return test


def _load(node: Load) -> Test:
    queue, value = node.queue, node.at_least
    match node.measure:
        case Measure.WAITING:
            return lambda facts: facts.loads.get(queue, CALM).waiting >= value
        case Measure.LONGEST_WAIT:
            return lambda facts: facts.loads.get(queue, CALM).longest_wait >= value
        case Measure.READY:
            return lambda facts: facts.loads.get(queue, CALM).ready >= value
        case Measure.KNOWN:
            return lambda facts: facts.loads.get(queue, CALM).known >= value
        case _ as never:
            assert_never(never)


def somebody(parts: Mapping[str, tuple[int, int]]) -> str | None:
    """An identity whose part for each name is from the first number to below the second; None: not found."""
    for number in range(TRIES):
        identity = f"caller-{number}"
        if all(low <= drawn(of, identity) < high for of, (low, high) in parts.items()):
            return identity
    return None


def drawn(of: str, identity: str) -> int:
    """A caller's part for a share, from 0 to `SHARES` - 1: the same for every call of a number.

    Identities are hashes already, so CRC-32 divides them evenly enough.
    """
    return crc32(f"{of} {identity}".encode()) % SHARES
