"""What may stand in the policy files, as pydantic models; conditions are in `router.policy.clauses`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, BeforeValidator, Field, create_model, model_validator

from router.policy.attributes import Attribute, Line
from router.policy.check import Strict, described
from router.policy.clauses import Condition, clause, condition_model
from router.policy.names import Duration, Menu, MenuKey, Priority, Prompt, Queue, SegmentToken, Token
from router.policy.source import Plain

# --- queues.yaml -------------------------------------------------------------------------------

MAX_SEGMENTS = 100
MAX_OWNER_WAIT = 60
"""Seconds."""
REPEAT_WITHIN = 72 * 3600
"""Seconds, where a hotline does not say what a repeated call is."""


class QueueEntry(Strict):
    """A queue of the switch."""

    human: bool
    """A person answers."""
    answer_within: Duration
    """The time in which a call should be answered; later answers count as late."""
    wrap_up: Duration = 0
    """How long its agents write after a call: wrapuptime in queues.conf; a part of handle time."""
    description: Line
    """What it is for, in words for people."""


class KeyTo(Strict):
    """Where a key of a menu leads: a queue or a menu; neither: the caller hears something and stays."""

    queue: Queue | None = None
    """One of queues."""
    menu: Menu | None = None
    """One of menus."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if len(self.model_fields_set) > 1:
            raise ValueError("a key leads one way: to a queue or to a menu")
        return self


class MenuEntry(Strict):
    """A menu of the switch."""

    description: Line
    """What it is for, in words for people."""
    keys: dict[MenuKey, KeyTo] = Field(default_factory=dict)
    """Where each key leads; the prover needs it to say how many keys are between a caller and a person."""


class PromptEntry(Strict):
    """A prompt of the switch."""

    description: Line
    """What it says, in words for people."""


class QueuesFile(Strict):
    """queues.yaml: where the switch can send a call."""

    queues: Annotated[dict[Token, QueueEntry], Field(min_length=1)]
    """Queues by name, as in the switch's queues.conf."""
    menus: dict[Token, MenuEntry] = Field(default_factory=dict)
    """Menus by name; NAME is the context ivr-menu-NAME of the switch's dialplan."""
    prompts: dict[Token, PromptEntry] = Field(default_factory=dict)
    """Prompts by name, as in the switch's prompts.yaml."""


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
    """The formula: T / A, T / (A + B), (T + b) / (A + B) and T / (A + B - b), in the order of the words."""
    within: Duration
    """T and b are what happened within this time."""
    short_abandon: Duration
    """Who hangs up sooner is not counted as abandoned where the formula says so."""
    repeat_within: Duration = REPEAT_WITHIN
    """A call counts as repeated when a person has answered its number in this time."""


class PenaltyEntry(Strict):
    """Which agents of the queue may take the call, by their penalty: 0 its own people, more its helpers."""

    min: Annotated[int, Field(ge=0, le=99)] = 0
    """The least penalty of those who may."""
    max: Annotated[int, Field(ge=0, le=99)]
    """The greatest penalty of those who may."""

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.min > self.max:
            raise ValueError("min must not be greater than max")
        return self


def _bearable(seconds: int) -> int:
    if seconds > MAX_OWNER_WAIT:
        raise ValueError(f"must be at most {MAX_OWNER_WAIT}s: others are free meanwhile")
    return seconds


class OwnerEntry(Strict):
    """Who has answered the caller first is tried first: the caller's problem is that agent's."""

    within: Duration
    """How long ago that answer may be; of several agents the one who answered first counts."""
    wait: Annotated[Duration, AfterValidator(_bearable)]
    """How long the caller waits for that agent, if ready; then any agent of the queue may take the call."""


class To(Strict):
    """Where a call goes: one of queue, menu, announce and refuse."""

    queue: Queue | None = None
    """Wait in this queue, one of queues.yaml."""
    priority: Priority = 0
    """With a queue: callers with a greater one are answered first."""
    penalty: PenaltyEntry | None = None
    """With a queue: which agents may take the call; without it the dialplan's rule, own people first."""
    announcement: Prompt | None = None
    """With a queue: a prompt that the caller hears before waiting."""
    owner: OwnerEntry | None = None
    """With a queue: who has answered this caller before is tried first."""
    menu: Menu | None = None
    """Hear this menu, one of queues.yaml."""
    announce: Prompt | None = None
    """Play this prompt, then end the call."""
    refuse: Prompt | None = None
    """End the call with this prompt, which says why."""


class OverflowTo(Strict):
    """The queue of a later stage."""

    queue: Queue
    """The queue, one of queues.yaml."""
    priority: Priority | None = None
    """Without it, that of the stage before."""
    penalty: PenaltyEntry | None = None
    """Which agents may take the call there."""


class OverflowEntry(Strict):
    """A later stage of waiting."""

    after: Duration
    """The time in the stage before."""
    to: OverflowTo
    """Where the call goes on to wait."""


