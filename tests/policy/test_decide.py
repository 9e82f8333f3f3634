"""decide() has an answer for every call, and it is one that was made beforehand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import NoHotline
from router.facts import Call, CallId, Contact, Data, Facts, Value
from router.policy.decide import decide
from router.policy.domains import Boolean, Choice, Day, Domain, Integer, Text
from router.policy.load import load
from tests.policy.callers import facts

POLICIES = load(Path(__file__).parents[2] / "policies")


def values(domain: Domain) -> st.SearchStrategy[Value]:
    match domain:
        case Integer(low=low, high=high):
            return st.integers(low, high)
        case Boolean():
            return st.booleans()
        case Choice(values=words):
            return st.sampled_from(words)
        case Text(max_length=max_length):
            return st.text(max_size=max_length)
        case Day():
            return st.dates()


customers = st.fixed_dictionaries(
    {attribute.name: values(attribute.domain) for attribute in POLICIES.book.attributes.values()}
)
contacts = st.lists(
    st.builds(
        Contact,
        at=st.integers(0, 2**40),
        call_id=st.text(max_size=3).map(CallId),
        answered=st.booleans(),
        queue=st.text(max_size=3),
    ),
    max_size=64,
).map(tuple)


@given(
    st.builds(
        Facts,
        call=st.just(Call(call_id=CallId("1"), ani=None, dnis="10010")),
        customer=customers,
        contacts=contacts,
        now=st.integers(0, 2**40),
        data=st.sampled_from(Data),
    )
)
def test_every_call_has_a_decision_that_was_made_beforehand(offered: Facts) -> None:
    """For all values that attributes can have, and any contacts, in any order."""
    assert decide(POLICIES, offered) in POLICIES.decisions


def test_the_same_call_has_the_same_decision() -> None:
    """The same object, so that metrics and answers can be kept by decision."""
    offered = facts({**POLICIES.unknown.customer, "age": 70})
    assert decide(POLICIES, offered) is decide(POLICIES, offered)


def test_a_decision_needs_only_what_is_asked_of_the_store() -> None:
    needs = {need.name: need.missing for need in POLICIES.needs.attributes}
    assert decide(POLICIES, facts(needs)).rule == "everyone-else"


@pytest.mark.parametrize("dnis", ["10011", "", "10010 ", "+8610010"])
def test_a_number_of_no_hotline_is_refused(dnis: str) -> None:
    with pytest.raises(NoHotline):
        decide(POLICIES, facts(POLICIES.unknown.customer, dnis=dnis))
