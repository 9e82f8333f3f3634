"""A candidate beside the live policies."""

import shutil
from pathlib import Path

import pytest

from router.facts import Call, Contact, Data, Facts
from router.policy.decide import decide
from router.policy.load import load
from router.policy.shadow import Shadow, Tally

POLICIES = Path("policies")


@pytest.fixture
def live():
    return load(POLICIES)


@pytest.fixture
def folder(tmp_path):
    """A candidate's, to be changed."""
    return Path(shutil.copytree(POLICIES, tmp_path / "candidate"))


def change(folder, file, old, new):
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))


class Beside:
    """A candidate beside the live version, and calls that are decided by both."""

    def __init__(self, live, folder):
        self.live = live
        self.tally = Tally()
        self.soon = []
        self.shadow = Shadow(load(folder), live.needs, soon=self.soon.append, tally=self.tally)

    def facts(self, *, dnis="10010", data=Data.FRESH, **customer):
        needs = self.shadow.needs.attributes
        missing = {need.name: need.missing for need in needs}
        known = {} if data is not Data.FRESH else {"known": True, **customer}
        return Facts(
            call=Call(call_id="1.1", ani=None, dnis=dnis),
            customer={**missing, **known} if data is Data.FRESH else self.live.unknown.customer,
            contacts=(Contact(at=1, call_id="0.1", answered=True, queue="vip"),),
            loads={},
            identity="x",
            now=1_732_391_200,
            data=data,
        )

    def call(self, **wish):
        """What both decide: the rules."""
        facts = self.facts(**wish)
        self.shadow.compare(decide(self.live, facts), facts)
        while self.soon:
            self.soon.pop()()
        return {(live.rule, other and other.rule): calls for (live, other), calls in self.tally.pairs.items()}


def test_decides_later_all_that_have_come(live, folder):
    """Nothing happens before the answers are written; then once for all."""
    beside = Beside(live, folder)
    facts = beside.facts(age=70)
    for _ in range(3):
        beside.shadow.compare(decide(live, facts), facts)
    assert (len(beside.soon), beside.tally.pairs) == (1, {})
    beside.soon[0]()
    [((decided, other), calls)] = beside.tally.pairs.items()
    assert (decided.action, calls) == (other.action, 3)


def test_says_what_would_differ(live, folder):
    change(folder, "10010.yaml", "age: {at_least: 65}", "age: {at_least: 60}")
    beside = Beside(live, folder)
    beside.call(age=70)
    pairs = beside.call(age=62)
    assert pairs == {("senior-direct", "senior-direct"): 1, ("everyone-else", "senior-direct"): 1}


def test_is_asked_for_what_either_needs(live, folder):
    """Once each, the live version's first."""
    change(folder, "10010.yaml", "age: {at_least: 65}", "dialect: wu")
    beside = Beside(live, folder)
    names = [need.name for need in beside.shadow.needs.attributes]
    assert names[: len(live.needs.attributes)] == [need.name for need in live.needs.attributes]
    assert "dialect" in names[len(live.needs.attributes) :]
    assert len(set(names)) == len(names)
    assert beside.call(dialect="wu") == {("everyone-else", "senior-direct"): 1}


def test_reads_by_its_own_declaration(live, folder):
    """An attribute that it declares otherwise is read twice, and each sees its own."""
    change(folder, "attributes.yaml", "range: [0, 130]", "range: [0, 125]")
    beside = Beside(live, folder)
    names = [need.name for need in beside.shadow.needs.attributes]
    assert "shadow:age" in names
    pairs = beside.call(**{"age": 30, "shadow:age": 125})
    assert pairs == {("everyone-else", "senior-direct"): 1}


@pytest.mark.parametrize("data", [Data.ABSENT, Data.WITHHELD])
def test_knows_nobody_by_its_own_missing_values(live, folder, data):
    change(folder, "10010.yaml", "age: {at_least: 65}", "dialect: wu")
    assert Beside(live, folder).call(data=data) == {("everyone-else", "everyone-else"): 1}


def test_without_the_hotline_has_no_decision(live, folder):
    change(folder, "10010.yaml", '  - "02910010"', '  - "02910099"')
    assert Beside(live, folder).call(dnis="02910010") == {("everyone-else", None): 1}


def test_that_breaks_is_counted_and_disturbs_nobody(live, folder, capsys):
    """Said once, not for every call."""
    beside = Beside(live, folder)
    facts = beside.facts()
    broken = Facts(call=facts.call, customer={}, contacts=(), loads={}, identity="x", now=1, data=Data.FRESH)
    decision = decide(live, facts)
    for seen in (broken, facts, broken):
        beside.shadow.compare(decision, seen)
    beside.soon[0]()
    assert beside.tally.failed == 2
    assert sum(beside.tally.pairs.values()) == 1
    assert capsys.readouterr().out.count("could not decide a call") == 1


def test_goes_beside_another_live_version(live, folder, tmp_path):
    change(folder, "10010.yaml", "age: {at_least: 65}", "dialect: wu")
    beside = Beside(live, folder)
    other = Path(shutil.copytree(POLICIES, tmp_path / "other"))
    change(other, "10010.yaml", "age: {at_least: 65}", "dialect: min")
    needs = load(other).needs
    moved = beside.shadow.beside(needs)
    assert moved.policies is beside.shadow.policies
    assert [need.name for need in moved.needs.attributes] == [need.name for need in needs.attributes]
