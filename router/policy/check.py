"""A file against its schema: pydantic finds every mistake, this says it in words and at its place."""

import difflib
import inspect
import re
import types
from bisect import bisect
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal, Self, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from router.errors import Problem
from router.policy.source import Plain, Source, Steps

Model = TypeVar("Model", bound=BaseModel)
Loc = tuple[str | int, ...]
"""Where pydantic found a mistake: steps, and its own marks for members of unions and for keys."""


class Strict(BaseModel):
    """A mapping in a policy file: no key that is not declared, no value turned into another type."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        populate_by_name=False,
        serialize_by_alias=True,
    )


def check(model: type[Model], source: Source, context: object = None) -> tuple[Model | None, list[Problem]]:
    """The file as ``model`` (None when it is not one), and every mistake, those of the YAML first.

    ``context`` is for the validators of the model.
    """
    problems = list(source.problems)
    if () in source.void:
        return None, problems
    try:
        value = model.model_validate(source.value, context=context)
    except ValidationError as error:
        for mistake in error.errors(include_url=False):
            problem = _problem(model, source, mistake)
            if problem is not None:
                problems.append(problem)
        return None, problems
    return (None if problems else value), problems


def _problem(model: type[BaseModel], source: Source, mistake: Any) -> Problem | None:
    loc: Loc = mistake["loc"]
    steps = _steps(source.value, loc)
    if any(steps[:length] in source.void for length in range(len(steps) + 1)):
        return None  # what stands there has been refused already
    match mistake["type"]:
        case "extra_forbidden":
            return source.problem(
                steps, "unknown key" + instead(str(loc[-1]), keys_at(model, loc[:-1])), at_key=True
            )
        case "missing":
            if (*steps, loc[-1]) in source.void:
                return None
            return source.problem(steps, f'the key "{loc[-1]}" is missing')
        case "union_tag_invalid" | "union_tag_not_found":
            return _tag(source, steps, mistake)
    return source.problem(steps, _worded(mistake), at_key=loc[-1:] == ("[key]",))


def _steps(value: Plain, loc: Loc) -> Steps:
    """The steps of ``loc`` that lead through the file; pydantic's own marks are left out."""
    steps: list[str | int] = []
    for step in loc:
        in_list = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if in_list or (isinstance(value, dict) and step in value):
            value = value[step]
            steps.append(step)
    return tuple(steps)


def unknown(kind: str, word: str, known: Iterable[str]) -> str:
    """``no queue "elder-car"; did you mean "elder-care"?``; without a near one, all there are."""
    return f'no {kind} "{_short(word)}"{instead(word, known)}'


def instead(word: str, known: Iterable[str]) -> str:
    """What to write for an unknown word, as the end of a message."""
    among = frozenset(known)
    if near := _nearest(word[:64], among):
        return f'; did you mean "{near}"?'
    names = _orders(among)[0]
    listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"; known: {listed}" if names else "; there is none"


_LOOKED_AT = 40
"""How many names a word is compared with: each takes some 30 µs, and a file can have thousands of words."""


@lru_cache(maxsize=1_024)
def _nearest(word: str, among: frozenset[str]) -> str | None:
    """The name that was meant, if it looks like one of them."""
    if like := [name for name in among if name.casefold() == word.casefold()]:
        return min(like)
    names, by_end = _orders(among)
    if len(names) > _LOOKED_AT:  # those that begin or end alike
        half = _LOOKED_AT // 4
        begin, end = bisect(names, word), bisect(by_end, word[::-1])
        alike = [*names[max(0, begin - half) : begin + half]]
        alike += [name[::-1] for name in by_end[max(0, end - half) : end + half]]
        names = sorted(set(alike))
    return next(iter(difflib.get_close_matches(word, names, n=1)), None)


@lru_cache(maxsize=64)
def _orders(among: frozenset[str]) -> tuple[list[str], list[str]]:
    """Names in their order, and spelt backwards in the order of that."""
    return sorted(among), sorted(name[::-1] for name in among)


