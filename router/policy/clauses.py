"""What may stand in a condition, as pydantic models that are made from attributes.yaml.

Each attribute is a key of a condition with the tests that its type allows. So pydantic finds an
unknown attribute, a wrong type and a value out of range by itself and at its place, and the JSON
Schema of the models knows every attribute.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, assert_never, cast

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    WithJsonSchema,
    create_model,
    model_validator,
)

from router.facts import MAX_LOAD
from router.policy.attributes import Attribute, Date
from router.policy.check import Strict, described
from router.policy.domains import Boolean, Choice, Day, Integer, Text
from router.policy.names import Duration, HoursName, Queue, Segment, Token
from router.policy.nodes import SHARES
from router.policy.source import Plain

MAX_COUNTED = 20
"""The most contacts that a condition can ask for: the store keeps a bounded number of a caller."""


def _clause(value: Plain) -> Plain:
    """A segment's name alone is short for ``segment: NAME``."""
    if isinstance(value, str):
        return {"segment": value}
    if isinstance(value, list):
        raise ValueError('must be a condition; a list goes under "all" or "any"')  # noqa: TRY004 - pydantic's
    if not isinstance(value, dict):
        raise ValueError(f"must be a segment or a mapping, not {described(value)}")  # noqa: TRY004 - the same
    if not value:
        raise ValueError("must be a condition; an empty mapping asks nothing")
    return value


def _test(value: Plain) -> Plain:
    """A value alone is short for ``is: VALUE``."""
    if isinstance(value, list):
        raise ValueError('must be one value or a test; a list goes under "one_of"')  # noqa: TRY004 - the same
    if not isinstance(value, dict):
        return {"is": value}
    if not value:
        raise ValueError("must be a value or a test; an empty mapping asks nothing")
    return value


def _true(value: bool) -> bool:  # noqa: FBT001 - the value of a key
    if not value:
        raise ValueError("must be true; leave the key out to count all contacts")
    return value


def _rising(values: list[Any]) -> list[Any]:
    if values[0] > values[1]:
        raise ValueError("must be the lower value, then the higher")
    return values


class ContactsTest(Strict):
    """Earlier calls of this caller in the window that ends now."""

    within: Duration
    """The length of the window; a call exactly this long ago counts."""
    answered: Annotated[bool, AfterValidator(_true), WithJsonSchema({"type": "boolean", "const": True})] = (
        False
    )
    """Count only calls that a person answered."""
    at_least: Annotated[int, Field(ge=1, le=MAX_COUNTED)]
    """How many there must be."""


