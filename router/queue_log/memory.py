"""What the observer remembers between two runs: how far queue_log was read, and what had come of it by then.

Place, open calls and totals are one value, saved as a whole: whoever goes on from it counts nothing twice and
nothing too little.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from router.errors import SettingsError
from router.numbers import Pseudonym
from router.owned import idle, rewrite, take
from router.queue_log.tail import Place

FILE = "observer.json"
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One moment."""

    place: Place
    number: int
    """Of the last event before the place."""
    calls: Mapping[str, Any]
    totals: Mapping[str, Any]


class Memory:
    """A folder that one observer has for itself."""

    def __init__(self, folder: Path) -> None:
        """Take the folder.

        Raises:
            SettingsError: another observer has it, or it cannot be used.
        """
        self._lock = take(folder, whose="observer", option="--state")
        self._file = folder / FILE
        self._writer = folder / "writer"

    def writer(self, new: str) -> str:
        """Who writes the events of this folder's log to the journal: the same name each time.

        Raises:
            SettingsError: it cannot be kept.
        """
        try:
            if not self._writer.exists():
                self._writer.write_text(new, encoding="ascii")
            return self._writer.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as wrong:
            raise SettingsError(f"{self._writer} cannot be used: {wrong}") from wrong

    def load(self) -> Remembered | None:
        """What was saved last; None when there is nothing.

        Raises:
            SettingsError: the file is not one of this version's.
        """
        try:
            found = orjson.loads(self._file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, orjson.JSONDecodeError) as wrong:
            raise SettingsError(f"{self._file} cannot be read: {wrong}") from wrong
        try:
            _must_be(found["version"], VERSION)
            return Remembered(
                place=Place(**found["place"]),
                number=found["number"],
                calls=found["calls"],
                totals=found["totals"],
            )
        except (KeyError, TypeError, ValueError) as wrong:
            raise SettingsError(
                f"{self._file} is of another version; without it queue_log is read from its beginning"
            ) from wrong

    def save(self, moment: Remembered) -> None:
        """Save as a whole or not at all.

        Raises:
            OSError: it cannot be written; what was saved before is still there.
        """
        text = orjson.dumps({"version": VERSION, **asdict(moment)})
        new = self._file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_bytes(text)
        new.replace(self._file)

    def close(self) -> None:
        """Give the folder back."""
        os.close(self._lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCalls:
    """What an observer remembers of a caller."""

    calls: int
    """Calls that had not ended when it saved."""
    is_taken: bool
    """It runs, and forgets a call when it ends."""


def remembered(folder: Path, pseudonyms: Collection[Pseudonym], *, remove: bool) -> OpenCalls:
    """Count a caller's open calls, and have them be nobody's if no observer runs on the folder.

    Raises:
        OSError: the folder's file cannot be read or written.
        ValueError: it is of another form.
    """
    file = folder / FILE
    with idle(folder) as is_ours:
        if not file.exists():
            return OpenCalls(calls=0, is_taken=not is_ours)
        content = orjson.loads(file.read_bytes())
        try:
            his = [call for call in content["calls"].values() if call["caller"] in pseudonyms]
        except (KeyError, TypeError, AttributeError) as wrong:
            raise ValueError(f"{file} is of another version") from wrong
        if remove and is_ours:
            file.with_suffix(".new").unlink(missing_ok=True)  # left by an observer that was killed
            for call in his:
                call["caller"] = None
            if his:
                rewrite(file, orjson.dumps(content))
    return OpenCalls(calls=len(his), is_taken=not is_ours)


def _must_be(found: object, wanted: object) -> None:
    if found != wanted:
        raise ValueError(found)
