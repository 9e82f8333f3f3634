"""Customers made up."""

import csv
import random
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import pytest

from router.numbers import PseudonymKey, normalise
from router.policy.attributes import load_attributes
from router.store.generate import generated
from router.store.table import Table

ATTRIBUTES = load_attributes(Path(__file__).parents[2] / "policies")
KEY = PseudonymKey(key_id="k1", secret=bytes(32))
COUNT = 20_000


def lines(count=COUNT, seed=1):
    return generated(count, seed, random.Random(seed).random)


@pytest.fixture(scope="module")
def rows():
    return list(csv.DictReader(lines()))


def test_the_same_seed_gives_the_same_bytes():
    """Pinned: a benchmark of today has the customers of a benchmark of next year."""
    digest = blake2b("".join(lines(1000)).encode(), digest_size=8).hexdigest()
    assert digest == "7e2246eef0be5297"


def test_another_seed_gives_others():
    assert list(lines(10, seed=1)) != list(lines(10, seed=2))


def test_more_customers_begin_with_the_same_ones():
    assert list(islice(lines(1000), 11)) == list(lines(10))


def test_every_row_can_be_imported():
    made = lines()
    table = Table(next(made).encode(), ATTRIBUTES, KEY, "CN")
    assert sum(1 for line in made if table.commands(line.encode())) == COUNT


def test_numbers_are_mobiles_and_unique(rows):
    numbers = {row["number"] for row in rows}
    assert len(numbers) == COUNT
    assert all(number.startswith("139") and normalise(number) == "+86" + number for number in numbers)


@pytest.mark.parametrize(
    ("who", "share"),
    [
        (lambda row: int(row["age"]) >= 65, 0.15),
        (lambda row: row["occupation"] == "truck_driver", 0.03),
        (lambda row: int(row["star"] or 0) >= 5, 0.05),
        (lambda row: row["key_customer"] == "true", 0.01),
        (lambda row: row["enterprise_tier"] != "", 0.045),
    ],
)
def test_the_mix(rows, who, share):
    """Within a fifth: 20,000 customers of a fixed seed."""
    found = sum(map(who, rows)) / COUNT
    assert share * 0.8 < found < share * 1.2


def test_six_provinces_and_their_dialects(rows):
    assert len({row["province"] for row in rows}) == 6
    assert len({row["dialect"] for row in rows} - {""}) == 8


def test_an_account_manager_looks_after_enterprises_only(rows):
    assert all((row["account_manager"] != "") == (row["enterprise_tier"] != "") for row in rows)


def test_none_at_all():
    [header] = lines(0)
    assert header.startswith("number,age,")
