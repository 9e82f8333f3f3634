"""The reference of the policy files: a page that is made from their models, every key of every mapping.

It says what the JSON Schema says, in words; the guide to the same things is docs/policies.md.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from router.policy.attributes import attributes_of
from router.policy.clauses import MAX_COUNTED
from router.policy.consistency import MAX_HEIGHT, MAX_QUESTIONS
from router.policy.examples import ATTRIBUTES, EXAMPLES
from router.policy.json_schema import Kind, json_schema
from router.policy.names import MAX_NAME, MAX_WINDOW, Names
from router.policy.schema import MAX_SEGMENTS
from router.policy.source import MAX_BYTES, MAX_DEPTH, parse

PAGE = "policy.md"

_HEAD = f"""\
# The policy files

Every key of every policy file. This page is made from the models that check the files, by
`ivr schema --reference docs/reference`: do not change it by hand. [The guide](../policies.md) says how to
write policies, [ivr lint](lint.md) checks them.

A folder of policies has `attributes.yaml`, `queues.yaml`, `hours.yaml` if any hours are used, and one file
a hotline. Its folder `tests` has suites, `*_test.yaml`. The files are YAML 1.2 in UTF-8. A key that is not
on this page is a mistake, and so is a key without a value. "Required" is what must be there; what has no
default may be left out.

