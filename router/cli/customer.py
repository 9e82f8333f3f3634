"""How one customer is shown to people."""

import time
from collections.abc import Iterator, Mapping

from rich.table import Table

from router.policy.attributes import Attribute
from router.store.customers import Record, written

HIDDEN = "***"


def shown(title: str, known: Record, attributes: Mapping[str, Attribute], *, reveal: bool) -> Iterator[Table]:
    """Tables of the attributes and, when there are any, of the contacts; times are local."""
    table = Table("attribute", "value", "meaning", title=title)
    for name, attribute in attributes.items():
        value = known.attributes.get(name)
        if value is None:
            text = f"not known, counts as {written(attribute.missing) or 'empty'}"
        else:
            text = HIDDEN if attribute.sensitive and not reveal else written(value)
        table.add_row(name, text, attribute.description, style="dim" if value is None else None)
    yield table
    if known.contacts:
        table = Table("time", "answered", "queue", "call id", title="contacts, the newest first")
        for contact in known.contacts:
            at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(contact.at))
            table.add_row(at, "yes" if contact.answered else "no", contact.queue, contact.call_id)
        yield table
