"""What happened to a call, as values, and their JSON.

Times are seconds since the epoch. The caller is a pseudonym: no event carries a number.
"""

from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from router.facts import CallId, Data
from router.numbers import Pseudonym


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRouted:
    """The router has decided where a call goes."""

    call_id: CallId
    at: float
    caller: Pseudonym | None
    masked: str
    """The number as people may see it: 138****8000."""
    hotline: str
    rule: str
    segment: str
    destination: str
    policy: str
    data: Data
    seconds: float
    """From the switch's connection to the command written."""
    grounds: bytes | None = field(default=None, compare=False, repr=False)
    """What the decision looked at, as `router.policy.grounds` packs it: for the journal, never for a log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """A person has answered a call that waited in a queue."""

    call_id: CallId
    at: float
    caller: Pseudonym | None
    hotline: str
    queue: str
    agent: str
    wait: int
    """Seconds from queue entry to answer (Asterisk's HoldTime)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAbandoned:
    """The caller has hung up while waiting in a queue."""

    call_id: CallId
    at: float
    caller: Pseudonym | None
    hotline: str
    queue: str
    wait: int
    """Seconds from queue entry to hanging up."""


Event = CallRouted | CallAnswered | CallAbandoned

_READERS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind) for kind in (CallRouted, CallAnswered, CallAbandoned)
}

MAX_BYTES = 16_384
"""Longer texts are nobody's event."""
_NO_GROUNDS = b',"grounds":null}'


def to_json(event: Event) -> bytes:
    """One JSON object, ``event`` first and without grounds: ``{"event":"CallRouted","call_id":…}``."""
    # orjson writes a dataclass in 0.6 µs; asdict() alone takes 8. Bytes it cannot write: grounds are null
    text = orjson.dumps(event, default=_left_out)
    end = -len(_NO_GROUNDS) if text.endswith(_NO_GROUNDS) else -1
    return b'{"event":"%b",%b}' % (type(event).__name__.encode(), text[1:end])


def from_json(text: bytes, grounds: bytes | None = None) -> Event:
    """The event that `to_json` wrote, with the grounds that were kept beside it.

    Raises:
        ValueError: the text is not an event of this version.
    """
    if len(text) > MAX_BYTES:
        raise ValueError("too long for an event")
    try:
        fields: dict[str, Any] = orjson.loads(text)
        reader = _READERS[fields.pop("event")]
        if grounds is not None:
            fields["grounds"] = grounds
        event: Event = reader.validate_python(fields)
    except (KeyError, TypeError, AttributeError, ValidationError) as wrong:
        raise ValueError(f"not an event: {text[:80]!r}") from wrong
    return event


def _left_out(value: object) -> None:
    if not isinstance(value, bytes):
        raise TypeError(f"an event has no {type(value).__name__}")
