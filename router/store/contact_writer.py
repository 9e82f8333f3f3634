"""Contacts in a cluster: each is written to the server of its caller, and again until it is taken.

An event is in the journal's stream first. So a server that is away for a while holds up the contacts of its
own callers only, and nothing is on the stream twice.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain

import hiredis

from router.errors import StoreError, StoreRefused
from router.events import Event
from router.store.contacts import COMMANDS, recording
from router.store.link import Reply
from router.store.shards import Requests
from router.store.spool import Record

AT_ONCE = 64
"""Contacts that are on their way at once."""
LOOK = 256
"""Contacts that are looked at in one turn: whether their server serves."""
KEEP = 8_192
"""Contacts that may wait; the oldest of more is lost and counted."""


@dataclass(frozen=True, slots=True)
class _Contact:
    record: Record
    caller: str
    commands: bytes


class ContactWriter:
    """Writes the contacts of events that are on the stream."""

    def __init__(
        self, servers: Requests, window: Callable[[], int], dropped: Callable[[str, int], None]
    ) -> None:
        """``window()``: seconds contacts are kept for; ``dropped`` is told why so many are lost."""
        self._servers = servers
        self._window = window
        self._dropped = dropped
        self._waiting: deque[_Contact] = deque()
        self._sent: dict[int, _Contact] = {}
        self._number = 0

    def __len__(self) -> int:
        """Contacts that are not known to be written."""
        return len(self._waiting) + len(self._sent)

    def oldest(self, writer: str) -> int | None:
        """The lowest number of a writer's event whose contact is among them."""
        contacts = chain(self._waiting, self._sent.values())
        return min((each.record.number for each in contacts if each.record.writer == writer), default=None)

    def add(self, record: Record, event: Event) -> None:
        """Write what this event adds to its caller's contacts, if it does, with the next `flush`."""
        commands = recording(event, self._window())
        caller = getattr(event, "caller", None)
        if not commands or caller is None:
            return
        self._waiting.append(_Contact(record, caller, commands))
        if len(self._waiting) > KEEP:
            self._waiting.popleft()
            self._dropped("full", 1)

    def flush(self) -> None:
        """Send what waits for servers that serve; what waits for others moves on to the end."""
        for _ in range(min(len(self._waiting), LOOK)):
            if len(self._sent) >= AT_ONCE:
                return
            contact = self._waiting.popleft()
            if self._servers.serves(contact.caller):
                self._send(contact)
            else:
                self._waiting.append(contact)

    def _send(self, contact: _Contact) -> None:
        self._number = number = self._number + 1
        self._sent[number] = contact

        def told(result: list[Reply] | StoreError) -> None:
            del self._sent[number]
            if isinstance(result, StoreError):
                self._waiting.append(contact)
                return
            refused = [StoreRefused(str(reply)) for reply in result if isinstance(reply, hiredis.ReplyError)]
            if refused and refused[0].passes:
                self._waiting.append(contact)
            elif refused:
                self._dropped(refused[0].kind, len(refused))

        self._servers.request(contact.commands, COMMANDS, told, contact.caller)
