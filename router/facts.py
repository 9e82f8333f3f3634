"""All that a decision may look at, as values: the call, the customer, the contacts, the time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NewType

from router.numbers import Number
from router.quick import quick

CallId = NewType("CallId", str)
"""One id for the whole contact: Asterisk's Linkedid."""

Value = bool | int | str | date
"""A customer attribute's value; its type is declared in policies/attributes.yaml."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as the switch offers it."""

    call_id: CallId
    ani: Number | None
    """The caller's number; None when withheld or not a number."""
    dnis: str
    """The number dialled: which hotline."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One earlier call of this caller."""

    at: int
    """Seconds since the epoch."""
    call_id: CallId
    answered: bool
    """A person answered it."""
    queue: str
    """The queue that a person was asked for in; empty when it went to none."""
    hotline: str = ""
    agent: str = ""
    """Who answered."""
    wait: int = 0
    """Seconds until the answer, or until it came to nothing."""
    lost: str = ""
    """Why nobody answered: ``abandoned``, ``timed_out``, ``refused``, ``cut``; empty while not known."""


class Data(StrEnum):
    """What the decision knew of the caller."""

    FRESH = "fresh"
    """The store answered (also: it does not know this caller)."""
    REPLICA = "replica"
    """The store did not, and its replica did: the caller is known, as of some time ago."""
    WITHHELD = "withheld"
    """There is no number to look up."""
    ABSENT = "absent"
    """The store gave no answer in time: the caller is decided for as unknown."""

    @property
    def is_known(self) -> bool:
        """Somebody has said who the caller is."""
        return self is Data.FRESH or self is Data.REPLICA


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLoad:
    """How busy a queue is."""

    waiting: int
    """Callers who wait in it."""
    longest_wait: int
    """Seconds that the one who has waited longest is there."""
    ready: int
    """Agents who could take a call now."""
    known: int = 1
    """1: this is fresh news; 0: there is none, and these figures stand in for it."""


MAX_LOAD = 100_000
"""The greatest value of each measure of a queue's load."""
CALM = QueueLoad(waiting=0, longest_wait=0, ready=MAX_LOAD, known=0)
"""What counts for a queue of which there is no fresh news: nobody is sent elsewhere without cause."""
QUIET = replace(CALM, known=1)
"""Fresh news that a queue is calm."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What the store knows of a caller: attributes with missing ones filled in, contacts; and of queues."""

    customer: Mapping[str, Value]
    contacts: tuple[Contact, ...]
    loads: Mapping[str, QueueLoad]
    """By queue; those of which there is fresh news."""
    data: Data = Data.FRESH
    """Who said so."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a decision is made from."""

    call: Call
    customer: Mapping[str, Value]
    contacts: tuple[Contact, ...]
    loads: Mapping[str, QueueLoad]
    """By queue; one that is not in it counts as `CALM`."""
    identity: str
    """What shares are drawn by: the caller's pseudonym; the call id where there is none."""
    now: int
    """Seconds since the epoch."""
    data: Data
