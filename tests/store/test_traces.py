"""Which events are a caller's."""

import pytest

from router.events import to_json
from router.store.traces import Traces
from tests.fakes import answered, routed

HIS = "k1.aaaaaaaaaaaaaaaa"


@pytest.fixture
def traces():
    return Traces(pseudonyms=(HIS, "k0.bbbbbbbbbbbbbbbb"))


def test_those_that_name_him_and_the_rest_of_their_calls(traces):
    traces.learn(to_json(routed(call_id="1.1", caller=HIS)))
    traces.learn(to_json(routed(call_id="1.2", caller="k0.bbbbbbbbbbbbbbbb")))
    traces.learn(to_json(routed(call_id="1.3", caller="k2.cccccccccccccccc")))
    assert [traces.is_his(to_json(answered(call_id=f"1.{call}", caller=None))) for call in (1, 2, 3)] == [
        *(True, True, False)
    ]
    assert traces.key_ids == {"k0", "k1", "k2"}


def test_also_those_of_another_release(traces):
    """Of a form that nobody here knows."""
    assert traces.is_his(b'{"event":"CallPraised","by":"k1.aaaaaaaaaaaaaaaa"}')
    assert not traces.is_his(b"{}")
    traces.learn(b'{"event":"CallPraised","caller":"k1.aaaaaaaaaaaaaaaa"}')
    assert traces.calls == set()
