"""Customers as the store has them."""

import csv
import io
from pathlib import Path

import pytest

from router.facts import CallId, Contact
from router.numbers import Number, PseudonymKey
from router.policy.attributes import load_attributes
from router.store.bulk import bulk
from router.store.customers import exported, record, written
from router.store.imports import Import
from router.store.layout import contacts_key, customer_key, encode_contact
from router.store.rejects import Rejects
from router.store.table import Table

ATTRIBUTES = load_attributes(Path(__file__).parents[2] / "policies")
KEY = PseudonymKey(key_id="k1", secret=bytes(32))
PSEUDONYM = KEY.pseudonym(Number("+8613800138000"))
CUSTOMERS = (
    b"number,age,key_customer,city,joined\n"
    b'13800138000,70,true,"a, ""b""",2015-03-02\n'
    b"13900000000,,false,,\n"
    b"13900000001,,,,\n"
)


@pytest.fixture
def load(valkey):
    def run(content):
        with bulk(valkey) as pipe:
            Import(
                source=io.BytesIO(content),
                name="-",
                client=valkey,
                bulk=pipe,
                batch=2,
                rejects=Rejects(None),
                tell=lambda mark: None,  # noqa: ARG005  nobody looks
            ).run(lambda header: Table(header, ATTRIBUTES, KEY, "CN"), resume=False)

    return run


def rows(valkey):
    header, *found = exported(valkey, ATTRIBUTES)
    return [dict(zip(header, row, strict=True)) for row in found]


def test_a_customer_with_contacts(load, valkey):
    contact = Contact(at=100, call_id=CallId("1.1"), answered=True, queue="vip")
    load(CUSTOMERS)
    valkey.lpush(contacts_key(PSEUDONYM), encode_contact(contact))
    found = record(valkey, PSEUDONYM, ATTRIBUTES)
    assert found.is_customer
    assert found.contacts == (contact,)
    assert found.attributes["age"] == 70
    assert set(found.attributes) == {"known", "age", "key_customer", "city", "joined"}


def test_a_caller_who_is_no_customer(valkey):
    found = record(valkey, PSEUDONYM, ATTRIBUTES)
    assert (found.is_customer, dict(found.attributes), found.contacts) == (False, {}, ())


def test_a_value_that_cannot_be_any_more_is_missing(valkey):
    """As when a word has been taken out of attributes.yaml."""
    valkey.hset(customer_key(PSEUDONYM), mapping={"k": 1, "o": "astronaut", "a": "70"})
    assert dict(record(valkey, PSEUDONYM, ATTRIBUTES).attributes) == {"known": True, "age": 70}


def test_export_has_pseudonyms_and_values_as_imported(load, valkey):
    load(CUSTOMERS)
    found = {row["pseudonym"]: row for row in rows(valkey)}
    assert len(found) == 3
    assert {name: cell for name, cell in found[PSEUDONYM].items() if cell} == {
        "pseudonym": PSEUDONYM,
        "age": "70",
        "key_customer": "true",
        "city": 'a, "b"',
        "joined": "2015-03-02",
    }
    assert "known" not in found[PSEUDONYM]


def test_an_export_can_be_imported(load, valkey):
    """Into another store with the same key: the same customers."""
    load(CUSTOMERS)
    before = {key: valkey.hgetall(key) for key in valkey.keys("c:*")}
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(exported(valkey, ATTRIBUTES))
    valkey.flushall()
    load(text.getvalue().encode())
    assert {key: valkey.hgetall(key) for key in valkey.keys("c:*")} == before


def test_export_passes_over_everything_else(load, valkey):
    """Contacts, the journal, keys of others."""
    load(CUSTOMERS)
    valkey.lpush(contacts_key(PSEUDONYM), "o 100 1.1")
    valkey.set("c:{other}", "text")
    valkey.hset("ivr:keys", "k1", "f")
    assert len(rows(valkey)) == 3


def test_export_of_more_than_a_page(load, valkey):
    load(b"number\n" + b"".join(b"139%08d\n" % number for number in range(2500)))
    assert len({row["pseudonym"] for row in rows(valkey)}) == 2500


@pytest.mark.parametrize("text", ["true", "false", "70", "0", "zhengzhou", "2015-03-02"])
def test_written_as_read(text):
    names = {"true": "key_customer", "false": "key_customer", "70": "age", "0": "age", "2015-03-02": "joined"}
    assert written(ATTRIBUTES[names.get(text, "city")].parse(text)) == text
