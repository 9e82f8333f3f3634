"""One call's way through the service: ask the store once, decide, answer, then tell what happened."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from router.decision import Decision, Mark
from router.errors import StoreError
from router.events import CallRouted
from router.facts import Call, Caller, Data, Facts
from router.interfaces import Answer, CallerStore, Publish
from router.numbers import Pseudonym, PseudonymKey, masked
from router.policy.compile import PROVINCE
from router.policy.decide import decide
from router.policy.grounds import packed
from router.policy.load import Policies
from router.policy.owner import answered_since, owner_for
from router.policy.shadow import Shadow

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Routing:
    """What every call is routed by; ``policies`` is replaced as a whole when a new version is live."""

    policies: Policies
    store: CallerStore
    publish: Publish
    key: PseudonymKey
    wall: Callable[[], float]
    """Seconds since the epoch."""
    monotonic: Callable[[], float]
    """Seconds on the clock that session times are taken from."""
    shadow: Shadow | None = None
    """A candidate that decides each call, too, without anybody hearing it."""

    def go_live(self, policies: Policies) -> None:
        """Decide by another version from the next call on; calls that have begun stay with theirs."""
        self.policies = policies
        if self.shadow is not None:
            self.shadow = self.shadow.beside(policies.needs)

    @property
    def longest_window(self) -> int:
        """The longest time back that contacts are looked for, in seconds, by the candidate, too."""
        beside = 0 if self.shadow is None else self.shadow.policies.longest_window
        return max(self.policies.longest_window, beside)

    def route(self, call: Call, started: float, answer: Answer) -> None:
        """Decide a call; ``started`` is the monotonic time at which its session began."""
        policies, shadow = self.policies, self.shadow
        if call.dnis not in policies.trees:
            answer(None)
            log.warning("no hotline has this number", dnis=call.dnis[:40], call_id=call.call_id)
            return
        pseudonym = None if call.ani is None else self.key.pseudonym(call.ani)
        needs = policies.needs if shadow is None else shadow.needs
        asked = _Asked(self, policies, shadow, call, pseudonym, started, answer)
        if pseudonym is None and not needs.queues:
            asked.decide(policies.unknown, Data.WITHHELD)
        else:
            self.store.caller(pseudonym, needs, asked.told)


@dataclass(slots=True)
class _Asked:
    """A call while the store is asked about its caller; it stays with the policies it began with."""

    routing: Routing
    policies: Policies
    shadow: Shadow | None
    call: Call
    pseudonym: Pseudonym | None
    started: float
    answer: Answer

    def told(self, caller: Caller | StoreError) -> None:
        """Go on with what the store said; without its word the caller is decided for as unknown."""
        withheld = self.pseudonym is None
        if isinstance(caller, StoreError):
            self.decide(self.policies.unknown, Data.WITHHELD if withheld else Data.ABSENT)
        else:
            self.decide(caller, Data.WITHHELD if withheld else caller.data)

    def decide(self, caller: Caller, data: Data) -> None:
        """Decide, answer, and only then say what happened."""
        routing, call = self.routing, self.call
        now = routing.wall()
        facts = Facts(
            call=call,
            customer=caller.customer,
            contacts=caller.contacts,
            loads=caller.loads,
            identity=self.pseudonym or call.call_id,
            now=int(now),
            data=data,
        )
        try:
            decision = decide(self.policies, facts)
            heard = self.answer(decision, marked(decision, facts, self.policies))
        except Exception:
            # here, and not where the call came in: this runs in the store's callback, among other callers'
            self.answer(None)
            log.exception("a call could not be decided", call_id=call.call_id)
            return
        if not heard:  # the caller left, or the dialplan went on: nothing was routed
            return
        routing.publish(
            CallRouted(
                call_id=call.call_id,
                at=now,
                caller=self.pseudonym,
                masked=masked(call.ani),
                hotline=decision.hotline,
                rule=decision.rule,
                segment=decision.segment,
                destination=decision.destination,
                policy=decision.policy,
                data=data,
                seconds=routing.monotonic() - self.started,
                grounds=packed(facts, self.policies.unknown.customer),
            )
        )
        if self.shadow is not None:
            self.shadow.compare(decision, facts)


def marked(decision: Decision, facts: Facts, policies: Policies) -> Mark:
    """What the switch is told of the caller beside the decision."""
    province = facts.customer.get(PROVINCE, "")
    contacts = facts.contacts
    if not contacts:  # as for most callers
        return Mark(str(province))
    since = facts.now - policies.trees[facts.call.dnis].repeat_within
    repeat = answered_since(contacts, since, facts.call.call_id)
    return Mark(str(province), repeat, owner_for(decision.action, facts))
