"""What is said of a folder of policies."""

import pickle

import pytest

from router.live.judge import verdict
from router.live.verdict import Good, Known, Order, Refused
from router.policy.load import load

NOW = 1_772_416_800
PROMISED = """\
promises:
  - {name: everyone meets a person, always: {person_within_keys: 0}}
"""


def judged(folder, *, clock=lambda: 0.0, **wish):
    """With a clock that stands still, no proof is ever too late."""
    return verdict(Order(folder=folder, **wish), clock=clock, now=NOW)


@pytest.fixture
def broken(policies):
    """With a promise that its own route breaks."""
    text = (policies / "10010.yaml").read_text().replace("{queue: general, priority: 1}", "{menu: main}")
    (policies / "10010.yaml").write_text(text + PROMISED)
    return policies


def test_good_files_are_a_rulebook_and_their_bytes(policies):
    said = judged(policies)
    assert isinstance(said, Good)
    assert (said.proved, said.doubts) == (True, ())
    assert pickle.loads(said.book).version == said.version == load(policies).version  # noqa: S301  our own
    assert said.files == {path.name: path.read_bytes() for path in policies.iterdir()}


def test_every_mistake_is_said(policies):
    (policies / "10010.yaml").write_text("hotline: 1\nroutes: 2\n")
    said = judged(policies)
    assert isinstance(said, Refused)
    assert len(said.problems) > 1
    assert all(problem.startswith("10010.yaml:") for problem in said.problems)


def test_a_broken_promise_is_refused_with_its_place(broken):
    said = judged(broken)
    assert isinstance(said, Refused)
    [problem] = said.problems
    assert problem.startswith("10010.yaml:6:")
    assert "is broken" in problem


def test_a_dead_route_is_refused(policies):
    text = (policies / "10010.yaml").read_text()
    dead = "routes:\n  - {name: never, when: {all: [{known: true}, {known: false}]}, to: {menu: main}}"
    (policies / "10010.yaml").write_text(text.replace("routes:", dead))
    assert "takes no call" in judged(policies).problems[0]


def test_a_version_that_has_decided_before_may_again(broken):
    """What the proof says of it is a doubt."""
    said = judged(broken, trusted=frozenset({load(broken).version}))
    assert isinstance(said, Good)
    assert not said.proved
    assert "is broken" in said.doubts[0]


def test_what_the_time_does_not_suffice_for_is_a_doubt(broken):
    seconds = iter(range(0, 10**9, 100))
    said = judged(broken, clock=lambda: float(next(seconds)))
    assert isinstance(said, Good)
    assert not said.proved
    assert said.doubts


def test_without_a_proof_nothing_is_proved(broken):
    said = judged(broken, proof_seconds=None)
    assert (type(said), said.proved, said.doubts) == (Good, False, ())


def test_a_version_that_is_known_is_not_looked_at(broken):
    version = load(broken).version
    assert judged(broken, known=version) == Known(version=version)
