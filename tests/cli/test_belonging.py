"""Where the policies send the callers of a customer file, whatever the policies are."""

from pathlib import Path

import pytest

from router.cli.belonging import read_customers
from router.errors import NoHotline
from router.facts import Contact
from router.numbers import PseudonymKey, normalise
from router.policy.load import load
from tests.cli.conftest import SHIPPED
from tests.fakes import routed

KEY = PseudonymKey(key_id="k1", secret=bytes(32))
FILE = """\
number,age,occupation,star,key_customer
13900000001,70,other,1,false
13900000002,40,truck_driver,,false
13900000003,40,other,6,false
13900000004,40,other,1,false
no number,40,other,1,false
"""
NOW = 1_800_000_000


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(FILE)
    return path


@pytest.fixture
def customers(file):
    return read_customers(file, load(SHIPPED), KEY)


def pseudonym(number):
    return KEY.pseudonym(normalise(number))


def answered(place, at=NOW - 60):
    return Contact(at=at, call_id=f"1.{place}", answered=True, queue="elder-care")


def test_each_customer_has_the_segment_and_the_destination_of_a_first_call(customers):
    assert customers.groups("10010", NOW) == {
        "13900000001": ("senior", "queue:elder-care"),
        "13900000002": ("truck_driver", "queue:truck"),
        "13900000003": ("vip", "queue:vip"),
        "13900000004": ("none", "menu:main"),
    }


def test_a_number_of_no_hotline_is_told(customers):
    with pytest.raises(NoHotline):
        customers.groups("10011", NOW)


@pytest.mark.parametrize(
    ("earlier", "where"),
    [
        ([], "queue:elder-care"),
        ([answered(1)], "queue:elder-care"),
        ([answered(1), answered(2)], "queue:expert"),
        ([answered(1, NOW - 73 * 3600), answered(2)], "queue:elder-care"),  # 72 hours count
    ],
)
def test_contacts_are_those_that_are_given(customers, earlier, where):
    event = routed(caller=pseudonym("13900000001"), at=float(NOW), call_id="1.9")
    assert customers.destination(event, {contact.call_id: contact for contact in earlier}) == where


@pytest.mark.parametrize("caller", [None, pseudonym("13912345678")])
def test_who_is_no_customer_goes_where_strangers_go(customers, caller):
    assert customers.destination(routed(caller=caller, at=float(NOW)), {}) == "menu:main"


def test_the_load_of_queues_is_what_the_router_saw(file, tmp_path):
    """And other policies are judged by as they are."""
    own = tmp_path / "own"
    own.mkdir()
    for name in ("attributes.yaml", "queues.yaml"):
        (own / name).write_text((Path(SHIPPED) / name).read_text())
    (own / "10010.yaml").write_text(
        'hotline: "10010"\nnumbers: ["10010"]\nroutes:\n'
        "  - {name: busy, when: {load: {queue: general, waiting: {at_least: 3}}}, to: {queue: vip}}\n"
        "  - {name: free, to: {queue: general}}\n"
    )
    customers = read_customers(file, load(own), KEY)
    busy = routed(grounds=b'{"dnis":"10010","loads":{"general":[3,9,0]}}', at=float(NOW))
    calm = routed(grounds=b'{"dnis":"10010","loads":{"general":[2,9,0]}}', at=float(NOW))
    assert (customers.destination(busy, {}), customers.destination(calm, {})) == (
        "queue:vip",
        "queue:general",
    )


def test_a_hotline_that_is_gone_says_nothing(customers):
    assert customers.destination(routed(grounds=b'{"dnis":"10011"}', at=float(NOW)), {}) is None


def test_a_route_names_its_queue_and_those_it_overflows_to(customers):
    assert customers.queues(routed(rule="senior-direct")) == {"elder-care", "general", "own", "default"}
    assert customers.queues(routed(rule="everyone-else")) is None  # the caller presses a key
    assert customers.queues(routed(rule="a rule of another version")) is None
