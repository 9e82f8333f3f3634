"""Whether the files of a folder may decide calls: what is asked, what is answered.

Reading, checking and proving take from a tenth of a second to many, so all of it is done in a process of its
own (router/live/judge.py); orders and verdicts are pickled on their way.
"""

import pickle
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A folder to look at."""

    folder: Path
    known: str | None = None
    """A version of which all is known: it is not looked at any further."""
    trusted: frozenset[str] = frozenset()
    """Versions that may decide whatever the proof says: they have decided before."""
    proof_seconds: float | None = 10.0
    """How long to prove; what is not decided by then is a doubt. None: files are read and checked only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """The files may decide."""

    version: str
    book: bytes = field(repr=False)
    """The `Rulebook`, pickled: whoever wants it chooses where to spend the milliseconds."""
    files: Mapping[str, bytes] = field(repr=False)
    """The bytes that were read, by file name."""
    doubts: tuple[str, ...] = ()
    """What is not proved, a line each: undecided, or broken by a version that is trusted."""
    proved: bool
    """Everything is: promises hold, and every route can take a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The files are the version that is known."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The files may not decide."""

    problems: tuple[str, ...]
    """Every mistake, broken promise and dead route, in a line each, as `ivr lint` prints it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Nothing is known of the files: what looks at them has broken, or took too long."""

    why: str


Verdict = Good | Known | Refused | Failed


LENGTH = struct.Struct("!Q")
"""What stands before each of them on its way, in bytes."""


def packed(value: Order | Verdict) -> bytes:
    """As bytes, behind their number."""
    text = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(text)) + text
