"""The JSON Schemas of the policy files: another validator takes what the loader takes, and refuses alike."""

import json
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from router.policy.attributes import Attribute, attributes_of
from router.policy.check import check
from router.policy.consistency import inconsistencies
from router.policy.hours import FILE as HOURS_FILE
from router.policy.json_schema import Kind, declared_names, json_schema
from router.policy.load import QUEUES_FILE, load
from router.policy.names import Names
from router.policy.source import parse, read
from tests.policy.conftest import GOOD
from tests.policy.suite import test_mistakes as suites
from tests.policy.suite.folder import SAMPLE
from tests.policy.suite.folder import policies as played
from tests.policy.test_compile import hotlines
from tests.policy.test_mistakes import CASES, MODEL, ODD, PLAIN, RICH, places, sections, with_odd

SHIPPED = Path(__file__).parents[2] / "policies"
KINDS = {"attributes.yaml": Kind.ATTRIBUTES, QUEUES_FILE: Kind.QUEUES, HOURS_FILE: Kind.HOURS}

BEYOND = {
    "a-text-that-no-customer-can-have",
    "a-code-that-is-there-twice",
    "a-file-of-another-ending",
    "a-hotline-that-is-there-twice",
    "a-last-route-with-a-condition",
    "a-menu-key-to-an-unknown-menu",
    "a-menu-key-to-an-unknown-queue",
    "a-missing-value-out-of-range",
    "a-missing-value-that-is-not-among-the-values",
    "a-number-dialled-that-is-there-twice",
    "a-number-that-two-hotlines-claim",
    "a-promise-about-a-segment-that-is-unknown",
    "a-route-after-one-that-takes-every-call",
    "a-segment-of-too-many-questions",
    "a-segment-that-is-unknown",
    "a-segment-that-leads-to-itself",
    "open-that-is-unknown",
    "open-without-hours-declared",
    "segments-too-deep",
    "segments-that-lead-to-themselves-behind-a-promise",
    "two-promises-of-one-name",
    "two-routes-of-one-name",
    "a-penalty-the-wrong-way-round",
    "a-range-from-high-to-low",
    "a-range-the-wrong-way-round",
    "an-overflow-with-a-penalty-the-wrong-way-round",
    "a-date-that-is-none",
    "a-duration-that-is-too-long",
    "a-share-with-three-digits-behind-the-point",
    "contacts-in-a-window-that-is-too-long",
    "hours-beyond-the-day",
    "hours-from-a-later-day",
    "hours-of-a-day-closed-and-worked",
    "hours-of-a-day-twice",
    "hours-of-a-year-that-nobody-lists",
    "hours-of-an-unknown-zone",
    "hours-of-days-from-last-to-first",
    "hours-of-no-length",
    "hours-that-overlap",
}
"""What no schema says: what else is in the file or in another; an order; arithmetic; the calendar."""
BEYOND_SUITES = {
    "a-caller-in-a-matrix-that-is-misspelt",
    "a-caller-that-is-misspelt",
    "a-load-that-is-unknown",
    "a-share-that-is-unknown",
    "a-time-that-is-misspelt",
    "contacts-that-are-unknown",
    "a-case-without-an-expectation",
    "a-name-in-the-matrix-and-beside-it",
    "a-name-that-is-in-a-matrix-twice",
    "an-expectation-behind-others",
    "an-expectation-for-a-caller-who-is-not-in-the-matrix",
    "an-expectation-for-several-names-of-which-one-is-wrong",
    "an-expectation-that-does-not-fit-its-only-case",
    "an-expectation-whose-case-another-takes",
    "an-unknown-caller-with-an-age",
    "no-number-dialled",
    "no-time",
    "too-many-cases",
    "two-tests-of-one-name",
    "a-number-that-no-hotline-has",
    "a-rule-of-another-hotline",
    "a-rule-that-is-misspelt",
    "a-segment-of-another-hotline",
    "a-share-that-the-policies-do-not-have",
    "a-caller-called-unknown",
    "contacts-called-none",
    "a-contact-that-nobody-keeps",
    "a-date-that-is-none",
    "a-time-long-ago",
    "a-time-that-is-none",
    "a-time-without-an-offset",
}
"""The same of suites: the suite's own names, those of its policies, words and times that are no pattern."""


def validator(kind: Kind, attributes: Mapping[str, Attribute], names: Names) -> Draft202012Validator:
    document = json_schema(kind, attributes, names)
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


@cache
def of_good(kind: Kind) -> Draft202012Validator:
    """The schema of tests/policy/good."""
    return validator(kind, load(GOOD).book.attributes, declared_names(GOOD))


def of_folder(kind: Kind, folder: Path) -> Draft202012Validator:
    attributes, _ = attributes_of(read(folder / "attributes.yaml"))
    return validator(kind, attributes or load(GOOD).book.attributes, declared_names(folder))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_mistake_in_the_structure_is_refused_by_the_schema_too(case: Path, tmp_path: Path) -> None:
    """Exactly those that no schema can find are taken; what is no YAML is the reader's to find."""
    files = sections(case)
    del files["expected"]
    folder = Path(shutil.copytree(GOOD, tmp_path / "policies"))
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    sources = [parse(text.encode(), name) for name, text in files.items()]
    if any(source.problems for source in sources):
        assert case.stem not in BEYOND
        return
    taken = [
        of_folder(KINDS.get(source.file, Kind.HOTLINE), folder).is_valid(source.value) for source in sources
    ]
    assert all(taken) is (case.stem in BEYOND)


