"""What a decision looked at can be kept, read back, and decides the same."""

import json
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.events import CallRouted
from router.facts import CallId, Contact, Data, Facts, QueueLoad
from router.policy.decide import decide
from router.policy.explain import explain
from router.policy.grounds import MAX_BYTES, facts_of, packed, unpacked
from router.policy.load import load
from router.policy.words import worded
from tests.fakes import routed
from tests.policy.callers import HOUR, NOW, contact, facts
from tests.policy.conftest import GOOD, Write
from tests.policy.test_compile import callers, hotlines

SHIPPED = load(Path("policies"))
MISSING = SHIPPED.unknown.customer


def event_of(caller: Facts) -> CallRouted:
    """The event beside the grounds; its time is not a whole second."""
    return routed(call_id=caller.call.call_id, at=caller.now + 0.75, caller=caller.identity, data=caller.data)


def distinct(contacts: Iterable[Contact]) -> tuple[Contact, ...]:
    """Contacts as the store gives them: one a call."""
    return tuple({each.call_id: each for each in contacts}.values())


@settings(max_examples=30, deadline=None)
@given(hotlines(), st.lists(callers, min_size=1, max_size=20))
def test_grounds_decide_and_explain_as_the_facts_did(hotline: dict[str, Any], offered: list[Facts]) -> None:
    """For any policies and any caller: the same decision, and the same explanation to the last word."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("attributes.yaml", "queues.yaml"):
            Path(folder, name).write_bytes((GOOD / name).read_bytes())
        Path(folder, "x.yaml").write_text(json.dumps(hotline), encoding="utf-8")
        policies = load(Path(folder))
    missing = policies.unknown.customer
    for caller in offered:
        needed = {
            need.name: caller.customer.get(need.name, need.missing) for need in policies.needs.attributes
        }
        then = replace(caller, customer=needed, contacts=distinct(caller.contacts))
        again = facts_of(event_of(then), unpacked(packed(then, missing)), policies)
        assert decide(policies, again) is decide(policies, then)
        assert worded(explain(policies, again), "en") == worded(explain(policies, then), "en")


def test_only_what_is_not_missing_is_kept() -> None:
    contacts = [contact(HOUR), contact(-5, answered=False), contact(60, "now")]
    loads = {"roaming": QueueLoad(waiting=1, longest_wait=20, ready=3)}
    caller = facts({**MISSING, "known": True, "age": 70}, contacts, loads=loads)
    assert orjson.loads(packed(caller, MISSING)) == {
        "dnis": "10010",
        "customer": {"known": True, "age": 70},
        "answered": [3600],
        "offered": [-5],
        "loads": {"roaming": [1, 20, 3]},
    }
    assert packed(facts(MISSING), MISSING) == b'{"dnis":"10010"}'


def test_an_attribute_that_only_a_candidate_asks_for_is_kept_too() -> None:
    assert b'"mood":"good"' in packed(facts({"known": True, "mood": "good"}), MISSING)


def test_every_kind_of_value_comes_back(write: Write) -> None:
    """Integers, booleans, choices, text and dates; the time, the caller and the data are the event's."""
    text = (GOOD / "10010.yaml").read_text(encoding="utf-8")
    asked = "{any: [{city: x}, {joined: 2020-01-01}, {occupation: teacher}, {star: 1}, {key_customer: true}]}"
    policies = load(write({"10010.yaml": text.replace("when: senior", f"when: {asked}")}))
    attributes = policies.book.attributes
    cells = {"known": "true", "age": "70", "star": "7", "occupation": "teacher", "key_customer": "true"}
    cells |= {"city": 'a " 济南', "joined": "2019-05-01"}
    caller = facts(
        {name: attributes[name].parse(cell) for name, cell in cells.items()},
        [Contact(at=NOW - 9, call_id=CallId("earlier.0"), answered=True, queue="")],
        identity="k1.aaaaaaaaaaaaaaaa",
    )
    caller = replace(caller, data=Data.WITHHELD)
    assert facts_of(event_of(caller), unpacked(packed(caller, policies.unknown.customer)), policies) == caller


def test_a_caller_without_a_pseudonym_is_drawn_by_the_call() -> None:
    again = facts_of(routed(caller=None), unpacked(b'{"dnis":"10010"}'), SHIPPED)
    assert again.identity == routed().call_id


def test_what_other_policies_do_not_know_counts_as_missing() -> None:
    """An attribute that is gone, a word that is no longer one of its values, a type that has changed."""
    text = (
        b'{"dnis":"10010","customer":{"mood":"good","occupation":"pirate","age":"old","star":9,"known":true}}'
    )
    again = facts_of(routed(), unpacked(text), SHIPPED)
    needed = {need.name: need.missing for need in SHIPPED.needs.attributes}
    assert again.customer == {**needed, "known": True}


def test_a_key_of_a_later_version_is_passed_over() -> None:
    assert unpacked(b'{"dnis":"10010","weather":"fine"}') == unpacked(b'{"dnis":"10010"}')


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"dnis":10010}',
        b'{"dnis":"' + b"1" * 65 + b'"}',
        b'{"dnis":"1","customer":{"age":null}}',
        b'{"dnis":"1","customer":{"age":[70]}}',
        b'{"dnis":"1","customer":{"age":1.5}}',
        b'{"dnis":"1","customer":{"city":"' + b"x" * 257 + b'"}}',
        b'{"dnis":"1","answered":["1"]}',
        b'{"dnis":"1","answered":[1000000000001]}',
        b'{"dnis":"1","offered":[' + b"1," * 1000 + b"1]}",
        b'{"dnis":"1","loads":{"vip":[1,2]}}',
        b'{"dnis":"1","loads":{"vip":[1,2,-3]}}',
        b'{"dnis":"1","loads":{"vip":[1,2,100001]}}',
        b'{"dnis":"\xff"}',
        b'{"dnis":"1"}' + b" " * MAX_BYTES,
    ],
)
def test_other_text_is_refused_without_telling_what_is_in_it(text: bytes) -> None:
    with pytest.raises(ValueError, match="grounds of a decision") as refused:
        unpacked(text)
    assert "70" not in str(refused.value)


def test_a_contact_beyond_all_numbers_costs_the_grounds_only() -> None:
    """Somebody wrote nonsense into the store: the call is decided, and other callers never hear of it."""
    caller = facts(MISSING, [contact(10**30)])
    assert packed(caller, MISSING) == b""


@pytest.mark.parametrize("at", [-1.0, 1e12, 1e300])
def test_a_call_beyond_all_times_is_refused(at: float) -> None:
    with pytest.raises(ValueError, match="no time of a call"):
        facts_of(routed(at=at), unpacked(b'{"dnis":"10010"}'), SHIPPED)
