"""Compiled policies decide what the text says: checked against a reader of the text that is not ours.

Random hotlines are written as files, loaded, and asked to decide for random callers. The oracle below
interprets the same values step by step, with nothing settled beforehand.
"""

import json
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from router.decision import ToQueue
from router.facts import Contact, Facts, QueueLoad
from router.policy.decide import decide
from router.policy.load import load
from tests.policy.callers import NOW, contact, facts
from tests.policy.conftest import GOOD, Write

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
SEGMENTS = ("s0", "s1", "s2", "s3")

numbers = st.integers(0, 7)
words = st.sampled_from(["truck_driver", "teacher", "other"])
star_tests = st.one_of(
    numbers,
    st.fixed_dictionaries({"at_least": numbers}),
    st.fixed_dictionaries({"below": numbers}),
    st.fixed_dictionaries({"between": st.lists(numbers, min_size=2, max_size=2).map(sorted)}),
    st.fixed_dictionaries({"at_least": numbers, "below": numbers}),
    st.fixed_dictionaries({"one_of": st.lists(numbers, min_size=1, max_size=3)}),
)
contact_tests = st.fixed_dictionaries(
    {"within": st.sampled_from(["5s", "1m", "3h", "2d"]), "at_least": st.integers(1, 3)},
    optional={"answered": st.just(True)},
)

measured = st.fixed_dictionaries({"at_least": st.integers(0, 3)}) | st.fixed_dictionaries(
    {"at_least": st.integers(0, 3), "below": st.integers(0, 3)}
)
load_tests = st.fixed_dictionaries(
    {"queue": st.sampled_from(["general", "vip"])},
    optional={
        "waiting": measured,
        "ready": measured,
        "longest_wait": st.fixed_dictionaries({"below": st.sampled_from(["1s", "2s"])}),
    },
).filter(lambda test: len(test) > 1)


