"""Where the policies send callers of a customer file: by the function that routes every call."""

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from router.decision import Decision, ToQueue
from router.errors import NoHotline
from router.events import CallRouted
from router.facts import Call, CallId, Contact, Data, Facts, QueueLoad, Value
from router.numbers import Pseudonym, PseudonymKey, normalise
from router.policy.attributes import KNOWN
from router.policy.decide import Policies, decide
from router.policy.grounds import Grounds, unpacked
from router.queue_log.lines import OWN_QUEUES

LAST_RESORT = "default"
"""The queue that takes whom no other one takes (extensions/queue.conf)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """The customers of a file, and the policies that they are judged by."""

    policies: Policies
    numbers: Mapping[str, Pseudonym]
    """As they stand in the file, in its order."""
    known: Mapping[Pseudonym, Mapping[str, Value]]
    """Their attributes."""

    def groups(self, dialled: str, now: int) -> dict[str, tuple[str, str]]:
        """Segment and destination of each customer's first call, by number.

        Raises:
            NoHotline: no hotline has the number dialled.
        """
        found = {}
        for number, caller in self.numbers.items():
            decision = self._decided(caller, CallId(""), dialled, now, {}, {})
            found[number] = decision.segment, decision.destination
        return found

    def destination(self, event: CallRouted, earlier: Mapping[CallId, Contact]) -> str | None:
        """Where a call belongs, with what is known of earlier ones; None where its hotline is gone.

        Attributes are the file's and contacts those given; loads of queues and the number dialled are those
        that the router saw by the journal.
        """
        decision = self._of(event, earlier)
        return None if decision is None else decision.destination

    def queues(self, event: CallRouted) -> Collection[str] | None:
        """The queues in which the route that took a call lets it wait; None where the caller chooses."""
        for decision in self.policies.decisions:
            if (decision.hotline, decision.rule) == (event.hotline, event.rule):
                match decision.action:
                    case ToQueue(queue=queue, overflow=overflow):
                        return {queue, *(stage.queue for stage in overflow), OWN_QUEUES, LAST_RESORT}
                    case _:
                        return None
        return None

    def _of(self, event: CallRouted, earlier: Mapping[CallId, Contact]) -> Decision | None:
        grounds = unpacked(event.grounds) if event.grounds else Grounds(dnis=event.hotline)
        loads = {
            queue: QueueLoad(waiting=waiting, longest_wait=longest, ready=ready)
            for queue, (waiting, longest, ready) in grounds.loads.items()
        }
        try:
            return self._decided(event.caller, event.call_id, grounds.dnis, int(event.at), earlier, loads)
        except NoHotline:
            return None

    def _decided(
        self,
        caller: Pseudonym | None,
        call_id: CallId,
        dialled: str,
        now: int,
        earlier: Mapping[CallId, Contact],
        loads: Mapping[str, QueueLoad],
    ) -> Decision:
        customer = self.policies.unknown.customer
        if caller is not None:
            customer = self.known.get(caller, customer)
        facts = Facts(
            call=Call(call_id=call_id, ani=None, dnis=dialled),
            customer=customer,
            contacts=tuple(earlier.values()),
            loads=loads,
            identity=caller or call_id,
            now=now,
            data=Data.WITHHELD if caller is None else Data.FRESH,
        )
        return decide(self.policies, facts)


def read_customers(file: Path, policies: Policies, key: PseudonymKey) -> Customers:
    """Read a customer file, as `ivr customers import` does.

    Raises:
        ValueError: a cell has no value of its attribute.
    """
    numbers: dict[str, Pseudonym] = {}
    known: dict[Pseudonym, Mapping[str, Value]] = {}
    with file.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            number = normalise(row["number"])
            if number is not None:
                caller = key.pseudonym(number)
                numbers[row["number"]] = caller
                known[caller] = {**policies.unknown.customer, KNOWN: True, **dict(_values(row, policies))}
    return Customers(policies=policies, numbers=numbers, known=known)


def _values(row: Mapping[str, str], policies: Policies) -> Iterator[tuple[str, Value]]:
    for name, cell in row.items():
        attribute = policies.book.attributes.get(name)
        if attribute is not None and cell.strip():
            yield name, attribute.parse(cell)
