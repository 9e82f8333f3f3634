"""The grounds of a decision: what it looked at, as the journal keeps it beside the event.

With them a past call can be explained and decided anew, by the version that decided or by another. They are
personal data (age, occupation) and never part of a log line; docs/reference/store.md has their form.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

import orjson
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from router.events import CallRouted
from router.facts import MAX_LOAD, Call, CallId, Contact, Data, Facts, QueueLoad, Value
from router.policy.attributes import Attribute
from router.policy.decide import Policies
from router.policy.domains import parsed

MAX_BYTES = 65_536
"""Longer texts are nobody's grounds."""
_MOST = 1_000
_LONG_AGO = 10**12
_LAST = 10**11
"""Seconds since the epoch: the year 5138, which dates can still say."""

Name = Annotated[str, Field(max_length=64)]
Written = StrictBool | StrictInt | Annotated[StrictStr, Field(max_length=256)]
"""An attribute's value in JSON; a date as ISO 8601."""
Ago = Annotated[StrictInt, Field(ge=-_LONG_AGO, le=_LONG_AGO)]
Measured = Annotated[StrictInt, Field(ge=0, le=MAX_LOAD)]


class Grounds(BaseModel):
    """What a decision looked at, beside what the event says; keys of a later version are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    dnis: Name
    """The number dialled."""
    customer: Annotated[dict[Name, Written], Field(max_length=_MOST)] = {}
    """The attributes that were not at their missing value."""
    answered: Annotated[list[Ago], Field(max_length=_MOST)] = []
    """Earlier calls that a person answered: seconds before this one."""
    offered: Annotated[list[Ago], Field(max_length=_MOST)] = []
    """Earlier calls that nobody answered: seconds before this one."""
    loads: Annotated[dict[Name, tuple[Measured, Measured, Measured]], Field(max_length=_MOST)] = {}
    """Queues of which there was fresh news: waiting, longest wait, agents ready."""


def packed(facts: Facts, missing: Mapping[str, Value]) -> bytes:
    """The grounds as JSON; ``missing`` has the values that need not be told. Never raises.

    The event that they stand beside has the time, the caller's pseudonym and what was known of him.
    """
    told: dict[str, object] = {"dnis": facts.call.dnis}
    customer = {name: value for name, value in facts.customer.items() if value != missing.get(name)}
    if customer:
        told["customer"] = customer
    if facts.contacts:
        now, this = facts.now, facts.call.call_id
        answered: list[int] = []
        offered: list[int] = []
        for contact in facts.contacts:
            if contact.call_id != this:
                (answered if contact.answered else offered).append(now - contact.at)
        told["answered"], told["offered"] = answered, offered
    if facts.loads:
        told["loads"] = {
            queue: (load.waiting, load.longest_wait, load.ready) for queue, load in facts.loads.items()
        }
    try:
        # a copy of its own size: orjson's bytes lie in a block of 1 kB, and keeping those costs 3.5 µs a call
        return bytes(memoryview(orjson.dumps(told)))
    except TypeError:  # a contact of the year 300 billion: whoever wrote it loses his explanation, no more
        return b""


def unpacked(text: bytes) -> Grounds:
    """The grounds that `packed` wrote.

    Raises:
        ValueError: the text is none; it is not told what is in it.
    """
    if len(text) > MAX_BYTES:
        raise ValueError("too long for the grounds of a decision")
    try:
        return Grounds.model_validate_json(text)
    except ValidationError as wrong:
        raise ValueError(f"not the grounds of a decision: {wrong.error_count()} mistakes") from None


def facts_of(event: CallRouted, grounds: Grounds, policies: Policies) -> Facts:
    """The facts that a call was decided by, as policies need them.

    An attribute that the grounds do not have, or with a value that the policies do not know (they are of
    another version), counts as missing.

    Raises:
        ValueError: the call was at no time that a call can be at.
    """
    if not 0 <= event.at < _LAST:
        raise ValueError("the event has no time of a call")
    at = int(event.at)
    contacts = [(ago, True) for ago in grounds.answered] + [(ago, False) for ago in grounds.offered]
    return Facts(
        call=Call(call_id=event.call_id, ani=None, dnis=grounds.dnis),
        customer={
            need.name: _value(need, grounds.customer.get(need.name)) for need in policies.needs.attributes
        },
        contacts=tuple(
            Contact(at=at - ago, call_id=CallId(f"earlier.{place}"), answered=answered, queue="")
            for place, (ago, answered) in enumerate(contacts)
        ),
        loads={
            queue: QueueLoad(waiting=waiting, longest_wait=longest_wait, ready=ready)
            for queue, (waiting, longest_wait, ready) in grounds.loads.items()
        },
        identity=event.caller or event.call_id,
        now=at,
        data=Data(event.data),
    )


def _value(attribute: Attribute, written: Value | None) -> Value:
    match written:
        case None:
            return attribute.missing
        case bool():
            text = "true" if written else "false"
        case date():
            text = written.isoformat()
        case _:
            text = str(written)
    value = parsed(attribute.domain, text)
    return attribute.missing if value is None else value
