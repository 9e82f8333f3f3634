"""Customers as the store has them: one by number, or all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice

from router.facts import Contact, Value
from router.numbers import Pseudonym
from router.policy.attributes import KNOWN, Attribute
from router.store.client import StoreClient
from router.store.layout import contacts_key, customer_key, decode_contacts
from router.store.table import PSEUDONYM

_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What the store has of one caller."""

    attributes: Mapping[str, Value]
    """Those that are stored, by name: without the missing ones."""
    contacts: tuple[Contact, ...]

    @property
    def is_customer(self) -> bool:
        """It was imported (callers who are not customers have contacts too)."""
        return self.attributes.get(KNOWN) is True


def record(client: StoreClient, pseudonym: Pseudonym, attributes: Mapping[str, Attribute]) -> Record:
    """Read everything about one caller."""
    pipeline = client.pipeline(transaction=False)
    pipeline.hgetall(customer_key(pseudonym))
    pipeline.lrange(contacts_key(pseudonym), 0, -1)
    stored, contacts = pipeline.execute()
    return Record(
        attributes={
            attribute.name: value
            for attribute in attributes.values()
            if (value := _value(attribute, stored.get(attribute.code))) is not None
        },
        contacts=decode_contacts(contacts),
    )


def exported(client: StoreClient, attributes: Mapping[str, Attribute]) -> Iterator[list[str]]:
    """All customers as rows of text, the header first, with pseudonyms: no number is in the store.

    A customer who is written meanwhile may be there twice (SCAN), one who is not is there once or more.
    """
    columns = [attribute for attribute in attributes.values() if attribute.name != KNOWN]
    codes = [attribute.code for attribute in columns]
    yield [PSEUDONYM, *(attribute.name for attribute in columns)]
    keys: Iterator[bytes] = client.scan_iter(match="c:{*}", count=_PAGE, _type="hash")
    while page := list(islice(keys, _PAGE)):
        pipeline = client.pipeline(transaction=False)
        for key in page:
            pipeline.hmget(key, codes)
        for key, stored in zip(page, pipeline.execute(), strict=True):
            cells = (_value(column, value) for column, value in zip(columns, stored, strict=True))
            yield [key[3:-1].decode(), *("" if cell is None else written(cell) for cell in cells)]


def written(value: Value) -> str:
    """A value as a customer file has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _value(attribute: Attribute, stored: bytes | None) -> Value | None:
    """None for a value that is missing, and for one that the attribute cannot have any more."""
    try:
        return None if stored is None else attribute.decode(stored)
    except ValueError:
        return None