@pytest.mark.parametrize("case", suites.CASES, ids=lambda case: case.stem)
def test_a_mistake_in_the_structure_of_a_suite_is_refused_too(case: Path) -> None:
    text, _ = suites.sections(case)
    source = parse(text.encode(), "bad_test.yaml")
    if not source.problems:
        assert of_good(Kind.SUITE).is_valid(source.value) is (case.stem in BEYOND_SUITES)


def test_no_exception_is_for_a_case_that_is_gone() -> None:
    assert {case.stem for case in CASES} >= BEYOND
    assert {case.stem for case in suites.CASES} >= BEYOND_SUITES


@settings(max_examples=60, deadline=None)
@given(hotlines())
def test_a_random_hotline_that_the_loader_takes_is_taken_by_the_schema(hotline: dict[str, Any]) -> None:
    """These are the hotlines that tests/policy/test_compile.py loads and asks for decisions."""
    of_good(Kind.HOTLINE).validate(hotline)


def test_a_hotline_with_every_word_is_taken() -> None:
    of_good(Kind.HOTLINE).validate(parse(RICH.encode(), "10010.yaml").value)


@pytest.mark.parametrize("steps", list(places(PLAIN)), ids=lambda steps: ".".join(map(str, steps)))
def test_a_schema_never_refuses_what_the_loader_takes(steps: tuple[str | int, ...]) -> None:
    """Whatever odd value stands at whatever place."""
    for odd in ODD:
        value = with_odd(steps, odd)
        source = parse(json.dumps(value).encode(), "10010.yaml")
        hotline, _ = check(MODEL, source, declared_names(GOOD))
        assert hotline is None or [*inconsistencies(source)] or of_good(Kind.HOTLINE).is_valid(value), odd


@pytest.mark.parametrize("path", sorted(GOOD.glob("*.yaml")), ids=lambda path: path.name)
def test_good_files_are_taken(path: Path) -> None:
    of_good(KINDS.get(path.name, Kind.HOTLINE)).validate(read(path).value)


def test_a_good_suite_is_taken() -> None:
    book = played().book
    names = Names(queues=frozenset(book.queues), menus=frozenset(book.menus))
    validator(Kind.SUITE, book.attributes, names).validate(read(SAMPLE).value)


# --- what is shipped ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
def test_the_shipped_schemas_are_those_of_the_shipped_policies(kind: Kind) -> None:
    """After a change: ivr schema --write policies/schema."""
    made = json_schema(kind, load(SHIPPED).book.attributes, declared_names(SHIPPED))
    assert json.loads((SHIPPED / f"schema/{kind}.json").read_text(encoding="utf-8")) == made


@pytest.mark.parametrize(
    "path",
    sorted([*SHIPPED.glob("*.yaml"), *SHIPPED.glob("tests/*.yaml")]),
    ids=lambda path: str(path.relative_to(SHIPPED)),
)
def test_each_shipped_file_names_the_schema_that_it_keeps(path: Path) -> None:
    """In its first line, where editors look for it."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    kind = Kind.SUITE if path.parent.name == "tests" else KINDS.get(path.name, Kind.HOTLINE)
    where = "../schema" if path.parent.name == "tests" else "schema"
    assert first == f"# yaml-language-server: $schema={where}/{kind}.json"
    document = json.loads((path.parent / where / f"{kind}.json").read_text(encoding="utf-8"))
    Draft202012Validator(document).validate(read(path).value)


# --- what the schemas say ----------------------------------------------------------------------


def every_part(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [part for one in value for part in every_part(one)]
    if isinstance(value, dict):
        return [value, *(part for one in value.values() for part in every_part(one))]
    return []


@pytest.mark.parametrize("kind", list(Kind))
def test_no_schema_has_a_null_or_a_mark_of_ours(kind: Kind) -> None:
    text = json.dumps(of_good(kind).schema)
    assert "null" not in text
    assert "x-" not in text


@pytest.mark.parametrize("kind", list(Kind))
def test_every_mapping_and_every_key_says_what_it_is(kind: Kind) -> None:
    for part in every_part(of_good(kind).schema):
        if part.get("additionalProperties") is False:
            assert part["title"]
            assert part["description"]
            assert all(value["description"] for value in part["properties"].values())


def test_names_are_those_that_the_folder_declares() -> None:
    document = of_good(Kind.HOTLINE).schema
    assert document["$defs"]["To"]["properties"]["queue"]["enum"] == ["elder-care", "general", "vip"]
    free = json_schema(Kind.HOTLINE, load(GOOD).book.attributes, Names())
    assert "enum" not in free["$defs"]["To"]["properties"]["queue"]
    assert declared_names(GOOD) == Names(
        queues=frozenset({"elder-care", "general", "vip"}),
        menus=frozenset({"main"}),
        prompts=frozenset({"closed"}),
    )
