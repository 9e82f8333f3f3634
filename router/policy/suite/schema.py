"""What may stand in a suite of tests, as pydantic models: ``policies/tests/*_test.yaml``.

A suite names callers, earlier contacts, queue loads, shares and times; its tests combine these names. The
models of callers are made from attributes.yaml, as those of conditions are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Self, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    create_model,
    model_validator,
)

from router.facts import Data
from router.policy.attributes import Attribute, Line
from router.policy.check import Strict, described, unknown
from router.policy.clauses import Count, value_type
from router.policy.names import Duration, Names, Priority, Queue, Token
from router.policy.schema import GoesToEntry, Listed, human
from router.policy.source import Plain

MAX_CASES = 10_000
"""The most cases that the tests of one suite may come to."""
UNKNOWN_CALLER = "unknown"
"""The caller whom the store does not know; declared already in every suite."""
NONE = "none"
"""No contacts, no news of any queue, in no share; declared already in every suite."""
FIRST_YEAR, LAST_YEAR = 2000, 2099


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteNames(Names):
    """The names that a suite may use; None where they are not known and all are taken."""

    numbers: frozenset[str] | None = None
    draws: frozenset[str] | None = None
    """What is tried out in shares of callers: ``of`` in the conditions of the policies."""
    callers: frozenset[str] | None = None
    contacts: frozenset[str] | None = None
    loads: frozenset[str] | None = None
    shares: frozenset[str] | None = None
    times: frozenset[str] | None = None


def instant(text: str) -> int:
    """A time like ``2026-03-02T10:00:00+08:00`` in seconds since the epoch.

    Raises:
        ValueError: it is none, or has no offset from UTC.
    """
    example = "2026-03-02T10:00:00+08:00"
    written = r"([0-9]{4})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?"
    found = re.fullmatch(written, text)
    try:
        moment = datetime.fromisoformat(text) if found else None
    except ValueError:
        moment = None
    if found is None or moment is None:
        raise ValueError(f"must be a time like {example}, not {described(text)}")
    if found[3] is None:
        raise ValueError(f"must end in its offset from UTC, like {example}")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"must be in the years {FIRST_YEAR} to {LAST_YEAR}")
    return int(moment.timestamp())


def _known(kind: str, among: str, *declared: str) -> AfterValidator:
    """The text must be a name of this kind: of the field ``among`` of `SuiteNames`, or declared already."""

    def checked(name: str, info: ValidationInfo) -> str:
        names: frozenset[str] | None = getattr(info.context, among, None)
        if names is not None and name not in names and name not in declared:
            raise ValueError(unknown(kind, name, names | set(declared)))
        return name

    return AfterValidator(checked)


def _free(*declared: str) -> AfterValidator:
    """The name must not be one that every suite has already."""

    def checked(name: str) -> str:
        if name in declared:
            raise ValueError(f'"{name}" is declared already in every suite; choose another name')
        return name

    return AfterValidator(checked)


def _instant(value: Plain) -> int:
    if not isinstance(value, str):
        raise ValueError(f"must be a time in quotes, not {described(value)}")  # noqa: TRY004 - pydantic's
    return instant(value)


def _time(value: Plain, info: ValidationInfo) -> str:
    """The name of a time, or a time itself."""
    if not isinstance(value, str):
        raise ValueError(f"must be a time in quotes or the name of one, not {described(value)}")  # noqa: TRY004 - the same
    times: frozenset[str] | None = getattr(info.context, "times", None)
    if times is None or value in times:
        return value
    if not re.match("[0-9]{4}-", value):
        raise ValueError(unknown("time", value, times))
    instant(value)
    return value


CallerName = Annotated[str, _known("caller", "callers", UNKNOWN_CALLER)]
ContactsName = Annotated[str, _known("contacts", "contacts", NONE)]
LoadName = Annotated[str, _known("load", "loads", NONE)]
ShareName = Annotated[str, _known("share", "shares", NONE)]
Number = Annotated[str, _known("number", "numbers")]
Draw = Annotated[str, _known("share", "draws")]
DataName = Annotated[Data, Field(strict=False)]
Time = Annotated[str, PlainValidator(_time), WithJsonSchema({"type": "string", "title": "time or its name"})]
Instant = Annotated[
    int,
    PlainValidator(_instant),
    WithJsonSchema(
        {
            "type": "string",
            "title": "time",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})$",
            "examples": ["2026-03-02T10:00:00+08:00"],
        }
    ),
]
Named = Annotated[Token, _free(NONE)]


class CallerEntry(Strict):
    """A customer with these attributes, those left out missing; ``known: false`` alone is nobody's number."""


