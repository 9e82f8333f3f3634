"""A mix of callers for the demo and the tests: who calls, and where the shipped policy must send them."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

EXPERT = "queue:expert"
"""Where the shipped policy sends a caller whom a person has answered twice in 72 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody who calls; ``number`` as the trunk shows it."""

    number: str
    destination: str
    """Where the shipped policy sends the first two calls."""

    @property
    def scenario(self) -> str:
        """The file of scenarios/ that this caller plays: everyone ends up with a person."""
        direct = self.destination.startswith("queue:")
        return "a_caller_waits_for_a_person" if direct else "a_caller_presses_zero_in_the_menu"


def destination(customer: Mapping[str, str]) -> str:
    """Where the shipped policy of 10010 sends a customer's first call; a row of a customer file."""
    if int(customer["star"] or 0) >= 5 or customer["key_customer"] in {"true", "1", "yes"}:
        return "queue:vip"
    if int(customer["age"] or 0) >= 65:
        return "queue:elder-care"
    if customer["occupation"] == "truck_driver":
        return "queue:truck"
    return "menu:main"


def read_callers(file: Path) -> list[Caller]:
    """The customers of a file as callers, in its order."""
    with file.open(encoding="utf-8", newline="") as table:
        return [Caller(number=row["number"], destination=destination(row)) for row in csv.DictReader(table)]


def one_of_each(callers: Iterable[Caller]) -> dict[str, Caller]:
    """The first caller of each destination, by destination."""
    found: dict[str, Caller] = {}
    for caller in callers:
        found.setdefault(caller.destination, caller)
    return found


def mixed(callers: Sequence[Caller], count: int, *, block: int, again: int) -> list[Caller]:
    """So many calls: new callers, but the first ``again`` of each block are the same seniors once more.

    A block is as many calls as come between two calls of the same caller; from the third on such a caller is
    a repeat caller.
    """
    seniors = [caller for caller in callers if caller.destination == "queue:elder-care"][:again]
    chosen = {caller.number for caller in seniors}
    others = cycle([caller for caller in callers if caller.number not in chosen])
    return [
        seniors[place % block] if place % block < len(seniors) else next(others) for place in range(count)
    ]
