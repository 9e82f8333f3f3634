"""A candidate beside the live policies: it decides every call a second time, and nobody hears it.

It decides when the caller has been answered, from the same facts. What it would do otherwise is tallied by
pairs of decisions, of which there are few; nothing that goes wrong in it concerns the call.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import structlog

from router.decision import Decision
from router.errors import NoHotline
from router.facts import Data, Facts
from router.policy.attributes import Attribute
from router.policy.decide import Needs, Policies, decide

log = structlog.get_logger()

_FRESH = Data.FRESH  # the class is asked in a loop else, which costs a tenth of a small decision
Pair = tuple[Decision, Decision | None]
"""What decided, and what would have; None: the candidate has no hotline with that number."""


class Tally:
    """How often each pair of decisions was made, and how often none could be."""

    __slots__ = ("failed", "pairs")

    def __init__(self) -> None:
        self.pairs: defaultdict[Pair, int] = defaultdict(int)
        self.failed = 0

    def taken(self) -> tuple[dict[Pair, int], int]:
        """Both, and begin anew."""
        told = dict(self.pairs), self.failed
        self.pairs.clear()
        self.failed = 0
        return told


class Shadow:
    """A candidate beside one live version; ``needs`` are those of both."""

    __slots__ = ("_own", "_soon", "_tally", "_waiting", "_warned", "needs", "policies")

    def __init__(
        self,
        policies: Policies,
        live: Needs,
        *,
        soon: Callable[[Callable[[], None]], object],
        tally: Tally,
    ) -> None:
        """``soon`` calls a function when what is to be written has been written."""
        self.policies = policies
        self._soon = soon
        self._tally = tally
        self._waiting: list[tuple[Decision, Facts]] = []
        self._warned = False
        names = {need.name: need for need in live.attributes}
        added: list[Attribute] = []
        self._own: dict[str, str] = {}
        """What the candidate declares otherwise: its name there, and the name it is read under."""
        for need in policies.needs.attributes:
            other = names.get(need.name)
            if other is None:
                added.append(need)
            elif (other.domain, other.missing, other.code) != (need.domain, need.missing, need.code):
                self._own[need.name] = f"shadow:{need.name}"  # no attribute has a colon in its name
                added.append(replace(need, name=self._own[need.name]))
        self.needs = Needs(
            attributes=(*live.attributes, *added),
            queues=tuple(sorted({*live.queues, *policies.needs.queues})),
        )

    def beside(self, live: Needs) -> "Shadow":
        """The same candidate beside another live version."""
        return Shadow(self.policies, live, soon=self._soon, tally=self._tally)

    def compare(self, decision: Decision, facts: Facts) -> None:
        """Decide the call, too, once its answer is on its way (0.1 µs here, the rest later)."""
        waiting = self._waiting
        if not waiting:
            self._soon(self._decide)
        waiting.append((decision, facts))

    def _decide(self) -> None:
        waiting, self._waiting = self._waiting, []
        policies, pairs, own = self.policies, self._tally.pairs, self._own
        for decision, facts in waiting:
            try:
                if own or facts.data is not _FRESH:
                    facts = self._seen(facts)  # noqa: PLW2901  the same call as the candidate sees it
                pair: Pair = (decision, decide(policies, facts))
            except NoHotline:
                pair = decision, None
            except Exception:
                self._tally.failed += 1
                if not self._warned:  # once a version: it may be every call
                    self._warned = True
                    log.exception("the shadow policy could not decide a call", call_id=facts.call.call_id)
                continue
            pairs[pair] += 1

    def _seen(self, facts: Facts) -> Facts:
        """The facts by the candidate's own declarations."""
        customer = self.policies.unknown.customer
        if facts.data.is_known:
            own = {name: facts.customer[read] for name, read in self._own.items()}
            customer = {**facts.customer, **own}
        return replace(facts, customer=customer)
