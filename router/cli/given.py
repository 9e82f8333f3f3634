"""Facts that are given by hand: attributes, earlier calls, loads of queues and a time, by options."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from router.errors import SettingsError
from router.facts import MAX_LOAD, QUIET, CallId, Contact, Facts, QueueLoad, Value
from router.policy.attributes import KNOWN
from router.policy.check import unknown
from router.policy.names import Duration
from router.policy.nodes import FIGURES, Measure
from router.policy.rulebook import Rulebook
from router.policy.suite.schema import instant

_DURATION: TypeAdapter[int] = TypeAdapter(Duration)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is put over the facts that are there already."""

    customer: Mapping[str, Value]
    answered: tuple[int, ...]
    """Seconds before the call."""
    offered: tuple[int, ...]
    """Seconds before the call."""
    loads: Mapping[str, Mapping[Measure, int]]

    def over(self, facts: Facts) -> Facts:
        """The facts with what is given: attributes and measures in place of theirs, calls beside theirs."""
        calls = [(ago, True) for ago in self.answered] + [(ago, False) for ago in self.offered]
        contacts = tuple(
            Contact(at=facts.now - ago, call_id=CallId(f"given {place}"), answered=answered, queue="")
            for place, (ago, answered) in enumerate(calls)
        )
        loads: dict[str, QueueLoad] = {
            queue: replace(
                facts.loads.get(queue, QUIET), **{str(name): value for name, value in load.items()}
            )
            for queue, load in self.loads.items()
        }
        return replace(
            facts,
            customer={**facts.customer, **self.customer},
            contacts=contacts + facts.contacts,
            loads={**facts.loads, **loads},
        )


def given(
    book: Rulebook,
    attributes: Iterable[str],
    answered: Iterable[str],
    offered: Iterable[str],
    loads: Iterable[str],
) -> Given:
    """Read ``age=70``, ``72h`` and ``general.waiting=30``; who has an attribute is a known customer.

    Raises:
        SettingsError: one of them is none; the text says which and why.
    """
    customer = dict(_attribute(book, text) for text in attributes)
    if customer.get(KNOWN) is False and len(customer) > 1:
        raise SettingsError("--set known=false: nothing else is known of a caller who is not known")
    measures: dict[str, dict[Measure, int]] = {}
    for text in loads:
        queue, measure, value = _load(book, text)
        measures.setdefault(queue, {})[measure] = value
    return Given(
        customer={KNOWN: True, **customer} if customer else {},
        answered=tuple(_seconds("--answered", text) for text in answered),
        offered=tuple(_seconds("--offered", text) for text in offered),
        loads=measures,
    )


def moment(text: str) -> int:
    """Read a time like ``2026-11-23T10:00+08:00``; seconds since the epoch.

    Raises:
        SettingsError: it is none.
    """
    try:
        return instant(text)
    except ValueError as wrong:
        raise SettingsError(f"--at {wrong}") from None


def _attribute(book: Rulebook, text: str) -> tuple[str, Value]:
    name, equals, cell = text.partition("=")
    if not equals:
        raise SettingsError(f'--set "{text}": write it like age=70')
    attribute = book.attributes.get(name)
    if attribute is None:
        raise SettingsError(f"--set: {unknown('attribute', name, book.attributes)}")
    try:
        return name, attribute.parse(cell) if cell.strip() else attribute.missing
    except ValueError as wrong:
        raise SettingsError(f"--set {wrong}") from None


def _load(book: Rulebook, text: str) -> tuple[str, Measure, int]:
    found = re.fullmatch(r"(?P<queue>[^=]+)\.(?P<measure>[a-z_]+)=(?P<value>[0-9]{1,6}|[0-9]+[smhd])", text)
    if found is None:
        raise SettingsError(f'--load "{text}": write it like general.waiting=30 or general.longest_wait=45s')
    if found["queue"] not in book.queues:
        raise SettingsError(f"--load: {unknown('queue', found['queue'], book.queues)}")
    if found["measure"] not in FIGURES:
        raise SettingsError(f"--load: {unknown('measure', found['measure'], FIGURES)}")
    measure = Measure(found["measure"])
    value = found["value"]
    if value.isdigit():
        return found["queue"], measure, min(int(value), MAX_LOAD)
    if measure is not Measure.LONGEST_WAIT:
        raise SettingsError(f'--load "{text}": {measure} is a number')
    return found["queue"], measure, min(_seconds("--load", value), MAX_LOAD)


def _seconds(option: str, text: str) -> int:
    try:
        seconds: int = _DURATION.validate_python(text)
    except ValidationError as wrong:
        raise SettingsError(f"{option} {wrong.errors()[0]['ctx']['error']}") from None
    return seconds
