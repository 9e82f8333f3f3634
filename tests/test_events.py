"""Events and their JSON."""

import json

import pytest

from router.events import from_json, to_json
from tests.fakes import abandoned, answered, routed

EVENTS = [
    routed(),
    routed(caller=None, masked="withheld"),
    answered(call_id="1.1", at=1.5, caller="k1.a", hotline="10010", queue="expert", agent="x1", wait=7),
    abandoned(call_id="1.1", at=1.5, caller=None, hotline="10010", queue="expert", wait=7),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_json_gives_the_event_back(event):
    assert from_json(to_json(event)) == event


def test_json_says_what_happened_first():
    """A line of the journal is one flat object that a person can read."""
    text = to_json(routed())
    assert text.startswith(b'{"event":"CallRouted","call_id":"1732391200.1",')
    assert json.loads(text)["data"] == "fresh"


def test_json_has_no_grounds_and_they_are_given_back_from_beside_it():
    """JSON is what the log prints; grounds have ages and occupations in them."""
    event = routed(grounds=b'{"customer":{"age":70}}')
    assert to_json(event) == to_json(routed())
    assert b"grounds" not in to_json(event)
    assert "age" not in repr(event)
    assert from_json(to_json(event)).grounds is None
    assert from_json(to_json(event), b"{}").grounds == b"{}"


def test_what_json_cannot_say_is_not_left_out_in_silence():
    with pytest.raises(TypeError, match="not JSON serializable"):
        to_json(routed(rule={"senior"}))


@pytest.mark.parametrize("change", [{"at": "soon"}, {"data": "rotten"}, {"call_id": 7}, {"seconds": None}])
def test_values_of_another_type_are_refused(change):
    text = json.dumps({**json.loads(to_json(routed())), **change}).encode()
    with pytest.raises(ValueError, match="not an event"):
        from_json(text)


def test_a_field_of_a_later_version_is_passed_over():
    text = json.dumps({**json.loads(to_json(routed())), "mood": "good"}).encode()
    assert from_json(text) == routed()


@pytest.mark.parametrize(
    "text", [b"{}", b"[]", b'{"event":"CallSung"}', b'{"event":"CallRouted"}', b"nonsense", b" " * 20_000]
)
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match=r"not an event|too long|unexpected|invalid|JSON"):
        from_json(text)
