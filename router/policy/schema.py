"""What may stand in the policy files, as pydantic models; conditions are in `router.policy.clauses`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, cast

from pydantic import Field, create_model

from router.policy.attributes import Attribute, Line
from router.policy.check import Strict
from router.policy.clauses import Condition, clause, condition_model
from router.policy.names import Duration, Menu, Priority, Prompt, Queue, SegmentToken, Token

# --- queues.yaml -------------------------------------------------------------------------------

MAX_SEGMENTS = 100


class QueueEntry(Strict):
    """A queue of the switch."""

    human: bool
    """A person answers."""
    answer_within: Duration
    """The time in which a call should be answered; later answers count as late."""
    description: Line


class NamedEntry(Strict):
    """A menu or a prompt of the switch."""

    description: Line


class QueuesFile(Strict):
    """queues.yaml: where the switch can send a call."""

    queues: Annotated[dict[Token, QueueEntry], Field(min_length=1)]
    menus: dict[Token, NamedEntry] = Field(default_factory=dict)
    prompts: dict[Token, NamedEntry] = Field(default_factory=dict)


# --- a hotline file ----------------------------------------------------------------------------


class ServiceLevel(StrEnum):
    """The ways to compute a service level: T answered in time, A answered, B abandoned, b soon abandoned."""

    OF_ANSWERED = "answered_of_answered"
    """T / A"""
    OF_OFFERED = "answered_of_offered"
    """T / (A + B)"""
    OR_ABANDONED = "answered_or_abandoned_of_offered"
    """(T + b) / (A + B)"""
    OF_PATIENT = "answered_of_patient"
    """T / (A + B - b)"""


class ReportEntry(Strict):
    """Which figures the hotline answers for."""

    service_level: Annotated[ServiceLevel, Field(strict=False)]
    within: Duration
    short_abandon: Duration
    """Who hangs up sooner is not counted as abandoned where the formula says so."""


class To(Strict):
    """Where a call goes: one of queue, menu, announce and refuse."""

    queue: Queue | None = None
    priority: Priority = 0
    """With a queue: callers with a greater one are answered first."""
    menu: Menu | None = None
    announce: Prompt | None = None
    """Play this prompt, then end the call."""
    refuse: Prompt | None = None
    """End the call with this prompt, which says why."""


class OverflowTo(Strict):
    """The queue of a later stage."""

    queue: Queue
    priority: Priority | None = None
    """Without it, that of the stage before."""


class OverflowEntry(Strict):
    """A later stage of waiting."""

    after: Duration
    """The time in the stage before."""
    to: OverflowTo


class Reason(Strict):
    """Why, in words for people."""

    en: Line
    zh: Line


class RouteEntry(Strict):
    """Who goes where; the first route that matches takes the call."""

    name: Token
    when: Condition | None = None
    """Without it, the route matches every call."""
    to: To
    overflow: Annotated[list[OverflowEntry], Field(max_length=8)] = Field(default_factory=list)
    reason: Reason | None = None


class HotlineFile(Strict):
    """One hotline: the numbers dialled, the segments of its callers, and its routes."""

    hotline: Token
    numbers: Annotated[list[Token], Field(min_length=1)]
    report: ReportEntry | None = None
    segments: Annotated[dict[SegmentToken, Condition], Field(max_length=MAX_SEGMENTS)] = Field(
        default_factory=dict
    )
    routes: Annotated[list[RouteEntry], Field(min_length=1)]


def hotline_model(attributes: Mapping[str, Attribute | None]) -> type[HotlineFile]:
    """The model of a hotline file whose conditions are over these attributes."""
    model = condition_model(attributes)
    condition: Any = Annotated[model, clause(model)]
    route: Any = create_model("RouteEntry", __base__=RouteEntry, when=(condition, None))
    segments: Any = Annotated[dict[SegmentToken, condition], Field(max_length=MAX_SEGMENTS)]
    routes: Any = Annotated[list[route], Field(min_length=1)]
    fields: dict[str, Any] = {"segments": (segments, Field(default_factory=dict)), "routes": (routes, ...)}
    return cast("type[HotlineFile]", create_model("HotlineFile", __base__=HotlineFile, **fields))
