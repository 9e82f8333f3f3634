"""The facts of a case: who calls, when and after what, made from the names that a suite gives them.

A case is decided by the same function as a call, from the same facts; nothing here decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from router.errors import Problem
from router.facts import QUIET, Call, CallId, Contact, Data, Facts, QueueLoad, Value
from router.policy.attributes import KNOWN
from router.policy.conditions import somebody
from router.policy.decide import Policies
from router.policy.nodes import SHARES, Share
from router.policy.rulebook import Hotline, asked_by
from router.policy.source import Source, Steps
from router.policy.suite.cases import Given
from router.policy.suite.schema import NONE, UNKNOWN_CALLER, EarlierCall, SuiteFile, instant, values_of


def shares(hotline: Hotline) -> tuple[Share, ...]:
    """The shares of callers that a hotline's conditions ask for."""
    return tuple(leaf for leaf in asked_by(hotline) if isinstance(leaf, Share))


@dataclass(slots=True)
class Situations:
    """What a suite names, as facts; what several cases have in common is made once."""

    policies: Policies
    source: Source
    file: SuiteFile
    problems: dict[Steps, Problem] = field(default_factory=dict)
    """Shares that nobody is in and out of."""
    customers: dict[str, Mapping[str, Value]] = field(default_factory=dict)
    identities: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """By share and hotline; None when nobody was found."""

    def facts(self, given: Given, place: int) -> Facts:
        """What the decision knows of a case of the test at ``place``.

        Of a caller whose number is withheld, or while the store is down, that is nothing.
        """
        data, unknown = Data(given["data"]), self.policies.unknown
        now = self.file.times[given["now"]] if given["now"] in self.file.times else instant(given["now"])
        return Facts(
            call=Call(call_id=CallId("this"), ani=None, dnis=given["dialled"]),
            customer=self.customer(given["caller"]) if data.is_known else unknown.customer,
            contacts=self.contacts(given["contacts"], now) if data.is_known else unknown.contacts,
            loads=self.loads(given["load"]) if data.is_known else unknown.loads,
            identity=self.identity(given, place),
            now=now,
            data=data,
        )

    def customer(self, name: str) -> Mapping[str, Value]:
        """A caller's attributes, missing ones filled in."""
        if name not in self.customers:
            own = {} if name == UNKNOWN_CALLER else {KNOWN: True, **values_of(self.file.callers[name])}
            self.customers[name] = {**self.policies.unknown.customer, **own}
        return self.customers[name]

    def contacts(self, name: str, now: int) -> tuple[Contact, ...]:
        """Earlier calls, newest first, as the store has them."""
        if name == NONE:
            return ()
        calls = sorted(enumerate(self.file.contacts[name]), key=lambda entry: entry[1].ago)
        return tuple(_contact(call, now, place) for place, call in calls)

    def loads(self, name: str) -> Mapping[str, QueueLoad]:
        """The queues of which there is news."""
        if name == NONE:
            return {}
        entries = self.file.loads[name].items()
        return {queue: replace(QUIET, **entry.model_dump(exclude_unset=True)) for queue, entry in entries}

    def identity(self, given: Given, place: int) -> str:
        """Whom shares are drawn for in a case; a problem when nobody is found who fits."""
        share, hotline = given["share"], self.policies.trees[given["dialled"]].hotline
        if (share, hotline.name) not in self.identities:
            wanted = {} if share == NONE else self.file.shares[share]
            self.identities[share, hotline.name] = caller_within(shares(hotline), wanted)
        identity = self.identities[share, hotline.name]
        if identity is None:
            steps: Steps = ("tests", place) if share == NONE else ("shares", share)
            message = f"nobody who calls {hotline.name} is in and out of just these shares"
            if share == NONE:
                message = f"nobody who calls {hotline.name} is out of every share; say which ones with share"
            self.problems[steps] = self.source.problem(steps, message)
        return identity or ""


def _contact(call: EarlierCall, now: int, place: int) -> Contact:
    # "#" is in no name, so that no call without a name is one with it
    name = f"#{place}" if call.call is None else call.call
    return Contact(at=now - call.ago, call_id=CallId(f"earlier {name}"), answered=call.answered, queue="")


def caller_within(asked: Iterable[Share], wanted: Mapping[str, str]) -> str | None:
    """Somebody who is in and out of the shares as wanted, and out of all others that leave anybody out.

    Where conditions ask for one draw with several percentages, "in" is in the least and "out" is out of the
    greatest.
    """
    parts: dict[str, tuple[int, int]] = {}
    for share in asked:
        low, high = parts.get(share.of, (0, SHARES))
        if wanted.get(share.of) == "in":
            high = min(high, share.below)
        elif share.of in wanted or share.below < SHARES:
            low = max(low, share.below)
        parts[share.of] = low, high
    if any(low >= high for low, high in parts.values()):
        return None
    return somebody(parts)
