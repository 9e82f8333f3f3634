"""The report: there and back through JSON, its page, two side by side."""

import re
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from loadtest.load import compare
from loadtest.load.page import page
from loadtest.load.report import NoReport, Report, from_json, reported, to_json
from tests.loadtest.load.seen import PLAN, seen

DOCUMENT = (Path(__file__).parents[3] / "docs/load.md").read_text(encoding="utf-8")
VERSIONS, MACHINE = {"ivr": "1", "Asterisk": "22"}, {"cpu": "one", "cores": "2", "load_average": "0.1"}


def made(**changed):
    return reported("made", PLAN, seen(**changed), VERSIONS, MACHINE)


def test_a_report_survives_json():
    report = made()
    assert from_json(to_json(report), "r.json") == report


def test_the_verdict_is_that_of_all_checks_and_troubles():
    assert made().passed
    assert not made(failed=1).passed
    troubled = made(troubles=["3 channels are left on the switch"])
    assert not troubled.passed
    assert troubled.failures == ("3 channels are left on the switch",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{", "r.json is no report of ivr-load/1: the file: invalid json"),
        (b"{}", "r.json is no report of ivr-load/1: format: "),
        (to_json(made()).replace(b"ivr-load/1", b"ivr-load/2"), "format: input should be 'ivr-load/1'"),
    ],
)
def test_what_is_no_report_is_told(text, told):
    with pytest.raises(NoReport) as wrong:
        from_json(text, "r.json")
    assert told in str(wrong.value)


def keys(kind):
    """The names of a dataclass's fields, and of those in them."""
    for name, hint in get_type_hints(kind).items():
        yield name
        for inner in (hint, *get_args(hint)):
            if is_dataclass(inner):
                yield from keys(inner)


@pytest.mark.parametrize("key", sorted({*keys(Report)}))
def test_every_key_of_the_json_is_documented(key):
    assert f"`{key}`" in DOCUMENT


def test_a_page_needs_nothing_but_itself():
    text = page(made())
    assert "All as expected" in text
    assert "<script" not in text
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', text) == []
    assert re.findall(r"url\((?!#)[^)]*\)", text) == []
    assert "@import" not in text


def test_a_page_says_what_went_wrong_and_says_it_as_text():
    text = page(made(failed=1, wrong=["<b>1.1</b> went & came"]))
    assert "Not as expected" in text
    assert "&lt;b&gt;1.1&lt;/b&gt; went &amp; came" in text


def test_no_colour_of_a_plot_is_left_that_the_page_does_not_know():
    text = page(made())
    assert re.findall(r"#0101[0-9a-f]{2}", text) == []
    assert {*re.findall(r"var\(--([a-z0-9-]+)\)", text)} <= {*re.findall(r"--([a-z0-9-]+):", text)}


def test_ids_of_a_page_are_used_once():
    found = re.findall(r' id="([^"]+)"', page(made()))
    assert len(found) == len(set(found))


def test_every_reference_of_a_plot_leads_somewhere():
    text = page(made())
    assert {*re.findall(r'(?:url\(#|href="#)([^")]+)', text)} <= {*re.findall(r' id="([^"]+)"', text)}


def test_the_same_load_compares_and_differences_are_told():
    one, two = made(), made(failed=3)
    assert compare.unlike(one, two) == []
    rows = {row.name: row for row in compare.rows(one, two)}
    assert (rows["failed calls"].before, rows["failed calls"].after) == ("0", "3")
    assert rows["failed calls"].difference == "+3"
    assert rows["decision, ms: p99"].difference == ""


def test_a_faster_decision_is_told_in_its_unit_and_in_percent():
    slow = made()
    fast = made(routed=[replace(decision, took=decision.took / 2) for decision in seen().routed])
    row = next(row for row in compare.rows(slow, fast) if row.name == "decision, ms: p99")
    assert row == compare.Row(
        name="decision, ms: p99", before="2.000", after="1.000", difference="-1.000 (-50%)"
    )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"seed": 8}, ["seed: 7 before, 8 after"]),
        ({"name": "other"}, ["run: made before, other after"]),
        (
            {"plan": {**made().plan, "seconds": 5.0}},
            ["seconds: 4.0 before, 5.0 after"],
        ),
        (
            {"plan": {**made().plan, "arrivals": {"shape": "constant", "rate": 3.0}}},
            ["arrivals.rate: 2.0 before, 3.0 after"],
        ),
        ({"plan": {**made().plan, "description": "other words", "expected": {}}}, []),
    ],
)
def test_another_load_does_not_compare(changed, told):
    assert compare.unlike(made(), replace(made(), **changed)) == told


def test_other_versions_and_machines_are_noted():
    other = replace(made(), versions={**VERSIONS, "ivr": "2"}, machine={**MACHINE, "load_average": "9"})
    assert compare.elsewhere(made(), other) == ["version of ivr: 1 before, 2 after"]


def test_a_report_has_all_fields_of_its_class():
    assert {field.name for field in fields(Report)} <= {*keys(Report)}