def _tag(source: Source, steps: Steps, mistake: Any) -> Problem | None:
    key = mistake["ctx"]["discriminator"].strip("'")
    if (*steps, key) in source.void:
        return None
    if mistake["type"] == "union_tag_not_found":
        return source.problem(steps, f'the key "{key}" is missing')
    expected = re.findall(r"'([^']*)'", mistake["ctx"]["expected_tags"])
    return source.problem((*steps, key), unknown(key, mistake["ctx"]["tag"], expected))


_NEEDED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "has too few entries; at least {min_length}",
    "too_long": "has too many entries; at most {max_length}",
    "string_too_short": "must not be empty",
    "string_unicode": "has half of a character; UTF-8 cannot hold it",
    "string_too_long": "must have at most {max_length} characters",
}


def _worded(mistake: Any) -> str:
    """Pydantic's mistake in our words."""
    kind, value, ctx = mistake["type"], mistake["input"], mistake.get("ctx", {})
    if kind == "value_error":
        return str(ctx["error"])
    if kind == "string_type" and type(value) in {int, float}:
        return f'must be text; write it in quotes: "{value}"'
    if kind in {"literal_error", "enum"}:
        return _choice(value, re.findall(r"'([^']*)'", ctx["expected"]))
    if kind in _NEEDED:
        return f"must be {_NEEDED[kind]}, not {described(value)}"
    bound = "string_too_short" if kind == "too_short" and isinstance(value, str) else kind
    said = _BOUNDS.get(bound, str(mistake["msg"]).replace("{", "{{").replace("}", "}}"))
    return said.format(**{name: _plainly(limit) for name, limit in ctx.items()})


def _plainly(bound: Any) -> Any:
    """A bound as people write it: 100 and not 100.0."""
    return f"{bound:g}" if isinstance(bound, float) else bound


def _choice(value: Plain, expected: list[str]) -> str:
    if isinstance(value, str):
        return unknown("value", value, expected)
    return f"must be one of {', '.join(expected)}, not {described(value)}"


def described(value: Plain) -> str:
    """A value in a few words: ``"abc"``, ``12``, ``a list``."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{_short(value)}"'
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case None:
            return "nothing"
    return str(value)


def _short(text: str) -> str:
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= 40 else text[:39] + "…"


def keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that the mapping at ``loc`` may have."""
    found = _model_at(model, loc, model)
    return [] if found is None else [field.alias or name for name, field in found.model_fields.items()]


def _model_at(annotation: Any, loc: Loc, owner: type[BaseModel]) -> type[BaseModel] | None:
    """The model that a type leads to by the steps of ``loc``; ``owner`` is what Self means."""
    annotation = owner if annotation is Self else annotation
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return _model_below(annotation, loc)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {list, tuple, dict}:
        return _model_at(arguments[-1 if origin is dict else 0], loc[1:], owner) if loc else None
    if origin in {Union, types.UnionType} and loc:
        marked = tuple(member for member in arguments if _is_marked(member, loc[0]))
        arguments, loc = (marked, loc[1:]) if marked else (arguments, loc)
    found = (_model_at(argument, loc, owner) for argument in arguments)
    return next((model for model in found if model is not None), None)


def _model_below(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    if not loc:
        return model
    for name, field in model.model_fields.items():
        if (field.alias or name) == loc[0]:
            return _model_at(field.annotation, loc[1:], model)
    return None


def _is_marked(member: Any, step: str | int) -> bool:
    """Whether pydantic marks this member of a union by ``step``, the value of its key ``type``."""
    if not (inspect.isclass(member) and issubclass(member, BaseModel) and "type" in member.model_fields):
        return False
    annotation = member.model_fields["type"].annotation
    return get_origin(annotation) is Literal and step in get_args(annotation)
