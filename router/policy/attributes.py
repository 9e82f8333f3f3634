"""What is known of a customer: declared once in attributes.yaml, and all else follows from it.

The store, the import, the conditions and (later) the prover take types, ranges and the meaning of a
missing value from here, so there is no third truth value: every attribute always has a value.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, assert_never

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema, field_validator
from pydantic.config import JsonDict

from router.errors import PolicyError, Problem
from router.facts import Value
from router.policy.check import Strict, check, described
from router.policy.domains import Boolean, Choice, Day, Domain, Integer, Text, day, decoder, parsed
from router.policy.source import Plain, Source, read

FILE = "attributes.yaml"
KNOWN = "known"
"""The attribute that every customer of the store has as true, and nobody else."""
RESERVED = frozenset({"all", "any", "not", "segment", "contacts", "open", "load", "share", "call", "always"})
"""Words of the condition language: no attribute can have one as its name."""

_LIMIT = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One thing that is known of a customer."""

    name: str
    domain: Domain
    missing: Value
    """The value of a customer of whom it is not known, and of every unknown caller."""
    sensitive: bool
    """Shown masked to people."""
    source: str
    description: str
    code: bytes
    """The field's name in the store."""
    decode: Callable[[bytes], Value] = field(compare=False, repr=False)
    """The value of what `encode` stored; ValueError for anything else (0.1 to 0.2 µs)."""

    def parse(self, text: str) -> Value:
        """Read a cell of a customer file; blanks around it do not matter.

        Raises:
            ValueError: says what is allowed, never what was written: it may be sensitive.
        """
        value = parsed(self.domain, text.strip())
        if value is None:
            raise ValueError(f"{self.name} must be {self.domain}")
        return value

    def encode(self, value: Value) -> bytes:
        """The value as stored: integers decimal, booleans 1 and 0, dates ISO 8601, text UTF-8."""
        match value:
            case bool():
                return b"1" if value else b"0"
            case int():
                return b"%d" % value
            case date():
                return value.isoformat().encode()
            case str():
                return value.encode()
            case _ as never:
                assert_never(never)


# --- the file ------------------------------------------------------------------------------


def _date(value: Plain) -> date:
    if isinstance(value, str) and (found := day(value)):
        return found
    raise ValueError(f"must be a date like 2024-01-31, not {described(value)}")


def _printable(text: str) -> str:
    text = " ".join(text.split())
    if not text.isprintable():
        raise ValueError("must be printable text")
    return text


def _word(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.+-]{1,32}", text):
        raise ValueError(f"must be 1 to 32 letters, digits or _.+-, not {described(text)}")
    return text


def _attribute_name(text: str) -> str:
    if text in RESERVED:
        raise ValueError(f'"{text}" is a word of the policy language; choose another name')
    if not re.fullmatch("[a-z][a-z0-9_]{0,31}", text):
        raise ValueError("must be 1 to 32 lower-case letters, digits or _, a letter first")
    return text


_DAY_PATTERN = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
Date = Annotated[
    date,
    PlainValidator(_date),
    WithJsonSchema({"type": "string", "title": "date", "format": "date", "pattern": _DAY_PATTERN}),
]
Word = Annotated[
    str,
    AfterValidator(_word),
    WithJsonSchema({"type": "string", "title": "word", "pattern": "^[A-Za-z0-9_.+-]{1,32}$"}),
]
AttributeName = Annotated[
    str,
    AfterValidator(_attribute_name),
    WithJsonSchema(
        {
            "type": "string",
            "title": "name",
            "pattern": "^[a-z][a-z0-9_]{0,31}$",
            "not": {"enum": sorted(RESERVED)},
        }
    ),
]
Line = Annotated[str, AfterValidator(_printable)]
Whole = Annotated[int, Field(ge=-_LIMIT, le=_LIMIT)]


class _Declaration(Strict):
    sensitive: bool
    """Shown masked to people."""
    source: Line
    """Where the value comes from."""
    description: Line
    """What it is, in words for people."""
    code: Word | None = None
    """A short name of the field in the store; without it, the attribute's name."""


class IntegerDeclaration(_Declaration):
    """A whole number."""

    type: Literal["integer"]
    """The word for this type."""
    range: Annotated[list[Whole], Field(min_length=2, max_length=2)]
    """Lowest and highest value."""
    missing: Whole
    """The value of a customer of whom it is not known, and of every unknown caller; one of the range."""

    @field_validator("range")
    @classmethod
    def _rises(cls, value: list[int]) -> list[int]:
        if value[0] > value[1]:
            raise ValueError("must be the lowest value, then the highest")
        return value

    @field_validator("missing")
    @classmethod
    def _in_range(cls, value: int, info: ValidationInfo) -> int:
        low, high = info.data.get("range", (value, value))
        if not low <= value <= high:
            raise ValueError(f"must be from {low} to {high}, the range of the attribute")
        return value


