"""What was seen of a run: by phones, by the journal, in /proc. Plain values; times are seconds since 1970."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A call as the caller's phone had it; None is what did not happen."""

    kind: str
    """A key of the run's callers; empty for a control call."""
    due: float
    placed: float | None = None
    answered: float | None = None
    ended: float | None = None
    """When the switch ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A decision of a router, from the journal."""

    at: float
    took: float
    """Seconds from the switch's connection to the command written."""
    segment: str


class Outcome(StrEnum):
    """What became of a request for a person."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """The caller hung up."""
    UNANSWERED = "unanswered"
    """The queue gave it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for a person that has ended, from the journal."""

    at: float
    """When it ended; the switch tells whole seconds."""
    segment: str
    queue: str
    """The one that was asked for."""
    waited: float
    """Seconds in queues, whole ones."""
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What processes had used at a moment."""

    at: float
    cpu: Mapping[str, float]
    """Seconds of CPU since each began, by its name."""
    rss: Mapping[str, float]
    """Megabytes of memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All of it."""

    began: float
    """When the first second of the plan began."""
    phones: Sequence[Phone]
    failed: int
    """Calls that did not go as their scenario says, as SIPp counts them, without control calls."""
    routed: Sequence[Routed]
    requests: Sequence[Request]
    open_requests: int
    """Requests for a person that had not ended when the run was over."""
    by_default: int
    """Calls that no router decided."""
    wrong: Sequence[str]
    """Calls that went wrong, each in a line, without a caller's number."""
    troubles: Sequence[str]
    """What else is not as it should be, each in a line: the run is not passed."""
    complaints: Sequence[str]
    """What SIPp said of failed calls."""
    samples: Sequence[Sample]
