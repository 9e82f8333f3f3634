"""Callers, actions and promises in words, as findings tell them."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import assert_never
from zoneinfo import ZoneInfo

from router.decision import Action, Announce, Penalty, Refuse, ToMenu, ToQueue
from router.facts import CALM, Contact, Facts, QueueLoad, Value
from router.policy.attributes import KNOWN
from router.policy.conditions import drawn
from router.policy.hours import opening
from router.policy.nodes import (
    FIGURES,
    SHARES,
    AtLeast,
    Below,
    Between,
    Contacts,
    Is,
    Leaf,
    Load,
    Measure,
    OneOf,
    Open,
    Prefix,
    Share,
)
from router.policy.rulebook import GoesTo, Outcome, PersonWithin, Rulebook

NOTHING_SPECIAL = "a customer with nothing special"


def caller(book: Rulebook, facts: Facts, asked: Collection[Leaf]) -> str:
    """A caller and the state of things: ``age 65, star 0, 2 answered contacts 72 h ago``.

    Told is what is asked for in ``asked`` (conditions with their segments opened), and besides all that is
    not as plain as can be. Nothing is masked: the caller is invented.
    """
    return ", ".join(parts(book, facts, asked)) or NOTHING_SPECIAL


def parts(book: Rulebook, facts: Facts, asked: Collection[Leaf]) -> list[str]:
    """What is told of a caller, one thing each."""
    return [
        *(["an unknown caller"] if facts.customer.get(KNOWN) is False else []),
        *_customer(book, facts, asked),
        *_contacts(facts, asked),
        *_loads(facts, asked),
        *_shares(facts, asked),
        *_time(book, facts, asked),
    ]


def _customer(book: Rulebook, facts: Facts, asked: Collection[Leaf]) -> Iterator[str]:
    named = {
        leaf.attribute for leaf in asked if isinstance(leaf, Is | OneOf | AtLeast | Below | Between | Prefix)
    }
    is_known = facts.customer.get(KNOWN) is not False
    for name, attribute in book.attributes.items():
        if name == KNOWN:
            if name in named and is_known:
                yield "a customer"
        elif is_known and (name in named or facts.customer[name] != attribute.missing):
            yield f"{name} {text(facts.customer[name])}"


def _contacts(facts: Facts, asked: Collection[Leaf]) -> Iterator[str]:
    def key(contact: Contact) -> tuple[int, bool]:
        return facts.now - contact.at, contact.answered

    for (ago, answered), together in groupby(sorted(facts.contacts, key=key), key=key):
        count = len(list(together))
        contacts = "contact" if count == 1 else "contacts"
        yield f"{count} {'answered' if answered else 'unanswered'} {contacts} {duration(ago)} ago"
    if not facts.contacts and any(isinstance(leaf, Contacts) for leaf in asked):
        yield "no earlier contacts"


def _loads(facts: Facts, asked: Collection[Leaf]) -> Iterator[str]:
    named = {(leaf.queue, leaf.measure) for leaf in asked if isinstance(leaf, Load)}
    for queue in sorted({queue for queue, _ in named} | set(facts.loads)):
        if queue not in facts.loads:
            yield f"no news of queue {queue}"
            continue
        load = facts.loads[queue]
        told = [figure for figure in FIGURES if (queue, figure) in named or _special(load, figure)]
        yield f"queue {queue}: {', '.join(_measure(load, figure) for figure in told or FIGURES)}"


def _special(load: QueueLoad, measure: Measure) -> bool:
    return bool(getattr(load, measure) != getattr(CALM, measure))


def _measure(load: QueueLoad, measure: Measure) -> str:
    match measure:
        case Measure.WAITING:
            return f"{load.waiting} waiting"
        case Measure.LONGEST_WAIT:
            return f"longest wait {duration(load.longest_wait)}"
        case Measure.READY:
            return f"{load.ready} ready"
        case Measure.KNOWN:
            return "fresh news"
        case _ as never:
            assert_never(never)


def _shares(facts: Facts, asked: Collection[Leaf]) -> Iterator[str]:
    """Whether the caller is in each share; who is drawn for one is in by his number, not by what he does."""
    for share in dict.fromkeys(leaf for leaf in asked if isinstance(leaf, Share)):
        is_in = drawn(share.of, facts.identity) < share.below
        yield f"{'in' if is_in else 'not in'} the {share.below * 100 / SHARES:g}% of {share.of}"


def _time(book: Rulebook, facts: Facts, asked: Collection[Leaf]) -> Iterator[str]:
    names = dict.fromkeys(leaf.hours for leaf in asked if isinstance(leaf, Open))
    if names:
        zone = book.hours[next(iter(names))].calendar.zone
        at = datetime.fromtimestamp(facts.now, ZoneInfo(zone))
        states = (f"{name} {'open' if opening(book.hours[name])(facts.now) else 'closed'}" for name in names)
        yield f"at {at:%Y-%m-%d %H:%M} {zone} ({', '.join(states)})"


def text(value: Value) -> str:
    """A value as a policy file has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case int():
            return str(value)
        case str():
            return value if value and " " not in value else f'"{value}"'
        case _ as never:
            assert_never(never)


def duration(seconds: int) -> str:
    """In the largest unit that leaves no rest; up to four days in hours, as windows are spoken of."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds and seconds % length == 0 and (unit != "d" or seconds > 4 * length):
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def action(of: Action) -> str:
    """An action with all that belongs to it: ``queue:vip with priority 20, after 30 s queue:general …``."""
    match of:
        case ToQueue():
            prompt = "" if of.announcement is None else f" after the prompt {of.announcement}"
            owner = ""
            if of.owner is not None:
                within, wait = duration(of.owner.within), duration(of.owner.wait)
                owner = f" after {wait} for who answered first in the last {within}"
            stages = [f"{of.destination}{prompt}{owner}{_place(of.priority, of.penalty)}"]
            stages += [
                f"after {duration(stage.after)} queue:{stage.queue}{_place(stage.priority, stage.penalty)}"
                for stage in of.overflow
            ]
            return ", ".join(stages)
        case ToMenu() | Announce() | Refuse():
            return of.destination
        case _ as never:
            assert_never(never)


def _place(priority: int, penalty: Penalty | None) -> str:
    agents = "" if penalty is None else f" and penalty {penalty.low} to {penalty.high}"
    return f" with priority {priority}{agents}"


def outcome(of: Outcome) -> str:
    """What a promise says of a call."""
    match of:
        case GoesTo(destinations=destinations):
            return " or ".join(sorted(destinations))
        case PersonWithin(keys=0):
            return "a person without a key"
        case PersonWithin(keys=keys):
            return f"a person within {keys} key{'' if keys == 1 else 's'}"
        case _ as never:
            assert_never(never)


def plain(facts: Facts) -> Mapping[str, object]:
    """Facts for a machine: what a test of a policy would be given."""
    return {
        "customer": {
            name: value if isinstance(value, int) else text_of(value)
            for name, value in facts.customer.items()
        },
        "contacts": [
            {"seconds_ago": facts.now - contact.at, "answered": contact.answered}
            for contact in facts.contacts
        ],
        "loads": {
            queue: {figure.value: getattr(load, figure) for figure in FIGURES}
            for queue, load in facts.loads.items()
        },
        "identity": facts.identity,
        "now": facts.now,
    }


def text_of(value: Value) -> str:
    """A date or a text without quotes."""
    return value.isoformat() if isinstance(value, date) else str(value)
