"""The facts of a case: what the decision would know of such a call."""

from collections.abc import Callable
from pathlib import Path

import pytest

from router.facts import MAX_LOAD, QUIET, Data, Facts, QueueLoad
from router.policy.conditions import drawn
from router.policy.decide import Policies
from router.policy.load import load
from router.policy.nodes import SHARES, Share
from router.policy.suite.facts import caller_within, shares
from tests.policy.suite.folder import HEAD, lay_out, mistakes, policies, suite

NOW = 1_772_416_800
"""2026-03-02T10:00:00+08:00"""
NAMES = """\
times: {sunday: "2026-03-01T02:00:00Z"}
callers:
  old: {age: 90, joined: "2024-01-31"}
  ordinary: {}
  stranger: {known: false}
contacts:
  some: [{ago: 2h, answered: true}, {ago: 1h, answered: false}, {ago: 3h, answered: true, call: a}]
  nobody: []
loads:
  busy: {general: {waiting: 3}, vip: {longest_wait: 2m, ready: 0}}
  quiet: {}
"""


def facts(situation: str) -> Facts:
    test = f"tests:\n  - name: t\n    expect: {{to: human}}\n    {situation}\n"
    (case,) = suite(HEAD + NAMES + test).cases
    return case.facts


def test_a_caller_is_a_customer_whose_other_values_are_missing() -> None:
    unknown = policies().unknown.customer
    customer = facts("caller: old").customer
    assert customer == {**unknown, "known": True, "age": 90, "joined": customer["joined"]}
    assert str(customer["joined"]) == "2024-01-31"
    assert facts("caller: ordinary").customer == {**unknown, "known": True}


def test_a_caller_who_is_not_known_has_missing_values_only() -> None:
    assert facts("caller: stranger").customer == policies().unknown.customer
    assert facts("caller: unknown").customer == policies().unknown.customer
    assert facts("data: fresh").customer == policies().unknown.customer


def test_earlier_calls_come_newest_first() -> None:
    contacts = facts("contacts: some").contacts
    assert [(contact.at, contact.answered) for contact in contacts] == [
        (NOW - 3_600, False),
        (NOW - 7_200, True),
        (NOW - 10_800, True),
    ]
    assert len({contact.call_id for contact in contacts}) == 3
    assert facts("contacts: nobody").contacts == facts("contacts: none").contacts == ()


def test_entries_of_one_name_are_one_call() -> None:
    text = "contacts: {one: [{ago: 1h, answered: true, call: a}, {ago: 2h, answered: true, call: a}]}\n"
    (case,) = suite(HEAD + text + "tests: [{name: t, contacts: one, expect: {to: human}}]\n").cases
    assert len({contact.call_id for contact in case.facts.contacts}) == 1


def test_what_is_not_said_of_a_queue_is_as_in_a_quiet_hour() -> None:
    assert facts("load: busy").loads == {
        "general": QueueLoad(waiting=3, longest_wait=0, ready=MAX_LOAD),
        "vip": QueueLoad(waiting=0, longest_wait=120, ready=0),
    }
    assert QueueLoad(waiting=0, longest_wait=0, ready=MAX_LOAD) == QUIET
    assert facts("load: quiet").loads == facts("load: none").loads == {}


def test_the_time_is_the_suites_or_the_tests() -> None:
    assert facts("data: fresh").now == NOW
    assert facts("now: sunday").now == NOW - 86_400
    assert facts('now: "2026-03-02T10:00:01+08:00"').now == NOW + 1


def test_the_number_dialled_is_the_suites_or_the_tests() -> None:
    assert facts("data: fresh").call.dnis == "10010"
    assert facts('dialled: "4001010011"').call.dnis == "4001010011"


@pytest.mark.parametrize("data", [Data.WITHHELD, Data.ABSENT])
def test_without_a_number_or_the_store_nothing_is_known(data: Data) -> None:
    """As on the way of a real call: the decision has no attribute, no contact and no load."""
    unknown = facts(f"caller: old\n    contacts: some\n    load: busy\n    data: {data}")
    assert unknown.data is data
    assert unknown.customer == policies().unknown.customer
    assert (unknown.contacts, unknown.loads) == ((), {})