def conditions(segments: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Conditions that name only these segments."""
    simple = st.fixed_dictionaries(
        {},
        optional={
            "star": star_tests,
            "key_customer": st.booleans(),
            "occupation": words | st.fixed_dictionaries({"one_of": st.lists(words, min_size=1)}),
            "city": st.fixed_dictionaries({"prefix": st.sampled_from(["a", "b", "ab"])}),
            "contacts": contact_tests,
            "load": load_tests,
            "share": st.fixed_dictionaries(
                {"percent": st.sampled_from([0, 12.5, 50, 100]), "of": st.sampled_from(["a", "b"])}
            ),
        },
    ).filter(bool)
    if segments:
        simple |= st.sampled_from(segments) | st.sampled_from(segments).map(lambda name: {"segment": name})
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"not": inner, "key_customer": st.booleans()}),
            st.fixed_dictionaries({"not": inner}),
        ),
        max_leaves=6,
    )


@st.composite
def hotlines(draw: st.DrawFn) -> dict[str, Any]:
    """A hotline file as plain values; segments name only those before them."""
    names = SEGMENTS[: draw(st.integers(0, 4))]
    segments = {name: draw(conditions(names[:place])) for place, name in enumerate(names)}
    order = draw(st.permutations(list(segments)))
    routes = [
        {"name": f"r{place}", "when": when, "to": {"queue": "vip", "priority": place}}
        for place, when in enumerate(draw(st.lists(conditions(names), max_size=5)))
    ]
    return {
        "hotline": "x",
        "numbers": ["10010"],
        "segments": {name: segments[name] for name in order},
        "routes": [*routes, {"name": "rest", "to": {"menu": "main"}}],
    }


callers = st.builds(
    facts,
    st.fixed_dictionaries(
        {
            "star": numbers,
            "key_customer": st.booleans(),
            "occupation": words,
            "city": st.sampled_from(["", "a", "abc", "bc"]),
        }
    ),
    st.lists(
        st.builds(
            contact,
            st.sampled_from([0, 5, 6, 60, 61, 10_800, 10_801]),
            st.sampled_from(["", "one", "two", "now"]),
            answered=st.booleans(),
        ),
        max_size=5,
    ),
    loads=st.dictionaries(
        st.sampled_from(["general", "vip"]),
        st.builds(
            QueueLoad, waiting=st.integers(0, 3), longest_wait=st.integers(0, 3), ready=st.integers(0, 3)
        ),
    ),
    identity=st.sampled_from(["one", "two", "three"]),
)


def asks(test: Any, value: Any) -> bool:
    """The oracle's answer to a test of an attribute."""
    if not isinstance(test, dict):
        return bool(value == test)
    answers = {
        "at_least": lambda bound: value >= bound,
        "below": lambda bound: value < bound,
        "between": lambda pair: pair[0] <= value <= pair[1],
        "one_of": lambda values: value in values,
        "prefix": lambda prefix: value[: len(prefix)] == prefix,
    }
    return all(answers[kind](bound) for kind, bound in test.items())


def counts(test: Mapping[str, Any], contacts: tuple[Contact, ...]) -> bool:
    within = int(test["within"][:-1]) * UNITS[test["within"][-1]]
    counted = [entry for entry in contacts if NOW - entry.at <= within and entry.call_id != "now"]
    if "answered" in test:
        counted = [entry for entry in counted if entry.answered]
    return len({entry.call_id for entry in counted}) >= test["at_least"]


def is_so_busy(test: Mapping[str, Any], loads: Mapping[str, QueueLoad]) -> bool:
    load = loads.get(test["queue"], QueueLoad(waiting=0, longest_wait=0, ready=100_000))
    asked = {
        "waiting": test.get("waiting", {}),
        "ready": test.get("ready", {}),
        "longest_wait": {kind: int(text[:-1]) for kind, text in test.get("longest_wait", {}).items()},
    }
    return all(asks(bounds, getattr(load, measure)) for measure, bounds in asked.items())


def is_drawn(test: Mapping[str, Any], identity: str) -> bool:
    return zlib.crc32(f"{test['of']} {identity}".encode()) % 10_000 < test["percent"] * 100


def holds(condition: Any, caller: Facts, segments: Mapping[str, Any]) -> bool:  # noqa: C901 - an arm a word
    """The oracle's answer to a condition as written."""
    if isinstance(condition, str):
        return holds(segments[condition], caller, segments)
    for key, value in condition.items():
        match key:
            case "all":
                answer = all(holds(part, caller, segments) for part in value)
            case "any":
                answer = any(holds(part, caller, segments) for part in value)
            case "not":
                answer = not holds(value, caller, segments)
            case "segment":
                answer = holds(segments[value], caller, segments)
            case "contacts":
                answer = counts(value, caller.contacts)
            case "load":
                answer = is_so_busy(value, caller.loads)
            case "share":
                answer = is_drawn(value, caller.identity)
            case _:
                answer = asks(value, caller.customer[key])
        if not answer:
            return False
    return True


@settings(max_examples=40, deadline=None)
@given(hotlines(), st.lists(callers, min_size=1, max_size=30))
def test_a_hotline_decides_as_it_is_written(hotline: dict[str, Any], offered: list[Facts]) -> None:
    """The first segment in order and the first route in order, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("attributes.yaml", "queues.yaml"):
            Path(folder, name).write_bytes((GOOD / name).read_bytes())
        Path(folder, "x.yaml").write_text(json.dumps(hotline), encoding="utf-8")
        policies = load(Path(folder))
    segments = hotline["segments"]
    for caller in offered:
        decision = decide(policies, caller)
        belongs = [name for name in segments if holds(name, caller, segments)]
        matching = [
            route["name"]
            for route in hotline["routes"]
            if "when" not in route or holds(route["when"], caller, segments)
        ]
        assert (decision.segment, decision.rule) == ([*belongs, "none"][0], matching[0])
        assert decision in policies.decisions


def test_each_decision_is_made_once_for_its_route_and_segment(write: Write) -> None:
    """Routes that a segment rules out have no decision for it."""
    text = (GOOD / "10010.yaml").read_text(encoding="utf-8")
    policies = load(write({"10010.yaml": text.replace("when: senior", "when: {all: [senior, {star: 7}]}")}))
    assert [(decision.segment, decision.rule) for decision in policies.decisions] == [
        ("senior", "seniors"),
        ("senior", "the-rest"),
        ("vip", "the-rest"),
        ("none", "the-rest"),
    ]


def test_an_overflow_without_a_priority_has_that_of_the_stage_before(write: Write) -> None:
    text = (GOOD / "10010.yaml").read_text(encoding="utf-8")
    stages = "[{after: 30s, to: {queue: general}}, {after: 2m, to: {queue: vip, priority: 50}}, "
    stages += "{after: 1h, to: {queue: general}}]"
    policies = load(write({"10010.yaml": text.replace("[{after: 30s, to: {queue: general}}]", stages)}))
    action = policies.decisions[0].action
    assert isinstance(action, ToQueue)
    assert [(stage.after, stage.queue, stage.priority) for stage in action.overflow] == [
        (30, "general", 20),
        (120, "vip", 50),
        (3_600, "general", 50),
    ]
