"""Keys and the form of contacts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.facts import CallId, Contact, QueueLoad
from router.numbers import Pseudonym
from router.store.layout import (
    contacts_key,
    customer_key,
    decode_contacts,
    decode_load,
    encode_contact,
    encode_load,
)

TOKENS = st.from_regex(r"[A-Za-z0-9._-]{1,24}", fullmatch=True)
CONTACTS = st.builds(
    Contact,
    at=st.integers(0, 2**40),
    call_id=TOKENS.map(CallId),
    answered=st.just(value=True),
    queue=TOKENS,
    hotline=TOKENS,
    wait=st.integers(0, 2**20),
    agent=TOKENS,
) | st.builds(
    Contact,
    at=st.integers(0, 2**40),
    call_id=TOKENS.map(CallId),
    answered=st.just(value=False),
    queue=st.just(""),
    hotline=TOKENS,
)


def contact(call_id="1.1", *, at=100, answered=False, queue="", **more):
    return Contact(at=at, call_id=CallId(call_id), answered=answered, queue=queue, hotline="10010", **more)


def test_the_keys_of_a_caller_share_a_hash_tag():
    """Redis Cluster hashes what is in braces only: one node has both keys."""
    keys = customer_key(Pseudonym("k1.abc")), contacts_key(Pseudonym("k1.abc"))
    assert keys == (b"c:{k1.abc}", b"h:{k1.abc}")
    assert len({re.search(rb"\{(.+)\}", key)[1] for key in keys}) == 1


@pytest.mark.parametrize(
    ("entry", "decoded"),
    [
        (b"o 100 1.1 10010", contact()),
        (b"a 100 1.1 10010 expert 7 e-1", contact(answered=True, queue="expert", wait=7, agent="e-1")),
        (b"a 100 1.1 10010 vip 0 Wang Fang", contact(answered=True, queue="vip", agent="Wang Fang")),
        (b"x 100 1.1 10010 vip 9 abandoned", contact(queue="vip", wait=9, lost="abandoned")),
    ],
)
def test_an_entry_and_its_contact(entry, decoded):
    assert encode_contact(decoded) == entry
    assert decode_contacts([entry]) == (decoded,)


@pytest.mark.parametrize(
    ("entries", "decoded"),
    [
        pytest.param([], (), id="none"),
        pytest.param(
            [b"o 300 3 10010", b"o 200 2 10010"],
            (contact("3", at=300), contact("2", at=200)),
            id="newest first",
        ),
        pytest.param(
            [b"a 105 1.1 10010 vip 0 ", b"o 100 1.1 10010"],
            (contact(at=105, answered=True, queue="vip"),),
            id="answered after it was offered",
        ),
        pytest.param(
            [b"o 100 1.1 10010", b"a 105 1.1 10010 vip 0 "],
            (contact(at=105, answered=True, queue="vip"),),
            id="offered entry written once more",
        ),
        pytest.param(
            [b"a 190 1.1 10010 expert 0 ", b"a 105 1.1 10010 vip 0 ", b"o 100 1.1 10010"],
            (contact(at=190, answered=True, queue="expert"),),
            id="answered twice after a transfer: the last",
        ),
        pytest.param(
            [
                b"a 305 3 10010 vip 0 ",
                b"o 300 3 10010",
                b"o 200 2 10010",
                b"a 105 1 10010 vip 0 ",
                b"o 100 1 10010",
            ],
            (
                contact("3", at=305, answered=True, queue="vip"),
                contact("2", at=200),
                contact("1", at=105, answered=True, queue="vip"),
            ),
            id="three calls",
        ),
    ],
)
def test_entries_of_one_call_are_one_contact(entries, decoded):
    assert decode_contacts(entries) == decoded


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b" ",
        b"o",
        b"o 100",
        b"a 100 1.1",
        b"o 100 1.1",
        b"a 100 1.1 10010 vip x a-1",
        b"o 100 1.1 10010 vip",
        b"t 100 1.1 vip",
        b"o x 1.1",
        b"o 100 \xff",
        b"a 100 1.1 \xff",
        b"{}",
        b"\x00",
        b"O 100 1.1",
        b"a  100 1.1 vip",
    ],
)
def test_forms_of_other_releases_are_passed_over(entry):
    """The rest of the list still counts."""
    assert decode_contacts([b"o 200 2 10010", entry, b"o 100 1 10010"]) == (
        contact("2", at=200),
        contact("1", at=100),
    )


@given(st.lists(st.binary(max_size=40), max_size=64))
def test_no_bytes_are_an_exception(entries):
    """The caller is waiting."""
    decode_contacts(entries)


@given(st.lists(CONTACTS, max_size=20, unique_by=lambda made: made.call_id))
def test_what_is_encoded_is_decoded(contacts):
    assert decode_contacts([encode_contact(made) for made in contacts]) == tuple(contacts)


MEASURES = st.integers(0, 100_000)
LOADS = st.builds(QueueLoad, waiting=MEASURES, longest_wait=MEASURES, ready=MEASURES)


@given(LOADS, st.floats(0, 2**39))
def test_a_load_that_is_encoded_is_decoded(load, at):
    """Of the whole second."""
    assert decode_load(encode_load(load, at)) == (load, int(at))


def test_a_load_has_a_bound():
    """What a policy compares with has the same."""
    load, _ = decode_load(b"999999999 100001 100000 1")
    assert load == QueueLoad(waiting=100_000, longest_wait=100_000, ready=100_000)


@given(st.binary(max_size=60))
def test_other_bytes_are_no_load(value):
    try:
        decode_load(value)
    except ValueError:
        return
    assert re.fullmatch(rb"\d+ \d+ \d+ \d+", value)
