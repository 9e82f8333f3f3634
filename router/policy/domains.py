"""The values that an attribute can have, and how they are read: from a cell of a file, from the store."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import assert_never

from router.facts import Value


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number; both bounds belong to it."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"a whole number from {self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or false."""

    def __str__(self) -> str:
        return "true or false"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed list of words."""

    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"one of {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Text:
    """Printable text; empty only when it is missing."""

    max_length: int

    def __str__(self) -> str:
        return f"printable text of at most {self.max_length} characters"


@dataclass(frozen=True, slots=True)
class Day:
    """A date."""

    def __str__(self) -> str:
        return "a date like 2024-01-31"


Domain = Integer | Boolean | Choice | Text | Day
"""The values that an attribute can have."""


def parsed(domain: Domain, text: str) -> Value | None:
    """The value that a text stands for; None when it stands for none."""
    match domain:
        case Integer(low=low, high=high):
            number = int(text) if re.fullmatch("[-+]?[0-9]{1,16}", text) else None
            return number if number is not None and low <= number <= high else None
        case Boolean():
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
                text.lower()
            )
        case Choice(values=values):
            return text if text in values else None
        case Text(max_length=max_length):
            return text if 0 < len(text) <= max_length and text.isprintable() else None
        case Day():
            return day(text)
        case _ as never:
            assert_never(never)


def day(text: str) -> date | None:
    """The date that ``2024-01-31`` stands for; None for any other text."""
    try:
        return date.fromisoformat(text) if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        return None


class _Words(dict[bytes, str]):
    """Stored words and their values; a lookup is the fastest check that a word is one of them."""

    def __missing__(self, word: bytes) -> str:
        raise ValueError("a stored value is not one of the words")


def decoder(domain: Domain) -> Callable[[bytes], Value]:
    """The fastest function that reads a stored value; ValueError for what is not in the domain.

    Text alone is taken as it is: its length was checked when it was written.
    """
    match domain:
        case Integer(low=low, high=high):
            return partial(_integer, low, high)  # not a closure: a rulebook can be pickled
        case Boolean():
            return _boolean
        case Choice(values=values):
            return _Words({value.encode(): value for value in values}).__getitem__
        case Text():
            return bytes.decode
        case Day():
            return _stored_day
        case _ as never:
            assert_never(never)


def _integer(low: int, high: int, stored: bytes) -> Value:
    value = int(stored)
    if low <= value <= high:
        return value
    raise ValueError(f"a stored value is not from {low} to {high}")


def _boolean(stored: bytes) -> Value:
    if stored == b"1":
        return True
    if stored == b"0":
        return False
    raise ValueError("a stored value is not 1 or 0")


def _stored_day(stored: bytes) -> Value:
    return date.fromisoformat(stored.decode())
