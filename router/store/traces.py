"""Which events are a caller's: those that name him, and all others of the same calls. Pure.

Half of a call's events carry no caller. Without the rest of the call they would be a call that came and never
ended, in every figure that is made of the journal.
"""

import re
from dataclasses import dataclass, field

from router.numbers import Pseudonym

_CALL = re.compile(rb'"call_id":"([^"]*)"')
_KEY_ID = re.compile(rb'"caller":"([a-z0-9]{1,4})\.')


@dataclass(slots=True, kw_only=True)
class Traces:
    """What a caller is known by."""

    pseudonyms: tuple[Pseudonym, ...]
    """One for each key."""
    calls: set[bytes] = field(default_factory=set)
    """Calls of which an event has named him."""
    key_ids: set[str] = field(default_factory=set)
    """Of all callers that were seen: there may be keys that nobody has given."""
    _names: tuple[bytes, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        self._names = tuple(pseudonym.encode() for pseudonym in self.pseudonyms)

    def names_him(self, text: bytes) -> bool:
        """A text, of whatever form, has his pseudonym."""
        return any(name in text for name in self._names)

    def learn(self, event: bytes) -> None:
        """Remember the call of an event that names him, and whose key it was written with."""
        if (caller := _KEY_ID.search(event)) is not None:
            self.key_ids.add(caller[1].decode())
            if self.names_him(event) and (call := _CALL.search(event)) is not None:
                self.calls.add(call[1])

    def is_his(self, event: bytes) -> bool:
        """An event, as JSON, is of him or of one of his calls."""
        if self.names_him(event):
            return True
        call = _CALL.search(event)
        return call is not None and call[1] in self.calls