Words = Annotated[Line, Field(min_length=1, json_schema_extra={"pattern": r"\S"})]
"""A line that says something."""


class Reason(Strict):
    """Why, in words for people."""

    en: Words
    """In English."""
    zh: Words
    """In Chinese."""


class RouteEntry(Strict):
    """Who goes where; the first route that matches takes the call."""

    name: Token
    """What metrics, logs and tests call it; no two routes of a file have one name."""
    when: Condition | None = None
    """Who is meant; without it, the route matches every call. The last route leaves it out, and no other."""
    to: To
    """Where the call goes."""
    overflow: Annotated[list[OverflowEntry], Field(max_length=8)] = Field(default_factory=list)
    """With a queue: where a caller goes on to wait when nobody has answered in time."""
    reason: Reason | None = None
    """Why, in words for people; a route that refuses calls must have one."""


def _listed(value: Plain) -> Plain:
    """One name alone is short for a list of one."""
    return value if isinstance(value, list) else [value]


def listed(of: Any) -> BeforeValidator:
    """Marks a list of these as one that may be written as one of them alone."""
    several: Any = Annotated[list[of], Field(min_length=1)]
    return BeforeValidator(_listed, json_schema_input_type=of | several)


Listed = listed(str)


class GoesToEntry(Strict):
    """Where the call must go: to one of all that are listed, or to a person by a number of keys."""

    queue: Annotated[list[Queue], Field(min_length=1), listed(Queue)] = Field(default_factory=list)
    """It may wait in one of these queues."""
    menu: Annotated[list[Menu], Field(min_length=1), listed(Menu)] = Field(default_factory=list)
    """It may hear one of these menus."""
    announce: Annotated[list[Prompt], Field(min_length=1), listed(Prompt)] = Field(default_factory=list)
    """It may end with one of these prompts."""
    refuse: Annotated[list[Prompt], Field(min_length=1), listed(Prompt)] = Field(default_factory=list)
    """It may be refused with one of these prompts."""
    person_within_keys: Annotated[int, Field(ge=0, le=9)] | None = None
    """A person can be reached by pressing at most so many keys; 0 is the same as "human"."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must say where the call goes; an empty mapping promises nothing")
        if "person_within_keys" in self.model_fields_set and len(self.model_fields_set) > 1:
            raise ValueError("person_within_keys stands alone")
        return self


def human(value: Plain) -> Plain:
    """The word "human" alone is short for a person without a key."""
    if value == "human":
        return {"person_within_keys": 0}
    if not isinstance(value, dict):
        raise ValueError(f"must be human or a mapping like {{queue: NAME}}, not {described(value)}")  # noqa: TRY004 - pydantic's
    return value


class PromiseEntry(Strict):
    """What holds of every caller that a condition is true of, in every state; proved, not only tested."""

    name: Words
    """What is promised, in words for people; no two promises of a file have one name."""
    when: Condition | None = None
    """Without it, the promise is for every call."""
    always: Annotated[
        GoesToEntry, BeforeValidator(human, json_schema_input_type=Literal["human"] | GoesToEntry)
    ]
    """human: straight to a person, in every stage; or where the call goes."""


class HotlineFile(Strict):
    """One hotline: the numbers dialled, the segments of its callers, and its routes."""

    hotline: Token
    """The hotline's name in metrics and reports; each has a file of its own."""
    numbers: Annotated[list[Token], Field(min_length=1)]
    """The numbers dialled that it answers, as the switch reports them; in quotes."""
    report: ReportEntry | None = None
    """Which figures it answers for."""
    segments: Annotated[dict[SegmentToken, Condition], Field(max_length=MAX_SEGMENTS)] = Field(
        default_factory=dict
    )
    """Named groups of callers; who belongs to several is reported under the first."""
    routes: Annotated[list[RouteEntry], Field(min_length=1)]
    """Who goes where; the first that matches takes the call, and the last matches every call."""
    promises: list[PromiseEntry] = Field(default_factory=list)
    """What holds of every caller in every state."""


def hotline_model(attributes: Mapping[str, Attribute | None]) -> type[HotlineFile]:
    """The model of a hotline file whose conditions are over these attributes."""
    model = condition_model(attributes)
    condition: Any = Annotated[model, clause(model)]
    route: Any = create_model("RouteEntry", __base__=RouteEntry, when=(condition, None))
    promise: Any = create_model("PromiseEntry", __base__=PromiseEntry, when=(condition, None))
    segments: Any = Annotated[dict[SegmentToken, condition], Field(max_length=MAX_SEGMENTS)]
    routes: Any = Annotated[list[route], Field(min_length=1)]
    fields: dict[str, Any] = {
        "segments": (segments, Field(default_factory=dict)),
        "routes": (routes, ...),
        "promises": (list[promise], Field(default_factory=list)),
    }
    return cast("type[HotlineFile]", create_model("HotlineFile", __base__=HotlineFile, **fields))
