"""Plans: the shipped one, and what is said of one with mistakes."""

import pytest

from loadtest.load.plan import BadPlan, Poisson, Staff, parse_plan, read_plan

GOOD = """\
runs:
  one:
    description: a test
    seconds: 10
    arrivals: {shape: constant, rate: 5}
    callers:
      all: {weight: 1, plays: a_caller_waits_for_a_person}
"""


def test_the_shipped_plan_has_the_runs_that_the_documents_name():
    assert [*read_plan().runs] == ["smoke", "steady", "poisson", "ramp", "day", "burst"]


def test_what_is_left_out_has_its_default():
    plan = parse_plan(GOOD, "plan.yaml")
    run = plan.run("one")
    assert (plan.customers, plan.seed, run.controls) == (20_000, 10010, 4)
    assert (run.expected.failed_at_most, run.expected.connection_rate) == (0, None)
    assert run.callers["all"].dialled == "10010"


@pytest.mark.parametrize(
    ("staff", "wanted"),
    [
        ("{}", Staff()),
        ("{every: {times: 2}}", Staff(times=2)),
        ("{every: {times: 2}, vip: {agents: 7}}", Staff(agents=7)),
    ],
)
def test_a_crew_is_staffed_by_its_own_line_else_by_everyones(staff, wanted):
    assert parse_plan(f"{GOOD}    staff: {staff}\n", "plan.yaml").run("one").staff_of("vip") == wanted


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("seconds: 10", "seconds: 0", "p.yaml:4:5 runs.one.seconds: Input should be greater than 0"),
        ("seconds: 10", "second: 10", "p.yaml:4:5 runs.one.second: there is no such key"),
        (
            "rate: 5",
            "rates: 5",
            "p.yaml:5:33 runs.one.arrivals.rates: there is no such key",
        ),
        (
            "shape: constant, rate",
            "shape: constant, rat",
            "p.yaml:5:5 runs.one.arrivals.rate: Field required",
        ),
        ("constant", "flat", "p.yaml:5:5 runs.one.arrivals: Input tag 'flat' found"),
        (
            "a_caller_waits_for_a_person",
            "a_caller_sings",
            'p.yaml:7:7 runs.one.callers.all: plays: there is no scenario "a_caller_sings"',
        ),
        (
            "weight: 1",
            "who: strangers, segment: vip, weight: 1",
            "p.yaml:7:7 runs.one.callers.all: of strangers nothing is known",
        ),
        (
            "{shape: constant, rate: 5}",
            "{shape: day, rate: 5, hours: [1, 2]}",
            "p.yaml:5:37 runs.one.arrivals.hours: Tuple should have at least 24 items",
        ),
        ("runs:", "seed: x\nruns:", "p.yaml:1:1 seed: Input should be a valid integer"),
        ("  one:\n", "  one: [\n", "p.yaml:4:12 expected"),
    ],
)
def test_a_mistake_is_told_with_its_place(old, new, told):
    with pytest.raises(BadPlan) as wrong:
        parse_plan(GOOD.replace(old, new), "p.yaml")
    assert told in str(wrong.value)


def test_every_mistake_is_told_at_once():
    with pytest.raises(BadPlan) as wrong:
        parse_plan(GOOD.replace("seconds: 10", "seconds: 0").replace("weight: 1", "weight: -1"), "p.yaml")
    assert str(wrong.value).count("p.yaml:") == 2


def test_an_empty_file_is_no_plan():
    with pytest.raises(BadPlan, match=r"p\.yaml:1:1 plan: "):
        parse_plan("", "p.yaml")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadPlan, match=r"none\.yaml cannot be read"):
        read_plan(tmp_path / "none.yaml")


def test_a_run_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(BadPlan, match='no run "two"; it has one'):
        parse_plan(GOOD, "p.yaml").run("two")


def test_a_plan_survives_its_own_dump():
    run = read_plan().run("poisson")
    assert run.arrivals == Poisson(shape="poisson", rate=20)
    assert type(run).model_validate(run.model_dump(mode="json", by_alias=True)) == run
