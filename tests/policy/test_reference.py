"""The reference is what the models say, and its examples are what they take."""

import inspect
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from router.policy.attributes import AttributesFile, attributes_of
from router.policy.examples import ATTRIBUTES, EXAMPLES, NAMES
from router.policy.hours_file import HoursFile
from router.policy.json_schema import Kind, json_schema
from router.policy.reference import PAGE, page
from router.policy.schema import QueuesFile, hotline_model
from router.policy.source import parse
from router.policy.suite.schema import SuiteNames, suite_model

SHOWN = Path(__file__).parents[2] / "docs/reference" / PAGE
DECLARED, _ = attributes_of(parse(ATTRIBUTES.encode(), "examples"))
SCHEMAS = {kind: json_schema(kind, DECLARED, NAMES) for kind in Kind}
ROOTS = (AttributesFile, QueuesFile, HoursFile, hotline_model(DECLARED), suite_model(DECLARED))


def models() -> dict[str, type[BaseModel]]:
    """Every model below the kinds of files, by name."""
    found: dict[str, type[BaseModel]] = {}

    def look(part: Any) -> None:
        if inspect.isclass(part) and issubclass(part, BaseModel) and part.__name__ not in found:
            found[part.__name__] = part
            for field in part.model_fields.values():
                look(field.annotation)
        for argument in get_args(part):
            look(argument)

    for root in ROOTS:
        look(root)
    return found


def mappings() -> dict[str, dict[str, Any]]:
    """Every mapping of the schemas, as a schema of its own, by its model's name."""
    found: dict[str, dict[str, Any]] = {}
    for document in SCHEMAS.values():
        below = {name: part for name, part in document["$defs"].items() if "properties" in part}
        found |= {name: {"$defs": document["$defs"], **part} for name, part in below.items()}
    found |= {root.__name__: SCHEMAS[kind] for root, kind in zip(ROOTS, Kind, strict=True)}
    return found


MAPPINGS = mappings()
EACH = [(name, text) for name, texts in EXAMPLES.items() for text in texts]


def test_the_reference_is_the_one_that_is_made() -> None:
    """After a change: ivr schema --reference docs/reference."""
    assert SHOWN.read_text(encoding="utf-8") == page()


def test_every_mapping_has_an_example_and_every_example_a_mapping() -> None:
    assert set(EXAMPLES) == set(MAPPINGS)


@pytest.mark.parametrize("name", sorted(MAPPINGS))
def test_every_key_is_in_an_example(name: str) -> None:
    """But for the keys of attributes, of which there are as many as are declared."""
    keys = set(MAPPINGS[name]["properties"]) - (
        set(DECLARED) if name in {"Condition", "CallerEntry"} else set()
    )
    shown = {key for text in EXAMPLES[name] for key in parse(text.encode(), name).value}
    assert keys <= shown


@pytest.mark.parametrize(("name", "text"), EACH, ids=lambda value: value.split("\n")[0][:40])
def test_an_example_is_taken_by_the_model_and_by_the_schema(name: str, text: str) -> None:
    source = parse(text.encode(), name)
    assert source.problems == ()
    Draft202012Validator(MAPPINGS[name]).validate(source.value)
    own = SuiteNames(queues=NAMES.queues, menus=NAMES.menus, prompts=NAMES.prompts)
    models()[name].model_validate(source.value, context=own if name.startswith("Suite") else NAMES)


@pytest.mark.parametrize("name", sorted(MAPPINGS))
def test_every_key_stands_on_the_page(name: str) -> None:
    text = SHOWN.read_text(encoding="utf-8")
    if name == "known_test":  # the same as any other attribute of its type
        return
    for key in MAPPINGS[name]["properties"]:
        if name not in {"Condition", "CallerEntry"} or key not in DECLARED:
            assert f"| `{key}` |" in text


def test_each_heading_is_one_alone_and_links_lead_to_one() -> None:
    text = SHOWN.read_text(encoding="utf-8")
    titles = [title.lower().replace(" ", "-") for title in re.findall(r"^##+ (.+)$", text, re.MULTILINE)]
    assert len(titles) == len(set(titles))
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(titles)
