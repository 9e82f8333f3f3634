"""A customer base that is the same on every machine, and where each of its calls has to go."""

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from pathlib import Path

from loadtest.mix import destination

_SEED = 10010
_PLACES = (
    ("guangdong", "guangzhou"),
    ("guangdong", "shenzhen"),
    ("sichuan", "chengdu"),
    ("zhejiang", "hangzhou"),
    ("beijing", "beijing"),
)
_DIALECTS = ("mandarin", "mandarin", "cantonese", "wu", "min")
_CARE = ("wants", "accepts", "rejects", "unasked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer, as the columns of `ivr customers import` name it."""

    number: str
    age: int
    occupation: str
    star: int
    key_customer: bool
    province: str
    city: str
    dialect: str
    language: str
    joined: date
    care_preference: str

    def columns(self) -> dict[str, str]:
        """The attributes as text, by name."""
        return {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in asdict(self).items()
        }


def customers(count: int) -> list[Customer]:
    """Draw customers: 15 % are 65 or older, 3 % truck drivers, 5 % have five stars or more, 1 % are key."""
    chance = random.Random(_SEED)
    return [_customer(chance, number) for number in _numbers(chance, "139", count)]


def _customer(chance: random.Random, number: str) -> Customer:
    province, city = chance.choice(_PLACES)
    return Customer(
        number=number,
        age=chance.randrange(65, 96) if chance.random() < 0.15 else chance.randrange(18, 65),
        occupation="truck_driver" if chance.random() < 0.03 else "other",
        star=chance.randrange(5, 8) if chance.random() < 0.05 else chance.randrange(5),
        key_customer=chance.random() < 0.01,
        province=province,
        city=city,
        dialect=chance.choice(_DIALECTS),
        language="zh",
        joined=date(2005, 1, 1) + timedelta(days=chance.randrange(7000)),
        care_preference=chance.choice(_CARE),
    )


def _numbers(chance: random.Random, prefix: str, count: int) -> list[str]:
    return [f"{prefix}{rest:08d}" for rest in chance.sample(range(100_000_000), count)]


def write_customers(path: Path, base: Sequence[Customer]) -> None:
    """Write the CSV that `ivr customers import` reads."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, [field.name for field in fields(Customer)])
        table.writeheader()
        for customer in base:
            table.writerow(customer.columns())


def write_calls(path: Path, base: Sequence[Customer]) -> None:
    """Write the load tool's list, ``number,destination``: every customer once, and 1 % unknown callers."""
    chance = random.Random(_SEED + 1)
    calls = [(customer.number, destination(customer.columns())) for customer in base]
    calls += [(number, "menu:main") for number in _numbers(chance, "138", max(1, len(base) // 100))]
    chance.shuffle(calls)
    path.write_text("".join(f"{number},{where}\n" for number, where in calls), encoding="utf-8")


def store_commands(base: Sequence[Customer]) -> Iterator[tuple[str, ...]]:
    """Redis commands that give the floor and the peers the same customers under plain keys.

    Every tenth customer has an old contact, so that there is something to read.
    """
    for index, customer in enumerate(base):
        attributes = [part for pair in customer.columns().items() for part in pair]
        yield ("HSET", f"floor:customer:{customer.number}", *attributes)
        if index % 10 == 0:
            yield ("RPUSH", f"floor:contacts:{customer.number}", "1600000000:answered")