SHARED = """\
shares:
  first: {new-menu: in}
  second: {loyal-too: in, new-menu: out}
tests:
  - name: t
    dialled: "4001010010"
    matrix: {share: [none, first, second]}
    expect: {to: {queue: [general, vip], menu: main}}
"""


def test_a_caller_is_in_the_shares_that_are_named_and_in_no_other() -> None:
    cases = suite(HEAD + SHARED).cases
    parts = [
        (drawn("new-menu", case.facts.identity) < 1_000, drawn("loyal-too", case.facts.identity) < 5_000)
        for case in cases
    ]
    assert parts == [(False, False), (True, False), (False, True)]


def test_the_shares_of_a_hotline_are_found_in_segments_and_routes() -> None:
    hotlines = {hotline.name: hotline for hotline in policies().book.hotlines}
    assert shares(hotlines["400"]) == (Share("new-menu", 1_000), Share("loyal-too", 5_000))
    assert shares(hotlines["10010"]) == ()


@pytest.mark.parametrize("below", [1, 10, 5_000, SHARES - 1])
def test_somebody_is_found_at_each_edge(below: int) -> None:
    share = Share("trial", below)
    assert drawn("trial", caller_within([share], {"trial": "in"})) < below
    assert drawn("trial", caller_within([share], {"trial": "out"})) >= below
    assert drawn("trial", caller_within([share], {})) >= below


def test_of_several_percentages_in_means_all_and_out_means_none() -> None:
    asked = [Share("trial", 500), Share("trial", 5_000)]
    assert drawn("trial", caller_within(asked, {"trial": "in"})) < 500
    assert drawn("trial", caller_within(asked, {"trial": "out"})) >= 5_000


def test_a_share_of_all_or_nobody_has_no_other_side() -> None:
    assert caller_within([Share("trial", 0)], {"trial": "in"}) is None
    assert caller_within([Share("trial", SHARES)], {"trial": "out"}) is None
    assert caller_within([Share("trial", SHARES)], {}) is not None


def test_a_search_without_end_ends() -> None:
    """Five shares of a hundredth of a per cent: one caller in 10 to the 20th is in all of them."""
    tiny = [Share(f"s{number}", 1) for number in range(5)]
    assert caller_within(tiny, dict.fromkeys((share.of for share in tiny), "in")) is None


@pytest.fixture
def other(tmp_path: Path) -> Callable[[str, str], Policies]:
    """Makes policies in which a text of the second hotline is another."""

    def made(old: str, new: str) -> Policies:
        folder = lay_out(tmp_path / "policies")
        text = (folder / "400.yaml").read_text(encoding="utf-8")
        assert old in text
        (folder / "400.yaml").write_text(text.replace(old, new), encoding="utf-8")
        return load(folder)

    return made


def test_a_share_that_nobody_is_in_is_a_mistake(other: Callable[[str, str], Policies]) -> None:
    (problem,) = mistakes(HEAD + SHARED, other("percent: 10", "percent: 0"))
    message = "nobody who calls 400 is in and out of just these shares"
    assert str(problem) == f"bad_test.yaml:5:10 shares.first: {message}"


def test_shares_that_everybody_is_in_must_be_named(other: Callable[[str, str], Policies]) -> None:
    """Without a name a caller is out of all shares, and here nobody is found who is."""
    text = "tests:\n  - {name: t, dialled: '4001010010', expect: {to: human}}\n"
    shared = "{all: [" + ", ".join(f"{{share: {{of: s{n}, percent: 99.99}}}}" for n in range(3)) + "]}"
    (problem,) = mistakes(HEAD + text, other("{share: {of: new-menu, percent: 10}}", shared))
    message = "nobody who calls 400 is out of every share; say which ones with share"
    assert str(problem) == f"bad_test.yaml:5:5 tests[0]: {message}"