class _Measured(Strict):
    @model_validator(mode="after")
    def _asks(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must have at_least or below; an empty mapping asks nothing")
        return self


Count = Annotated[int, Field(ge=0, le=MAX_LOAD)]


class CountTest(_Measured):
    """A number of callers or agents."""

    at_least: Count | None = None
    """This many or more."""
    below: Count | None = None
    """Fewer than this."""


class WaitTest(_Measured):
    """A time of waiting."""

    at_least: Duration | None = None
    """This long or longer."""
    below: Duration | None = None
    """Shorter than this."""


class LoadTest(Strict):
    """How busy a queue is now; all that stands here must hold."""

    queue: Queue
    """The queue, one of queues.yaml."""
    waiting: CountTest | None = None
    """Callers who wait in it."""
    longest_wait: WaitTest | None = None
    """How long the one who has waited longest is there."""
    ready: CountTest | None = None
    """Agents who could take a call now."""
    known: bool | None = None
    """Whether there is fresh news of the queue; without it nobody waits and agents are ready, as it were."""

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if self.model_fields_set <= {"queue"}:
            raise ValueError("must ask for waiting, longest_wait, ready or known")
        return self


def _hundredths(percent: float) -> float:
    if round(percent * SHARES / 100, 6) % 1:
        raise ValueError("must have at most two digits behind the point")
    return percent


class ShareTest(Strict):
    """A share of all callers, the same ones each time: for what is tried out first with a few."""

    percent: Annotated[float, Field(ge=0, le=100), AfterValidator(_hundredths)]
    """How many of a hundred; at most two digits behind the point."""
    of: Token
    """A name for what is tried out: each name picks other callers; who is in stays in when it grows."""


class AttributeTest(Strict):
    """What must hold of an attribute: all that stands in the mapping."""


def clause(condition: Any) -> BeforeValidator:
    """Marks a condition of this type as one that may be written as a segment's name alone."""
    return BeforeValidator(_clause, json_schema_input_type=Segment | condition)


class Condition(Strict):
    """What must hold of a caller: everything that stands in the mapping."""

    segment: Segment | None = None
    """The caller belongs to this segment."""
    all: Annotated[list[Annotated[Self, clause(Self)]], Field(min_length=1)] | None = None
    """Each of these conditions holds."""
    any: Annotated[list[Annotated[Self, clause(Self)]], Field(min_length=1)] | None = None
    """At least one of these conditions holds."""
    not_: Annotated[Self, clause(Self)] | None = Field(None, alias="not")
    """This condition does not hold."""
    contacts: ContactsTest | None = None
    """There were enough earlier calls."""
    open: HoursName | None = None
    """The call comes within these hours of hours.yaml."""
    load: LoadTest | None = None
    """A queue is as busy as this."""
    share: ShareTest | None = None
    """The caller is in this share of all callers."""


_ATTRIBUTE = "attribute_"
"""Before the names of attributes' fields, which so never meet a name that pydantic uses."""


def tests_of(condition: Condition) -> dict[str, dict[str, Any]]:
    """What a condition asks of attributes: ``{"age": {"at_least": 65}}``."""
    return {
        name.removeprefix(_ATTRIBUTE): getattr(condition, name).model_dump(by_alias=True, exclude_unset=True)
        for name in type(condition).model_fields
        if name.startswith(_ATTRIBUTE) and name in condition.model_fields_set
    }


def _storable(text: str) -> str:
    """No customer has any other text, so a question about it would be about nobody."""
    if not text.isprintable():
        raise ValueError("must be printable text")
    return text


def value_type(attribute: Attribute) -> Any:
    """The type, for pydantic, of an attribute's values."""
    match attribute.domain:
        case Integer(low=low, high=high):
            return Annotated[int, Field(ge=low, le=high)]
        case Boolean():
            return bool
        case Choice(values=values):
            return Literal[values]
        case Text(max_length=max_length):
            return Annotated[str, Field(max_length=max_length), AfterValidator(_storable)]
        case Day():
            return Date
        case _ as never:
            assert_never(never)


def _asks(description: str, **more: Any) -> Any:
    return Field(None, description=description, **more)


def _test_model(attribute: Attribute) -> Any:
    """The tests that the attribute's type allows, as a model."""
    value = value_type(attribute)
    values: Any = list[value]  # type: ignore[valid-type]  # made at run time
    tests: dict[str, Any] = {"is_": (value, _asks("It is this value.", alias="is"))}
    if not isinstance(attribute.domain, Boolean):
        tests["one_of"] = (Annotated[values, Field(min_length=1)], _asks("It is one of these values."))
    if isinstance(attribute.domain, Integer | Day):
        pair = Annotated[values, Field(min_length=2, max_length=2), AfterValidator(_rising)]
        later = isinstance(attribute.domain, Day)
        least = "It is this day or later." if later else "It is this value or a greater one."
        less = "It is before this day." if later else "It is less than this value."
        tests |= {"at_least": (value, _asks(least)), "below": (value, _asks(less))}
        tests["between"] = (pair, _asks("It lies between these two values, or is one of them."))
    if isinstance(attribute.domain, Text):
        begins = Annotated[
            str, Field(min_length=1, max_length=attribute.domain.max_length), AfterValidator(_storable)
        ]
        tests["prefix"] = (begins, _asks("It begins with this text."))
    return create_model(f"{attribute.name}_test", __base__=AttributeTest, **tests)


def condition_model(attributes: Mapping[str, Attribute | None]) -> type[Condition]:
    """The model of a condition over these attributes; None for one whose declaration is broken."""
    fields: dict[str, Any] = {}
    for name, attribute in attributes.items():
        test: Any = Any
        if attribute is not None:
            model = _test_model(attribute)
            either = BeforeValidator(_test, json_schema_input_type=value_type(attribute) | model)
            test = Annotated[model, either]
        about = None if attribute is None else attribute.description
        fields[_ATTRIBUTE + name] = (test, Field(None, alias=name, description=about))
    return cast("type[Condition]", create_model("Condition", __base__=Condition, **fields))
