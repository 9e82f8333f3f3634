"""Who calls when."""

from collections import Counter

import pytest

from loadtest.load.plan import BadPlan, Kind, Run
from loadtest.load.traffic import CONTROL, controls, people, strangers, traffic

WAITS = "a_caller_waits_for_a_person"
GROUPS = {
    "10010": {
        **{f"senior-{place}": ("senior", "queue:elder-care") for place in range(100)},
        **{f"other-{place}": ("none", "menu:main") for place in range(400)},
    }
}


def run(callers, **changed):
    fields = {
        "description": "",
        "seconds": 20,
        "arrivals": {"shape": "poisson", "rate": 10},
        "callers": {name: {"plays": WAITS, **kind} for name, kind in callers.items()},
    }
    return Run.model_validate({**fields, **changed})


MIXED = run(
    {
        "seniors": {"segment": "senior", "weight": 1},
        "again": {"segment": "senior", "weight": 1, "again": 3},
        "menu": {"destination": "menu:main", "weight": 2},
        "nobody": {"who": "strangers", "weight": 1},
    }
)


def test_each_kind_has_its_own_people():
    found = people(MIXED, GROUPS, seed=1)
    assert len(found["again"]) == 3
    assert len(found["seniors"]) == 97
    assert len(found["menu"]) == 400
    assert {number.partition("-")[0] for number in found["menu"]} == {"other"}
    every = [number for numbers in found.values() for number in numbers]
    assert len(every) == len(set(every))


def test_kinds_that_want_the_same_people_share_them_by_weight():
    shared = run({"one": {"segment": "none", "weight": 3}, "two": {"segment": "none", "weight": 1}})
    found = people(shared, GROUPS, seed=1)
    assert (len(found["one"]), len(found["two"])) == (300, 100)
    assert not {*found["one"]} & {*found["two"]}


def test_calls_are_shared_by_weight_and_nobody_calls_twice_but_those_who_do():
    found = people(MIXED, GROUPS, seed=1)
    calls = traffic(MIXED, found, seed=1)
    kinds = Counter(call.kind for call in calls)
    assert kinds["menu"] == pytest.approx(len(calls) * 2 / 5, rel=0.3)
    once = [call.number for call in calls if call.kind != "again"]
    assert len(once) == len(set(once))
    assert {call.number for call in calls if call.kind == "again"} == {*found["again"]}


def test_the_same_seed_makes_the_same_calls_and_another_others():
    found = people(MIXED, GROUPS, seed=1)
    assert traffic(MIXED, found, seed=1) == traffic(MIXED, found, seed=1)
    assert traffic(MIXED, found, seed=1) != traffic(MIXED, found, seed=2)


@pytest.mark.parametrize("kind", [{"segment": "vip"}, {"segment": "senior", "again": 101}])
def test_too_few_callers_are_told(kind):
    few = run({"few": {"weight": 1, **kind}})
    with pytest.raises(BadPlan, match=r"few: \d+ calls, and there are \d+ such callers"):
        traffic(few, people(few, GROUPS, seed=1), seed=1)


def test_strangers_are_no_customers_and_always_the_same():
    known = strangers(50, set(), seed=3)
    assert not {*strangers(100, {*known}, seed=3)} & {*known}
    assert strangers(50, set(), seed=3) == known


def test_control_calls_are_spread_over_the_run():
    calls = controls(run({"one": {"weight": 1}}, controls=2))
    assert len(calls) == 40
    assert {call.kind for call in calls} == {CONTROL}
    assert controls(run({"one": {"weight": 1}}, controls=0)) == []


def test_a_kind_that_fits_everybody_gets_everybody():
    kind = Kind(weight=1, plays=WAITS)
    assert (kind.segment, kind.destination) == (None, None)
    assert len(people(run({"all": {"weight": 1}}), GROUPS, seed=1)["all"]) == 500
