"""The customers of the end-to-end tests, and the base that the product's own import makes of them."""

import csv
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from router.numbers import Pseudonym, PseudonymKey, normalise
from router.settings import StoreUrl
from router.store.embedded import connected
from router.store.keyfile import FILE, load_key

ORDINARY: Mapping[str, str] = {"age": "40", "occupation": "office", "star": "2", "province": "henan"}

SENIOR: Mapping[str, str] = {"age": "70"}
TRUCK_DRIVER: Mapping[str, str] = {"age": "38", "occupation": "truck_driver"}

CUSTOMERS: Mapping[str, Mapping[str, str]] = {
    "is 65": {"age": "65"},
    "is 64": {"age": "64"},
    "drives a truck": TRUCK_DRIVER,
    "has five stars": {"age": "40", "star": "5"},
    "has four stars": {"age": "40", "star": "4"},
    "is a key customer": {"age": "40", "star": "0", "key_customer": "true"},
    "calls for the third time": ORDINARY,
    "was never answered": ORDINARY,
    "is a senior and calls for the third time": SENIOR,
    "presses 0": ORDINARY,
    "presses 2": ORDINARY,
    "presses nothing": ORDINARY,
    "presses wrong keys": ORDINARY,
    "is an attacker's victim": SENIOR,
    "is claimed up to a zero byte": SENIOR,
    "is vouched for": SENIOR,
    "was diverted": SENIOR,
    "calls beside an attacker": SENIOR,
    "dials no hotline": SENIOR,
    "dials the number of a province": SENIOR,
    "calls from abroad": ORDINARY,
    "has a gold account": {"enterprise_tier": "gold"},
    "gives up": TRUCK_DRIVER,
    "is seen waiting": SENIOR,
    "is seen answered": {"age": "40", "star": "6"},
    "meets no expert": SENIOR,
    "meets nobody for seniors": SENIOR,
    "finds no router": SENIOR,
    "finds the router back": SENIOR,
    "finds a hung router": SENIOR,
    "gives up on a hung router": SENIOR,
    "finds it awake": SENIOR,
    "waits through a restart": TRUCK_DRIVER,
    "finds the queue empty": ORDINARY,
    "waits in the queue": ORDINARY,
    "finds the queue busy": ORDINARY,
    "hears an announcement": ORDINARY,
    "is for helpers": ORDINARY,
    "makes one of two write": ORDINARY,
    "makes both write": ORDINARY,
    "is for own people": ORDINARY,
    "makes an agent write": ORDINARY,
    "calls too early": ORDINARY,
    "calls in time": ORDINARY,
    "finds the first router killed": SENIOR,
    "finds the first router back": SENIOR,
    "finds the first router hung": SENIOR,
    "comes back": SENIOR,
    "comes back to somebody who is away": SENIOR,
    "finds no store": SENIOR,
    "finds the store back": SENIOR,
    "finds a hung store": SENIOR,
    "finds the store awake": SENIOR,
    "finds a replica": SENIOR,
    "finds the store behind its replica": SENIOR,
}
"""Who they are, by what happens to them. Each calls in one test only: calls leave contacts that count."""

NUMBERS: Mapping[str, str] = {name: f"139{place:03}27182" for place, name in enumerate(CUSTOMERS, 101)}
"""Their numbers, as the trunk shows them."""

STRANGER = "13700127182"
"""A number that is no customer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A store that runs, with the customers in it."""

    folder: Path
    client: redis.Redis
    key: PseudonymKey

    @property
    def store(self) -> str:
        """Its URL, as the commands take it."""
        return f"embedded:{self.folder}"

    @property
    def key_file(self) -> Path:
        """The key to the pseudonyms in it."""
        return self.folder / FILE

    @property
    def pid(self) -> int:
        """The server's process."""
        return int((self.folder / "valkey.pid").read_text())

    def pseudonym(self, number: str) -> Pseudonym | None:
        """The caller as the store knows him; None for one without a number."""
        found = normalise(number)
        return None if found is None else self.key.pseudonym(found)


@contextmanager
def imported(folder: Path, customers: Mapping[str, Mapping[str, str]] | None = None) -> Iterator[Base]:
    """Write customers to a file, and have `ivr customers import` bring it to a store in ``folder``.

    ``customers``: attributes by number; those of above if none are given.
    """
    if customers is None:
        customers = {NUMBERS[name]: customer for name, customer in CUSTOMERS.items()}
    columns = ["number", *dict.fromkeys(name for customer in customers.values() for name in customer)]
    file = folder.with_suffix(".csv")
    with file.open("w", newline="") as out:
        table = csv.DictWriter(out, columns)
        table.writeheader()
        table.writerows({"number": number, **customer} for number, customer in customers.items())
    store = StoreUrl(f"embedded:{folder}")
    with connected(store) as client:
        told = ivr("customers", "import", str(file), "--store", store.text)
        assert f"imported {len(customers):,};" in told, told
        yield Base(folder=folder, client=client, key=load_key(None, store))


def ivr(*arguments: str, code: int = 0) -> str:
    """Run a command of the product; what it says. It must end with ``code``."""
    done = subprocess.run(
        (sys.executable, "-m", "router", *arguments), capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr
