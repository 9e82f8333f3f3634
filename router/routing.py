"""One call's way through the service: ask the store once, decide, answer, then tell what happened."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from router.errors import StoreError
from router.events import CallRouted
from router.facts import Call, Caller, Data, Facts
from router.interfaces import Answer, CallerStore, Publish
from router.numbers import Pseudonym, PseudonymKey, masked
from router.policy.decide import decide
from router.policy.grounds import packed
from router.policy.load import Policies

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

    def route(self, call: Call, started: float, answer: Answer) -> None:
        """Decide a call; ``started`` is the monotonic time at which its session began."""
        policies = self.policies
        if call.dnis not in policies.trees:
            answer(None)
            log.warning("no hotline has this number", dnis=call.dnis[:40], call_id=call.call_id)
            return
        pseudonym = None if call.ani is None else self.key.pseudonym(call.ani)
        asked = _Asked(self, policies, call, pseudonym, started, answer)
        if pseudonym is None and not policies.needs.queues:
            asked.decide(policies.unknown, Data.WITHHELD)
        else:
            self.store.caller(pseudonym, policies.needs, asked.told)


@dataclass(slots=True)
class _Asked:
    """A call while the store is asked about its caller; it stays with the policies it began with."""

    routing: Routing
    policies: Policies
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
            self.decide(caller, Data.WITHHELD if withheld else Data.FRESH)

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
            heard = self.answer(decision)
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
