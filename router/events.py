"""What happened to a call, as values, and their JSON.

Times are seconds since the epoch. The caller is a pseudonym: no event carries a number.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, get_args

import orjson
from pydantic import TypeAdapter, ValidationError

from router.facts import CallId, Data
from router.numbers import Pseudonym
from router.quick import quick


@quick
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
class CallOffered:
    """A call has come in, and it is known what becomes of it; or it has ended before that."""

    call_id: CallId
    at: float
    hotline: str
    segment: str
    province: str
    rule: str
    """The route; `UNDECIDED` where no router answered, `LEFT` where the caller did not wait for it."""
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRequested:
    """A person is asked for: by the route, by a key, or by the agent who hands the call on."""

    call_id: CallId
    at: float
    hotline: str
    segment: str
    province: str
    queue: str
    by: str
    """``direct``, ``key`` or ``transfer``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued:
    """The caller waits in a queue."""

    call_id: CallId
    at: float
    caller: Pseudonym | None
    hotline: str
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered:
    """A person has answered a call that waited in a queue; the request for one has ended."""

    call_id: CallId
    at: float
    caller: Pseudonym | None
    hotline: str
    segment: str
    province: str
    asked: str
    """The queue that was asked for."""
    queue: str
    """The one in which it was answered."""
    agent: str
    wait: int
    """Seconds from entry into this queue to the answer (Asterisk's HoldTime)."""
    waited: int
    """Seconds in all queues of this request."""
    repeat: bool
    """A person had answered this number before, inside the hotline's repeat window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAbandoned:
    """The caller has hung up while a person was asked for; the request for one has ended."""

    call_id: CallId
    at: float
    caller: Pseudonym | None
    hotline: str
    segment: str
    province: str
    asked: str
    queue: str
    """The queue waited in; empty when the caller left before any (during an announcement)."""
    wait: int
    """Seconds in this queue."""
    waited: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOverflowed:
    """A queue has given the call up, or not taken it, and it goes on to the next."""

    call_id: CallId
    at: float
    hotline: str
    queue: str
    to: str
    wait: int
    """Seconds in the queue; 0 where it did not take the call."""
    refused: bool
    """The queue did not take the call: nobody on duty, full."""


class Unanswered(StrEnum):
    """Why nobody answered a caller who did not hang up."""

    TIMED_OUT = "timed_out"
    """The last queue's time was over, or its last agent left."""
    REFUSED = "refused"
    """The last queue did not take the call."""
    CUT = "cut"
    """The switch ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUnanswered:
    """A request for a person has ended without one, and not by the caller."""

    call_id: CallId
    at: float
    caller: Pseudonym | None
    hotline: str
    segment: str
    province: str
    asked: str
    queue: str
    wait: int
    waited: int
    why: Unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCompleted:
    """An agent is done talking with a caller."""

    call_id: CallId
    at: float
    caller: Pseudonym | None
    hotline: str
    queue: str
    agent: str
    wait: int
    talk: int
    """Seconds; of a call that the switch cut, up to the last that was heard of it."""
    by: str
    """Who ended it: ``caller``, ``agent``, ``transfer``, or ``cut`` (the switch ended)."""
    to: str
    """Where a transferred call went; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """The call is over."""

    call_id: CallId
    at: float
    hotline: str


UNDECIDED = "dialplan-default"
"""The rule of calls that no router has decided: the dialplan's own (extensions/ivr-route.conf)."""
LEFT = "left"
"""The rule of calls that ended before it was decided."""

CallEvent = (
    CallOffered
    | PersonRequested
    | CallQueued
    | CallAnswered
    | CallAbandoned
    | CallOverflowed
    | CallUnanswered
    | CallCompleted
    | CallEnded
)
"""What the switch's queue_log says of a call."""
Event = CallRouted | CallEvent

_READERS: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Event)}

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
