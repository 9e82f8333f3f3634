"""JSON Schema (2020-12) of each kind of policy file: for editors, and for programs that write such files.

It is made from the models that check the files, with the attributes and the names of one folder. What the
models ask by functions of their own is said here as far as JSON Schema can say it; where it cannot (an order,
a sum, another file), the schema takes more than the models do, and never less.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from router.policy import schema
from router.policy.attributes import Attribute, AttributesFile
from router.policy.check import Strict
from router.policy.clauses import AttributeTest, Condition, CountTest, LoadTest, WaitTest
from router.policy.hours import FILE as HOURS_FILE
from router.policy.hours_file import HoursFile
from router.policy.load import QUEUES_FILE
from router.policy.names import AMONG, Names
from router.policy.source import Source, read
from router.policy.suite import schema as suite

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Kind(StrEnum):
    """The kinds of files."""

    ATTRIBUTES = "attributes"
    QUEUES = "queues"
    HOURS = "hours"
    HOTLINE = "hotline"
    SUITE = "suite"


def json_schema(kind: Kind, attributes: Mapping[str, Attribute], names: Names) -> dict[str, Any]:
    """The schema of a kind of file in a folder with these attributes and names.

    Names are those that other files declare; None where any will do.
    """
    made = _model(kind, attributes).model_json_schema(schema_generator=_Schema)
    if kind is Kind.QUEUES:  # it declares them itself
        names = Names()
    title = {"$schema": DIALECT, "$comment": 'Made by "ivr schema"; do not change it by hand.'}
    named: dict[str, Any] = _with_names(made, names)
    return title | named


def _model(kind: Kind, attributes: Mapping[str, Attribute]) -> type[BaseModel]:
    models: Mapping[Kind, type[BaseModel]] = {
        Kind.ATTRIBUTES: AttributesFile,
        Kind.QUEUES: schema.QueuesFile,
        Kind.HOURS: HoursFile,
        Kind.HOTLINE: schema.hotline_model(attributes),
        Kind.SUITE: suite.suite_model(attributes),
    }
    return models[kind]


def declared_names(directory: Path) -> Names:
    """The names that files of a folder declare for others, also when they have mistakes."""
    queues, hours = read(directory / QUEUES_FILE), read(directory / HOURS_FILE)
    return Names(
        queues=_keys(queues, "queues"),
        menus=_keys(queues, "menus"),
        prompts=_keys(queues, "prompts"),
        hours=_keys(hours, "hours"),
    )


def _keys(source: Source, key: str) -> frozenset[str] | None:
    names: Any = source.value.get(key) if isinstance(source.value, dict) else None
    return frozenset(names) if isinstance(names, dict) else None


def _one_of(*keys: str) -> dict[str, Any]:
    return {"oneOf": [{"required": [key]} for key in keys]}


_SOMETHING = {"minProperties": 1}
_DESTINATION: dict[str, Any] = {
    "minProperties": 1,
    "dependentSchemas": {"person_within_keys": {"maxProperties": 1}},
}
_SHAPES: Mapping[type[BaseModel], dict[str, Any]] = {
    Condition: _SOMETHING,
    AttributeTest: _SOMETHING,
    CountTest: _SOMETHING,
    WaitTest: _SOMETHING,
    LoadTest: {"minProperties": 2},
    schema.KeyTo: {"maxProperties": 1},
    schema.To: {
        **_one_of("queue", "menu", "announce", "refuse"),
        "dependentRequired": {key: ["queue"] for key in ("priority", "penalty", "announcement")},
    },
    schema.RouteEntry: {
        "dependentSchemas": {"overflow": {"properties": {"to": {"required": ["queue"]}}}},
        "if": {"properties": {"to": {"required": ["refuse"]}}},
        "then": {"required": ["reason"]},
    },
    schema.GoesToEntry: _DESTINATION,
    suite.DestinationEntry: {**_DESTINATION, "dependentRequired": {"priority": ["queue"]}},
    suite.LoadEntry: _SOMETHING,
    suite.Matrix: _SOMETHING,
    suite.Expectation: {"anyOf": [{"required": ["rule"]}, {"required": ["to"]}]},
}
"""What the functions of models ask, in JSON Schema's words; a model made at run time has that of its base."""


class _Schema(GenerateJsonSchema):
    """As pydantic makes it, without what is no help to whoever writes a file."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """A key without a value is refused, so null is nowhere."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """None stands for a key that is left out: no value to propose."""
        if schema.get("default", ...) is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's
        """A key is its own title."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """With a title for people, the description also of models made at run time, and its shape."""
        made = super().model_schema(schema)
        lines = [cls for cls in schema["cls"].__mro__ if issubclass(cls, Strict) and cls is not Strict]
        made["title"] = _title(schema["cls"].__name__)
        for name, told in _described(lines).items():
            if name in made["properties"]:
                made["properties"][name].setdefault("description", told)
        described = next((cls.__doc__ for cls in lines if cls.__doc__), None)
        shape = next((_SHAPES[cls] for cls in lines if cls in _SHAPES), {})
        return made | ({"description": described} if described else {}) | shape

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Keys by ``propertyNames``: ``patternProperties`` would let all others in."""
        made: dict[str, Any] = {"type": "object"}
        keys, values = schema.get("keys_schema"), schema.get("values_schema")
        if keys is not None and (names := self.generate_inner(keys)) != {"type": "string"}:
            made["propertyNames"] = names
        if values is not None:
            made["additionalProperties"] = self.generate_inner(values)
        self.update_with_validations(made, schema, self.ValidationsMapping.object)
        return made

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Without ``discriminator``, which is OpenAPI's."""
        made = super().tagged_union_schema(schema)
        made.pop("discriminator", None)
        return made


def _described(lines: Sequence[type[BaseModel]]) -> dict[str, str]:
    """What keys are, also those that a model made at run time has anew.

    pydantic's use_attribute_docstrings would read the source for each model when it is imported: a tenth of a
    router's start.
    """
    found = {}
    for cls in reversed(lines):
        docstrings = _docstrings(cls.__module__).get(cls.__name__, {})
        for name, field in cls.model_fields.items():
            if told := field.description or docstrings.get(name):
                found[field.alias or name] = told
    return found


@cache
def _docstrings(module: str) -> Mapping[str, Mapping[str, str]]:
    """The texts below the fields of a module's classes: by class, by field."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        cls.name: {
            field.target.id: inspect.cleandoc(text.value.value)
            for field, text in pairwise(cls.body)
            if isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
            and isinstance(text.value.value, str)
        }
        for cls in tree.body
        if isinstance(cls, ast.ClassDef)
    }


def _title(name: str) -> str:
    """``RouteEntry`` is a route."""
    words = re.sub("(?<=[a-z])(?=[A-Z])|_", " ", name.removesuffix("Entry")).lower()
    return words[:1].upper() + words[1:]


def _with_names(made: Any, names: Names) -> Any:
    """A schema in which each name of something declared is one of the names there are."""
    if isinstance(made, list):
        return [_with_names(part, names) for part in made]
    if not isinstance(made, dict):
        return made
    return dict(_entries(made, names))


def _entries(made: Mapping[str, Any], names: Names) -> Iterator[tuple[str, Any]]:
    for key, value in made.items():
        if key != AMONG:
            yield key, _with_names(value, names)
        elif known := getattr(names, value):  # an empty "enum" is no schema
            yield "enum", sorted(known)