class EarlierCall(Strict):
    """One earlier call of the caller."""

    ago: Duration
    """How long before this call it was."""
    answered: bool
    """A person answered it."""
    call: Token | None = None
    """Entries of the same name are of one call, and count once; without it, a call of its own."""


class LoadEntry(Strict):
    """How busy a queue is; what is left out is as in a quiet hour."""

    waiting: Count | None = None
    """Callers who wait in it; else 0."""
    longest_wait: Duration | None = None
    """How long the one who has waited longest is there; else nobody waits."""
    ready: Count | None = None
    """Agents who could take a call now; else more than anybody asks for."""

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must say waiting, longest_wait or ready; leave the queue out when it is quiet")
        return self


class Situation(Strict):
    """What a test is played with; what is left out comes from the suite, or is the ordinary."""

    caller: CallerName | None = None
    """Who calls, one of callers; without it "unknown", a number that is no customer's."""
    contacts: ContactsName | None = None
    """What calls there were before, one of contacts; without it "none"."""
    load: LoadName | None = None
    """How busy the queues are, one of loads; without it "none", no news of any queue."""
    share: ShareName | None = None
    """Which shares the caller is in, one of shares; without it "none", in none that can be kept out of."""
    now: Time | None = None
    """When the call comes: one of times, or a time; without it, that of the suite."""
    dialled: Number | None = None
    """The number dialled; without it, that of the suite."""
    data: DataName | None = None
    """fresh: the store answered; withheld: the number is; absent: the store is down. Without it, fresh."""


class Matrix(Strict):
    """Lists of names; each combination is a case."""

    caller: Annotated[list[CallerName], Field(min_length=1)] | None = None
    """Callers."""
    contacts: Annotated[list[ContactsName], Field(min_length=1)] | None = None
    """Earlier calls."""
    load: Annotated[list[LoadName], Field(min_length=1)] | None = None
    """Loads of queues."""
    share: Annotated[list[ShareName], Field(min_length=1)] | None = None
    """Shares."""
    now: Annotated[list[Time], Field(min_length=1)] | None = None
    """Times."""
    dialled: Annotated[list[Number], Field(min_length=1)] | None = None
    """Numbers dialled."""
    data: Annotated[list[DataName], Field(min_length=1)] | None = None
    """What the store answered."""

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must have a list of something; an empty matrix makes no case")
        return self


class DestinationEntry(GoesToEntry):
    """Where the call must go: as in a promise, and with which priority."""

    priority: Priority | None = None
    """With a queue: the priority there."""

    @model_validator(mode="after")
    def _ranked(self) -> Self:
        if "priority" in self.model_fields_set and "queue" not in self.model_fields_set:
            raise ValueError("a priority is for a queue only")
        return self


