"""Events and their JSON."""

import json

import pytest

from router.events import CallAbandoned, CallAnswered, from_json, to_json
from tests.fakes import routed

EVENTS = [
    routed(),
    routed(caller=None, masked="withheld"),
    CallAnswered(call_id="1.1", at=1.5, caller="k1.a", hotline="10010", queue="expert", agent="x1", wait=7),
    CallAbandoned(call_id="1.1", at=1.5, caller=None, hotline="10010", queue="expert", wait=7),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_json_gives_the_event_back(event):
    assert from_json(to_json(event)) == event


def test_json_says_what_happened_first():
    """A line of the journal is one flat object that a person can read."""
    text = to_json(routed())
    assert text.startswith(b'{"event":"CallRouted","call_id":"1732391200.1",')
    assert json.loads(text)["data"] == "fresh"


@pytest.mark.parametrize(
    "text", [b"{}", b"[]", b'{"event":"CallSung"}', b'{"event":"CallRouted"}', b"nonsense"]
)
def test_other_text_is_refused(text):
    with pytest.raises(ValueError, match=r"not an event|unexpected|invalid|JSON"):
        from_json(text)
