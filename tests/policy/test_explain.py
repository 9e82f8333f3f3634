"""An explanation and the decision never disagree, and each part of it is what the conditions said."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.errors import NoHotline
from router.facts import Contact, Facts, QueueLoad, Value
from router.policy.decide import Policies, decide
from router.policy.explain import (
    ClockTime,
    ContactCount,
    CustomerValue,
    Draw,
    Explanation,
    QueueMeasure,
    Trace,
    explain,
    traces,
)
from router.policy.load import load
from router.policy.nodes import (
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Between,
    Contacts,
    InSegment,
    Is,
    Load,
    Not,
    OneOf,
    Open,
    Prefix,
    Share,
)
from tests.policy.callers import HOUR, NOW, contact, facts
from tests.policy.conftest import GOOD, Write
from tests.policy.test_compile import callers, hotlines

SHIPPED = load(Path("policies"))
NUMBERS = sorted(SHIPPED.trees)
GOOD_10010 = (GOOD / "10010.yaml").read_text(encoding="utf-8")


def agrees(policies: Policies, caller: Facts) -> Explanation:
    """An explanation, after everything in it was held against the decision and against itself."""
    explained = explain(policies, caller)
    decision = decide(policies, caller)
    assert explained.decision is decision
    assert [route.matches for route in explained.routes] == [False] * (len(explained.routes) - 1) + [True]
    assert explained.route.name == decision.rule
    assert [route.route for route in explained.routes] == list(
        explained.hotline.routes[: len(explained.routes)]
    )
    assert [segment.name for segment in explained.segments] == list(explained.hotline.segments)
    belongs = [segment.name for segment in explained.segments if segment.belongs]
    assert decision.segment == [*belongs, "none"][0]
    asked = [segment.trace.asked for segment in explained.segments]
    assert asked == [not any(s.belongs for s in explained.segments[:place]) for place in range(len(asked))]
    for trace in traces(explained):
        assert trace.holds is combined(trace)
        assert_asked(trace)
    return explained


def combined(trace: Trace) -> bool:  # noqa: PLR0911 - an arm a kind of condition
    """What a condition comes to, by its parts or by the value that it says it looked at."""
    match trace.node, trace.seen:
        case AllOf(nodes=nodes), None:
            assert tuple(part.node for part in trace.parts) == nodes
            return all(part.holds for part in trace.parts)
        case AnyOf(nodes=nodes), None:
            assert tuple(part.node for part in trace.parts) == nodes
            return any(part.holds for part in trace.parts)
        case Not(node=node), None:
            [part] = trace.parts
            assert part.node == node
            return not part.holds
        case InSegment(), None:
            [part] = trace.parts
            return part.holds
        case Contacts(at_least=wanted), ContactCount(count=count):
            return count >= wanted
        case Load(at_least=wanted), QueueMeasure(value=measured):
            return measured >= wanted
        case Share(below=below), Draw(part=drawn):
            return drawn < below
        case Open(), ClockTime(at=at):
            assert at == NOW
            return trace.holds
        case node, CustomerValue(value=value):
            return questioned(node, value)
        case wrong:
            raise AssertionError(wrong)


def questioned(node: object, value: Any) -> bool:
    match node:
        case Is(value=wanted):
            return bool(value == wanted)
        case OneOf(values=values):
            return value in values
        case AtLeast(value=low):
            return bool(value >= low)
        case Below(value=high):
            return bool(value < high)
        case Between(low=low, high=high):
            return bool(low <= value <= high)
        case Prefix(prefix=prefix):
            return str(value).startswith(prefix)
        case wrong:
            raise AssertionError(wrong)


def assert_asked(trace: Trace) -> None:
    """Parts are asked in order until one settles the answer."""
    asked = trace.asked
    for part in trace.parts:
        assert part.asked is asked
        if isinstance(trace.node, AllOf | AnyOf):
            asked = asked and part.holds is isinstance(trace.node, AllOf)


@settings(max_examples=40, deadline=None)
@given(hotlines(), st.lists(callers, min_size=1, max_size=20))
def test_an_explanation_is_the_decision(hotline: dict[str, Any], offered: list[Facts]) -> None:
    """Of any policy and any caller: the decision, the first route that holds, each part as it combines."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("attributes.yaml", "queues.yaml"):
            Path(folder, name).write_bytes((GOOD / name).read_bytes())
        Path(folder, "x.yaml").write_text(json.dumps(hotline), encoding="utf-8")
        policies = load(Path(folder))
    for caller in offered:
        agrees(policies, caller)


