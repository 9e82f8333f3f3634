"""The KPIs' formulas, on totals."""

import pytest

from metrics.erlang import erlang_c
from metrics.formulas import Totals, figures, totals
from metrics.kpis import CallKpis, Yardsticks
from router.events import CallCompleted, CallUnanswered, PersonRequested, Unanswered
from tests.fakes import abandoned, answered

YARDSTICKS = Yardsticks(
    within={"elder-care": 15, "general": 20},
    wrap_up={"general": 5},
    short_abandon={},
    requests=frozenset(),
    province="none",
)


def by_name(of):
    return {figure.name: figure.value for figure in figures(of)}


def test_the_four_service_levels_are_their_check_values():
    found = by_name(Totals(answered=1000, abandoned=60, in_time=860, soon=20))
    levels = [value for name, value in found.items() if name.startswith("service level")]
    assert [round(value, 1) for value in levels] == [86.0, 81.1, 83.0, 82.7]


def test_erlang_c_is_its_check_values():
    found = erlang_c(calls=100, seconds=1800, aht=180, agents=14, within=20)
    assert found is not None
    assert (round(found.waits, 6), round(found.service_level, 6)) == (0.174132, 0.888350)
    assert (round(found.asa, 4), round(found.occupancy, 6)) == (7.8359, 0.714286)


def test_too_few_agents_have_a_queue_without_end():
    assert erlang_c(calls=100, seconds=1800, aht=180, agents=10, within=20) is None


def test_thousands_of_agents_are_no_overflow():
    found = erlang_c(calls=60_000, seconds=1800, aht=180, agents=6_100, within=20)
    assert found is not None
    assert 0 < found.waits < 1
    assert 0.9 < found.service_level < 1


def test_where_nothing_happened_there_is_no_figure():
    assert set(by_name(Totals()).values()) == {None}


@pytest.fixture
def kpis():
    kpis = CallKpis(YARDSTICKS)
    who = {"call_id": "1.1", "at": 1.0, "hotline": "10010"}
    for queue in ("elder-care", "elder-care", "general", "general"):
        kpis.observe(PersonRequested(**who, segment="none", province="none", queue=queue, by="direct"))
    kpis.observe(
        answered(queue="general", asked="elder-care", segment="none", wait=4, waited=14, repeat=True)
    )
    kpis.observe(abandoned(queue="general", asked="general", segment="none", wait=21, waited=21))
    kpis.observe(
        CallUnanswered(
            **who,
            caller=None,
            segment="none",
            province="none",
            asked="general",
            queue="general",
            wait=900,
            waited=900,
            why=Unanswered.TIMED_OUT,
        )
    )
    for by, talk in (("caller", 25), ("transfer", 45)):
        kpis.observe(
            CallCompleted(**who, caller=None, queue="general", agent="g-1", wait=4, talk=talk, by=by, to="")
        )
    return kpis


def test_totals_of_a_hotline(kpis):
    [(key, of)] = totals(kpis, ("hotline",)).items()
    found = by_name(of)
    assert key == ("10010",)
    assert (of.requests, of.demand, of.answered, of.abandoned, of.timed_out) == (3, 4, 1, 1, 1)
    assert found["connection rate"] == pytest.approx(100 / 3)
    assert found["15 s connection rate"] == 25
    assert found["ASA"] == 14
    assert found["AHT"] == 40
    assert found["transfer rate"] == 50
    assert (found["repeat rate"], found["first-contact resolution"]) == (100, 0)


def test_totals_of_queues_are_by_what_was_asked_for_and_talks_by_where(kpis):
    found = totals(kpis, ("hotline", "queue"))
    elder, general = found["10010", "elder-care"], found["10010", "general"]
    assert (elder.answered, elder.in_time, elder.talks) == (1, 1, 0)
    assert (general.answered, general.abandoned, general.timed_out, general.talks) == (0, 1, 1, 2)
    assert general.soon == 0


def test_talks_are_of_no_province(kpis):
    [of] = totals(kpis, ("hotline", "province")).values()
    assert (of.talks, of.answered) == (0, 1)