| on this page | means |
|---|---|
| duration | a whole number and s, m, h or d: `45s`, `15m`, `72h`, `7d`; at most {MAX_WINDOW // 86_400}d |
| name | at most {MAX_NAME} letters, digits and `_.:@/+-`; of an attribute 32 of a to z, 0 to 9, `_` |
| word | at most 32 letters, digits and `_.+-` |
| queue, menu, prompt, segment, hours | the name of one that is declared |
| date | `2024-01-31` |
| span, days | `"09:00-18:00"`, or `"22:00-02:00"` to the next day; `mon`, or `mon-fri` |
| time | `"2026-03-02T10:00:00+08:00"`, with its offset from UTC |
| text | text of one line; in quotes if it looks like a number, or has `: ` or ` #` in it |

| limit | |
|---|--:|
| size of a file | {MAX_BYTES // 1024} KiB |
| depth of nesting | {MAX_DEPTH} |
| segments of a hotline | {MAX_SEGMENTS} |
| segments built of segments | {MAX_HEIGHT} deep |
| questions of a segment, its segments opened | {MAX_QUESTIONS} |
| contacts that a condition can ask for | {MAX_COUNTED} |
"""

_FILES: Mapping[Kind, tuple[str, str]] = {
    Kind.ATTRIBUTES: ("AttributesFile", "attributes.yaml"),
    Kind.QUEUES: ("QueuesFile", "queues.yaml"),
    Kind.HOURS: ("HoursFile", "hours.yaml"),
    Kind.HOTLINE: ("HotlineFile", "A hotline file"),
    Kind.SUITE: ("SuiteFile", "A suite of tests"),
}
"""The model and the title of each kind of file."""
_TESTS = {
    "age_test": "Tests of a whole number",
    "key_customer_test": "Tests of true or false",
    "occupation_test": "Tests of a choice",
    "city_test": "Tests of a text",
    "joined_test": "Tests of a date",
}
"""The models of tests of an attribute, one a type of attribute."""
_BY_ATTRIBUTE = {
    "Condition": "A value alone, short for `is`, or a mapping of tests, as below; all must hold.",
    "CallerEntry": "The value of the attribute; without it, that of a customer of whom it is not known.",
}
"""What the key of an attribute has in the models that have one for each."""


def page() -> str:
    """The whole reference, in Markdown."""
    attributes, _ = attributes_of(parse(ATTRIBUTES.encode(), "examples"))
    parts, told = [_HEAD], {"known_test"}
    for kind in Kind:
        made = json_schema(kind, attributes or {}, Names())
        models = made["$defs"]
        name, title = _FILES[kind]
        parts += _section(f"## {title}", name, made, models)
        for below in _named_in(made["properties"], models):
            if below not in told and "properties" in models[below]:
                told.add(below)
                parts += _section(f"### {_title(below, models)}", below, models[below], models)
    return "\n".join(parts)


def _named_in(part: Any, models: Mapping[str, Any], found: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The models below a part of a schema, in the order in which a reader meets them."""
    if isinstance(part, list):
        for one in part:
            found = _named_in(one, models, found)
    elif isinstance(part, dict):
        name = str(part.get("$ref", "")).rpartition("/")[2]
        if name and name not in found:
            found = _named_in(models[name].get("properties", {}), models, (*found, name))
        found = _named_in(list(part.values()), models, found)
    return found


def _title(name: str, models: Mapping[str, Any]) -> str:
    return _TESTS.get(name) or str(models[name]["title"])


def _section(heading: str, name: str, model: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[str]:
    """A mapping: what it is, its keys, examples that have them all."""
    of = f" These are of `{name.removesuffix('_test')}`, as declared above." if name in _TESTS else ""
    yield f"{heading}\n\n{_prose(model['description'])}{of}\n"
    yield "| key | value | default | |\n|---|---|---|---|"
    attributes = [key.removesuffix("_test") for key in models if key.endswith("_test")]
    if name == "CallerEntry":
        attributes = list(model["properties"])
    for key, value in model["properties"].items():
        if name in _BY_ATTRIBUTE and key in attributes:
            continue
        default = "required" if key in model.get("required", ()) else _default(value)
        yield f"| `{key}` | {_type(value, models)} | {default} | {_prose(value['description'])} |"
    if name in _BY_ATTRIBUTE:
        yield f"| *attribute* | by its type | | {_BY_ATTRIBUTE[name]} |"
    examples = "\n# or\n".join(EXAMPLES[name])
    yield f"\n```yaml\n{examples}```\n"


def _prose(text: str) -> str:
    """A description in Markdown, on one line of a table."""
    return re.sub(r"\s+", " ", text.replace("``", "`")).replace("|", "\\|")


def _default(value: Mapping[str, Any]) -> str:
    return f"`{json.dumps(value['default']).strip(chr(34))}`" if "default" in value else ""


def _type(value: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    """What may stand for a value, in a few words."""
    match value:
        case {"$ref": str(reference)}:
            return _reference(reference.rpartition("/")[2], models)
        case {"anyOf": [*choices]} | {"oneOf": [*choices]}:
            return " or ".join(_type(choice, models) for choice in choices)
        case {"type": "array", "items": items}:
            return f"list of {_type(items, models)}{_bounds(value, 'Items')}"
        case {"type": "object", "additionalProperties": values}:
            key = value.get("propertyNames", {}).get("title", "name")
            return f"mapping of {key} to {_type(values, models)}"
    return _scalar(value)


def _scalar(value: Mapping[str, Any]) -> str:
    match value:
        case {"const": word}:
            return f"`{json.dumps(word).strip(chr(34))}`"
        case {"enum": [*words]}:
            return ", ".join(f"`{word}`" for word in words)
        case {"title": str(title)} if title:
            return title
        case {"type": "boolean"}:
            return "true or false"
        case {"type": kind, "minimum": least, "maximum": most}:
            return f"{'whole number' if kind == 'integer' else 'number'}, {least:,} to {most:,}"
    return f"text{_bounds(value, 'Length')}"


def _reference(name: str, models: Mapping[str, Any]) -> str:
    if "properties" not in models[name]:
        return _type(models[name] | {"title": ""}, models)
    title = _title(name, models)
    return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"


def _bounds(value: Mapping[str, Any], of: str) -> str:
    least, most = value.get(f"min{of}", 0), value.get(f"max{of}")
    unit = " characters" if of == "Length" else ""
    if most is None:
        return (", not empty" if unit else f", at least {least}") if least else ""
    if least == most:
        return f", {most} of them"
    return f", {least} to {most}{unit}" if least else f", at most {most}{unit}"