shipped_callers = st.builds(
    lambda known, attributes, contacts, dnis, loads: facts(
        {**SHIPPED.unknown.customer, **({"known": True, **attributes} if known else {})},
        contacts,
        dnis=dnis,
        loads=loads,
    ),
    st.booleans(),
    st.fixed_dictionaries(
        {},
        optional={
            "age": st.integers(60, 70),
            "star": st.integers(3, 6),
            "key_customer": st.booleans(),
            "occupation": st.sampled_from(["truck_driver", "teacher"]),
        },
    ),
    st.lists(st.builds(contact, st.sampled_from([0, HOUR, 72 * HOUR, 72 * HOUR + 1])), max_size=4),
    st.sampled_from(NUMBERS),
    st.dictionaries(
        st.sampled_from(["roaming", "general"]),
        st.builds(
            QueueLoad,
            waiting=st.integers(0, 30),
            longest_wait=st.integers(0, 90),
            ready=st.integers(0, 2),
        ),
    ),
)


@settings(max_examples=200, deadline=None)
@given(shipped_callers)
def test_an_explanation_of_the_shipped_policies_is_the_decision(caller: Facts) -> None:
    agrees(SHIPPED, caller)


def known(**customer: Value) -> Mapping[str, Value]:
    return {**SHIPPED.unknown.customer, "known": True, **customer}


def test_it_says_what_each_leaf_looked_at() -> None:
    contacts: list[Contact] = [contact(HOUR), contact(2 * HOUR, answered=False), contact(80 * HOUR)]
    explained = agrees(SHIPPED, facts(known(age=70, star=3), contacts))
    repeat, vip, senior, _ = explained.segments
    assert repeat.trace.seen == ContactCount(count=1)
    assert [part.seen for part in vip.trace.parts] == [
        CustomerValue(attribute=SHIPPED.book.attributes["star"], value=3),
        CustomerValue(attribute=SHIPPED.book.attributes["key_customer"], value=False),
    ]
    assert (senior.belongs, explained.route.name) == (True, "senior-direct")
    assert isinstance(senior.trace.seen, CustomerValue)
    assert (senior.trace.seen.value, senior.trace.seen.is_missing) == (70, False)


@pytest.mark.parametrize(
    ("loads", "seen"),
    [
        ({}, QueueMeasure(value=0, is_news=False)),
        (
            {"roaming": QueueLoad(waiting=9, longest_wait=46, ready=0)},
            QueueMeasure(value=46, is_news=True),
        ),
    ],
)
def test_a_load_without_news_is_marked(loads: dict[str, QueueLoad], seen: QueueMeasure) -> None:
    explained = agrees(SHIPPED, facts(known(), dnis="18618610010", loads=loads))
    measured = [trace.seen for trace in traces(explained) if isinstance(trace.seen, QueueMeasure)]
    assert measured[0] == seen


def test_what_an_answer_settles_is_not_asked(write: Write) -> None:
    """Behind a part that fails in "all", and behind one that holds in "any"; also in a segment there."""
    when = "{all: [{star: 1}, {any: [{star: 2}, senior]}]}"
    policies = load(write({"10010.yaml": GOOD_10010.replace("when: senior", f"when: {when}")}))
    for star, asked in ((0, "TF FFF"), (1, "TTTTT"), (2, "TFFFF")):
        customer = {**policies.unknown.customer, "star": star}
        trace = agrees(policies, facts(customer)).routes[0].trace
        assert trace is not None
        first, either = trace.parts
        inner = (first, either, *either.parts, either.parts[1].parts[0])
        assert "".join("FT"[part.asked] for part in inner) == asked.replace(" ", "")


def test_a_number_of_no_hotline() -> None:
    with pytest.raises(NoHotline):
        explain(SHIPPED, facts(known(), dnis="1"))