class BooleanDeclaration(_Declaration):
    """True or false."""

    type: Literal["boolean"]
    """The word for this type."""
    missing: bool
    """The value of a customer of whom it is not known, and of every unknown caller."""


class ChoiceDeclaration(_Declaration):
    """One of a list of words."""

    type: Literal["choice"]
    """The word for this type."""
    values: Annotated[
        list[Word], Field(min_length=1, max_length=500, json_schema_extra={"uniqueItems": True})
    ]
    """The words that a customer can have here."""
    missing: str
    """The value of a customer of whom it is not known, and of every unknown caller; one of values."""

    @field_validator("values")
    @classmethod
    def _distinct(cls, values: list[str]) -> list[str]:
        twice = [value for place, value in enumerate(values) if value in values[:place]]
        if twice:
            raise ValueError(f'has "{twice[0]}" more than once')
        return values

    @field_validator("missing")
    @classmethod
    def _one_of_them(cls, value: str, info: ValidationInfo) -> str:
        if value not in info.data.get("values", [value]):
            raise ValueError(f"must be one of the values, not {described(value)}")
        return value


class TextDeclaration(_Declaration):
    """Any text of one line."""

    type: Literal["text"]
    """The word for this type."""
    max_length: Annotated[int, Field(ge=1, le=256)]
    """The most characters."""
    missing: Line
    """The value of a customer of whom it is not known, and of every unknown caller."""

    @field_validator("missing")
    @classmethod
    def _short_enough(cls, value: str, info: ValidationInfo) -> str:
        if len(value) > info.data.get("max_length", len(value)):
            raise ValueError("must not be longer than max_length")
        return value


class DateDeclaration(_Declaration):
    """A date."""

    type: Literal["date"]
    """The word for this type."""
    missing: Date
    """The value of a customer of whom it is not known, and of every unknown caller."""


Declaration = Annotated[
    IntegerDeclaration | BooleanDeclaration | ChoiceDeclaration | TextDeclaration | DateDeclaration,
    Field(discriminator="type"),
]


_IS_BOOLEAN: JsonDict = {"properties": {"type": {"const": "boolean"}, "missing": {"const": False}}}
_KNOWN: JsonDict = {"required": [KNOWN], "allOf": [{"properties": {KNOWN: _IS_BOOLEAN}}]}


class AttributesFile(Strict):
    """attributes.yaml: all that is known of a customer."""

    attributes: Annotated[dict[AttributeName, Declaration], Field(json_schema_extra=_KNOWN)]
    """Attributes by name. "known" is one: every customer has it as true, and nobody else."""


def load_attributes(directory: Path) -> Mapping[str, Attribute]:
    """Read ``attributes.yaml`` of a folder of policies; attributes by name, in the file's order.

    Raises:
        PolicyError: with every mistake in the file.
    """
    attributes, problems = attributes_of(read(directory / FILE))
    if attributes is None or problems:
        raise PolicyError(problems)
    return MappingProxyType(attributes)


def attributes_of(source: Source) -> tuple[Mapping[str, Attribute] | None, list[Problem]]:
    """The attributes that a file declares (None when it cannot be used), and every mistake in it."""
    declared, problems = check(AttributesFile, source)
    if declared is None:
        return None, problems
    attributes = {name: _attribute(name, made) for name, made in declared.attributes.items()}
    known = attributes.get(KNOWN)
    if known is None:
        problems.append(source.problem(("attributes",), f'the attribute "{KNOWN}" must be declared'))
    elif known.domain != Boolean() or known.missing is not False:
        problems.append(
            source.problem(("attributes", KNOWN), "must be of type boolean, and false when missing")
        )
    owners: dict[bytes, str] = {}
    for name, attribute in attributes.items():
        owner = owners.setdefault(attribute.code, name)
        if owner != name:
            message = f'the code "{attribute.code.decode()}" is already that of "{owner}"'
            problems.append(source.problem(("attributes", name, "code"), message))
    return attributes, problems


def _attribute(name: str, declared: Declaration) -> Attribute:
    domain = _domain(declared)
    return Attribute(
        name=name,
        domain=domain,
        missing=declared.missing,
        sensitive=declared.sensitive,
        source=declared.source,
        description=declared.description,
        code=(declared.code or name).encode(),
        decode=decoder(domain),
    )


def _domain(declared: Declaration) -> Domain:
    match declared:
        case IntegerDeclaration():
            return Integer(*declared.range)
        case BooleanDeclaration():
            return Boolean()
        case ChoiceDeclaration():
            return Choice(tuple(declared.values))
        case TextDeclaration():
            return Text(declared.max_length)
        case DateDeclaration():
            return Day()
        case _ as never:
            assert_never(never)
