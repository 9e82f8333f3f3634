"""Small random policies, and every caller in every state of them by brute force.

The oracle knows nothing of classes: it takes each value of each small domain, every bag of a few contacts,
each load that could matter, and asks `decide`.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hypothesis import strategies as st

from router.decision import Announce, ToMenu, ToQueue
from router.facts import CALM, Facts, QueueLoad, Value
from router.policy.attributes import Attribute
from router.policy.conditions import drawn
from router.policy.domains import Boolean, Choice, Domain, Integer, Text, decoder
from router.policy.hours import Calendar, Hours, Span
from router.policy.nodes import (
    FIGURES,
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Between,
    Contacts,
    InSegment,
    Is,
    Load,
    Measure,
    Node,
    Not,
    OneOf,
    Open,
    Prefix,
    Share,
)
from router.policy.rulebook import (
    GoesTo,
    Hotline,
    Menu,
    PersonWithin,
    Promise,
    Queue,
    Route,
    Rulebook,
)
from tests.policy.callers import NOW, contact, facts

DNIS = "10010"


def attribute(name: str, domain: Domain, missing: Value) -> Attribute:
    return Attribute(
        name=name,
        domain=domain,
        missing=missing,
        sensitive=False,
        source="test",
        description="test",
        code=name.encode(),
        decode=decoder(domain),
    )


ATTRIBUTES = {
    "known": attribute("known", Boolean(), False),
    "star": attribute("star", Integer(0, 4), 1),
    "job": attribute("job", Choice(("farmer", "other", "teacher")), "other"),
    "vip": attribute("vip", Boolean(), False),
    "city": attribute("city", Text(2), ""),
}
QUEUES = {
    name: Queue(name=name, human=name != "robot", answer_within=10, description="")
    for name in ("general", "robot", "vip")
}
MENUS = {"main": Menu(name="main", keys={"0": "queue:general"}, description="")}
ACTIONS = (
    ToQueue(queue="general"),
    ToQueue(queue="general", priority=5),
    ToQueue(queue="robot"),
    ToQueue(queue="vip"),
    ToMenu(menu="main"),
    Announce(prompt="closed"),
)
OUTCOMES = (
    PersonWithin(keys=0),
    PersonWithin(keys=1),
    GoesTo(destinations=frozenset({"queue:general", "queue:vip"})),
)
TEXTS = ("", *"abc", *map("".join, itertools.product("abc", repeat=2)))
WINDOWS = (60, 3_600)
COUNTED = 2


CALENDAR = Calendar(
    zone="Asia/Shanghai",
    holidays=frozenset({date(2024, 11, 29)}),
    worked=frozenset({date(2024, 12, 1)}),
    announced_until=None,
)


def week(name: str, days: tuple[Span, ...], saturday: tuple[Span, ...], worked: tuple[Span, ...]) -> Hours:
    return Hours(
        name=name,
        calendar=CALENDAR,
        days=(days, days, days, days, days, saturday, ()),
        on_holidays=(),
        on_worked=worked,
    )


HOURS = {
    "office": week("office", ((540, 1_080),), (), ((540, 1_080),)),
    # within the office's hours, but for the Saturday
    "desk": week("desk", ((600, 720), (840, 960)), ((600, 720),), ()),
    "late": week("late", ((1_320, 1_500),), ((1_320, 1_500),), ((0, 60),)),
}
MOMENTS = tuple(range(NOW - NOW % 3_600, NOW + 9 * 86_400, 3_600))
"""Each hour of more than a week, with the days that are not like others; the hours are of whole hours."""


def book(
    hotline: Hotline,
    attributes: Mapping[str, Attribute] = ATTRIBUTES,
    hours: Mapping[str, Hours] = HOURS,
) -> Rulebook:
    return Rulebook(
        version="test@0", attributes=attributes, queues=QUEUES, menus=MENUS, hours=hours, hotlines=(hotline,)
    )


def hotline(
    *routes: tuple[Node | None, Any],
    segments: Mapping[str, Node] | None = None,
    promises: tuple[Promise, ...] = (),
) -> Hotline:
    return Hotline(
        name="x",
        file="x.yaml",
        numbers=(DNIS,),
        report=None,
        segments=segments or {},
        routes=tuple(
            Route(name=f"r{place}", when=when, action=action, reason=None)
            for place, (when, action) in enumerate(routes)
        ),
        promises=promises,
    )


# --- random ones ---------------------------------------------------------------------------

stars = st.integers(0, 4)
questions: Mapping[str, st.SearchStrategy[Node]] = {
    "known": st.builds(Is, st.just("known"), st.booleans()),
    "star": st.one_of(
        st.builds(Is, st.just("star"), stars),
        st.builds(OneOf, st.just("star"), st.frozensets(stars, min_size=1, max_size=3)),
        st.builds(AtLeast, st.just("star"), stars),
        st.builds(Below, st.just("star"), stars),
        st.tuples(stars, stars).map(lambda pair: Between("star", min(pair), max(pair))),
    ),
    "job": st.one_of(
        st.builds(Is, st.just("job"), st.sampled_from(["farmer", "other", "teacher"])),
        st.builds(
            OneOf,
            st.just("job"),
            st.frozensets(st.sampled_from(["farmer", "other", "teacher"]), min_size=1, max_size=2),
        ),
    ),
    "vip": st.builds(Is, st.just("vip"), st.booleans()),
    "city": st.one_of(
        st.builds(Is, st.just("city"), st.sampled_from(["", "a", "ab", "b"])),
        st.builds(OneOf, st.just("city"), st.frozensets(st.sampled_from(["a", "ab", "bb"]), min_size=1)),
        st.builds(Prefix, st.just("city"), st.sampled_from(["a", "ab", "b", "ba"])),
    ),
    "contacts": st.builds(Contacts, st.sampled_from(WINDOWS), st.booleans(), st.integers(1, COUNTED)),
    "load": st.just(Load("general", Measure.KNOWN, 1))
    | st.builds(Load, st.just("general"), st.sampled_from(FIGURES), st.integers(0, 2)),
    "open": st.builds(Open, st.sampled_from(["office", "desk", "late"])),
    "share": st.builds(
        Share, st.sampled_from(["p", "q"]), st.sampled_from([0, 500, 2_500, 5_000, 9_500, 10_000])
    ),
}


def conditions(asked: tuple[str, ...], segments: tuple[str, ...]) -> st.SearchStrategy[Node]:
    simple: st.SearchStrategy[Node] = st.one_of([questions[name] for name in asked])
    if segments:
        simple |= st.builds(InSegment, st.sampled_from(segments))
    return st.recursive(
        simple,
        lambda inner: st.one_of(
            st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
            st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
            st.builds(Not, inner),
        ),
        max_leaves=4,
    )


@dataclass(frozen=True)
class Drawn:
    """A random hotline and what it may ask."""

    hotline: Hotline
    asked: tuple[str, ...]


@st.composite
def hotlines(draw: st.DrawFn, asked: tuple[str, ...] | None = None) -> Drawn:
    if asked is None:
        names = st.lists(st.sampled_from(sorted(questions)), min_size=1, max_size=3, unique=True)
        asked = tuple(sorted(draw(names.filter(lambda each: "open" not in each or len(each) < 3))))
    segments: dict[str, Node] = {}
    for name in ("s0", "s1")[: draw(st.integers(0, 2))]:
        segments[name] = draw(conditions(asked, tuple(segments)))
    condition = conditions(asked, tuple(segments))
    whens = draw(st.lists(condition, max_size=5))
    routes = [(when, draw(st.sampled_from(ACTIONS))) for when in whens]
    promises = [
        Promise(name=f"p{place}", when=when, always=draw(st.sampled_from(OUTCOMES)))
        for place, when in enumerate(draw(st.lists(condition | st.none(), max_size=3)))
    ]
    made = hotline(
        *routes,
        (None, draw(st.sampled_from(ACTIONS))),
        segments=segments,
        promises=tuple(promises),
    )
    return Drawn(hotline=made, asked=asked)


# --- everybody -----------------------------------------------------------------------------


def everybody(
    asked: tuple[str, ...],
    attributes: Mapping[str, Attribute] = ATTRIBUTES,
) -> Iterator[Facts]:
    """All callers in all states, as far as what is asked can tell."""
    missing = {name: one.missing for name, one in attributes.items()}
    values: dict[str, tuple[Value, ...]] = {
        "star": tuple(range(5)),
        "job": ("farmer", "other", "teacher"),
        "vip": (False, True),
        "city": TEXTS,
    }
    named = [name for name in values if name in asked]
    customers = [
        {**missing, "known": True, **dict(zip(named, combination, strict=True))}
        for combination in itertools.product(*(values[name] for name in named))
    ]
    customers.append(missing)
    for customer, contacts, loads, identity, now in itertools.product(
        customers,
        _contacts() if "contacts" in asked else [()],
        _loads() if "load" in asked else [{}],
        IDENTITIES if "share" in asked else ["anybody"],
        MOMENTS if "open" in asked else [NOW],
    ):
        made = (
            contact(ago + NOW - now, answered=yes, call_id=str(n)) for n, (ago, yes) in enumerate(contacts)
        )
        yield facts(customer, made, loads=loads, identity=identity, now=now)


def _contacts() -> list[tuple[tuple[int, bool], ...]]:
    """Up to two of each kind: in the short window, in the long one, before; answered or not."""
    kinds = [(ago, yes) for ago in (60, 61, 3_600, 3_601) for yes in (False, True)]
    return [
        tuple(
            itertools.chain.from_iterable([kind] * count for kind, count in zip(kinds, counts, strict=True))
        )
        for counts in itertools.product(range(COUNTED + 1), repeat=len(kinds))
        if sum(counts) <= 2 * COUNTED and not counts[4] and not counts[5]
    ]


def _loads() -> list[dict[str, QueueLoad]]:
    """Where nobody waits, the longest wait is 0; where somebody does, it may be."""
    loads: list[dict[str, QueueLoad]] = [{}]
    for waiting, longest, ready in itertools.product(range(4), range(4), (0, 1, 2, CALM.ready)):
        if waiting or not longest:
            loads.append({"general": QueueLoad(waiting=waiting, longest_wait=longest, ready=ready)})
    return loads


def _identities() -> list[str]:
    """One caller for each way to lie between the shares that are drawn."""
    cuts = (500, 2_500, 5_000, 9_500)
    found: dict[tuple[bool, ...], str] = {}
    for number in range(200_000):
        identity = f"someone-{number}"
        key = tuple(drawn(of, identity) < cut for of in "pq" for cut in cuts)
        found.setdefault(key, identity)
        if len(found) == (len(cuts) + 1) ** 2:
            break
    return list(found.values())


IDENTITIES = _identities()
