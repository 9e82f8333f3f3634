"""The customer base: the same each time, with the promised shares, and each call's destination."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.bench.customers import (
    customers,
    store_commands,
    write_calls,
    write_customers,
)
from loadtest.mix import destination

BASE = customers(20_000)


def share(count: int) -> float:
    return count / len(BASE)


def test_the_base_is_the_same_each_time() -> None:
    assert customers(20_000) == BASE


def test_numbers_are_mobile_numbers_and_differ() -> None:
    assert len({customer.number for customer in BASE}) == len(BASE)
    assert all(customer.number.startswith("139") and len(customer.number) == 11 for customer in BASE)


def test_the_shares_are_those_promised() -> None:
    assert share(sum(customer.age >= 65 for customer in BASE)) == pytest.approx(0.15, abs=0.01)
    assert share(sum(customer.occupation == "truck_driver" for customer in BASE)) == pytest.approx(
        0.03, abs=0.01
    )
    assert share(sum(customer.star >= 5 for customer in BASE)) == pytest.approx(0.05, abs=0.01)
    assert share(sum(customer.key_customer for customer in BASE)) == pytest.approx(0.01, abs=0.005)


@pytest.mark.parametrize(
    ("who", "where"),
    [
        ({}, "menu:main"),
        ({"age": 65}, "queue:elder-care"),
        ({"age": 64}, "menu:main"),
        ({"occupation": "truck_driver"}, "queue:truck"),
        ({"star": 5}, "queue:vip"),
        ({"key_customer": True}, "queue:vip"),
        ({"age": 70, "star": 7}, "queue:vip"),
        ({"age": 70, "occupation": "truck_driver"}, "queue:elder-care"),
    ],
)
def test_the_first_matching_rule_decides(who: dict[str, object], where: str) -> None:
    nobody = {"age": 30, "occupation": "other", "star": 0, "key_customer": False}
    assert destination(replace(BASE[0], **{**nobody, **who}).columns()) == where  # type: ignore[arg-type]


def test_calls_come_from_every_customer_and_one_in_a_hundred_from_strangers(tmp_path: Path) -> None:
    write_calls(tmp_path / "calls.csv", BASE)

    calls = dict(csv.reader((tmp_path / "calls.csv").read_text().splitlines()))
    assert {number: calls[number] for number in (customer.number for customer in BASE)} == {
        customer.number: destination(customer.columns()) for customer in BASE
    }
    strangers = [number for number in calls if number.startswith("138")]
    assert len(strangers) == len(BASE) // 100
    assert {calls[number] for number in strangers} == {"menu:main"}


def test_the_import_file_has_a_column_an_attribute(tmp_path: Path) -> None:
    write_customers(tmp_path / "customers.csv", BASE[:3])

    with (tmp_path / "customers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows == [customer.columns() for customer in BASE[:3]]
    assert {row["key_customer"] for row in rows} <= {"true", "false"}


def test_every_tenth_customer_has_an_old_contact() -> None:
    commands = list(store_commands(BASE[:20]))

    assert [command[0] for command in commands].count("HSET") == 20
    assert [command[1] for command in commands if command[0] == "RPUSH"] == [
        f"floor:contacts:{BASE[0].number}",
        f"floor:contacts:{BASE[10].number}",
    ]