class Expectation(Strict):
    """What must become of the cases that fit; the first expectation that fits a case is that case's."""

    caller: Annotated[list[str], Listed] | None = None
    """Fits cases of these callers; without it, of all. It is the same with the keys below."""
    contacts: Annotated[list[str], Listed] | None = None
    """Fits cases of these earlier calls."""
    load: Annotated[list[str], Listed] | None = None
    """Fits cases of these loads."""
    share: Annotated[list[str], Listed] | None = None
    """Fits cases of these shares."""
    now: Annotated[list[str], Listed] | None = None
    """Fits cases of these times."""
    dialled: Annotated[list[str], Listed] | None = None
    """Fits cases of these numbers dialled."""
    data: Annotated[list[str], Listed] | None = None
    """Fits cases of these answers of the store."""
    rule: str | None = None
    """The route that takes the call."""
    to: (
        Annotated[
            DestinationEntry,
            BeforeValidator(human, json_schema_input_type=Literal["human"] | DestinationEntry),
        ]
        | None
    ) = None
    """Where the call goes: human, or as in ``{queue: general, priority: 10}``."""
    segment: str | None = None
    """The segment that the caller is reported under; "none" for no segment."""

    @model_validator(mode="after")
    def _expects(self) -> Self:
        if self.rule is None and self.to is None:
            raise ValueError("must have rule or to: what is expected of the call?")
        return self


def _several(value: Plain) -> Plain:
    """One expectation alone is short for a list of one."""
    return [value] if isinstance(value, dict) else value


Expectations = Annotated[list[Expectation], Field(min_length=1, max_length=200)]


class TestEntry(Situation):
    """A test: one case, or as many as its matrix makes."""

    name: Annotated[Line, Field(min_length=1)]
    """What it shows; no two tests of a suite have one name."""
    matrix: Matrix | None = None
    """Every combination of these is a case."""
    expect: Annotated[
        Expectations, BeforeValidator(_several, json_schema_input_type=Expectation | Expectations)
    ]
    """One expectation, or several: each case needs one that fits, each one needs a case."""


class SuiteFile(Strict):
    """A suite of tests of the policies."""

    suite: Annotated[Line, Field(min_length=1)]
    """What it is about; no two suites of a folder have one name."""
    dialled: Number | None = None
    """The number dialled in every test that names no other."""
    now: Time | None = None
    """The time of every test that names no other; it never passes."""
    times: dict[Token, Instant] = Field(default_factory=dict)
    """Times by name; each with its offset from UTC."""
    callers: dict[Annotated[Token, _free(UNKNOWN_CALLER)], CallerEntry] = Field(default_factory=dict)
    """Callers by name."""
    contacts: dict[Named, Annotated[list[EarlierCall], Field(max_length=100)]] = Field(default_factory=dict)
    """Earlier calls by name."""
    loads: dict[Named, dict[Queue, LoadEntry]] = Field(default_factory=dict)
    """Loads of queues by name; there is no news of a queue that is not in it."""
    shares: dict[Named, dict[Draw, Literal["in", "out"]]] = Field(default_factory=dict)
    """Which shares a caller is in and out of, by name: ``{first: {new-menu: in}}``."""
    tests: Annotated[list[TestEntry], Field(min_length=1)]
    """What is played, each with what must become of it."""


_ATTRIBUTE = "attribute_"
"""Before the names of attributes' fields, which so never meet a name that pydantic uses."""


def suite_model(attributes: Mapping[str, Attribute]) -> type[SuiteFile]:
    """The model of a suite whose callers have these attributes."""
    fields: dict[str, Any] = {
        _ATTRIBUTE + name: (value_type(attribute), Field(None, alias=name, description=attribute.description))
        for name, attribute in attributes.items()
    }
    caller: Any = create_model("CallerEntry", __base__=CallerEntry, **fields)
    callers: Any = dict[Annotated[Token, _free(UNKNOWN_CALLER)], caller]
    made: dict[str, Any] = {"callers": (callers, Field(default_factory=dict))}
    return cast("type[SuiteFile]", create_model("SuiteFile", __base__=SuiteFile, **made))


def values_of(caller: CallerEntry) -> dict[str, Any]:
    """The attributes that a caller has in the file."""
    return {
        name.removeprefix(_ATTRIBUTE): getattr(caller, name)
        for name in type(caller).model_fields
        if name in caller.model_fields_set
    }
