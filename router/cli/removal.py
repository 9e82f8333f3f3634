"""A caller's removal from all places at once: what was found, what is gone, and what is still there."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from router.numbers import Number, PseudonymKey, spelled
from router.queue_log import rotated
from router.queue_log.memory import remembered
from router.store import purge as stored
from router.store import spools
from router.store.client import StoreClient
from router.store.traces import Traces

RUNNING = "a process runs on it, which has not yet given them to the store: purge again when it has"
OPEN = "the observer runs and forgets a call when it ends: purge again then, or while it is stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something that could not be removed, or not be looked at."""

    where: str
    count: int
    why: str


@dataclass(slots=True, kw_only=True)
class Purge:
    """One caller, where he may be, and what has come of looking there."""

    number: Number
    traces: Traces
    keys: Sequence[PseudonymKey]
    spools: Sequence[Path]
    states: Sequence[Path]
    logs: Sequence[Path]
    remove: bool
    """False: only look."""
    found: dict[str, int] = field(default_factory=dict)
    """What has been removed, or would be: a count of each kind."""
    left: list[Left] = field(default_factory=list)

    def run(self, client: StoreClient) -> None:
        """Learn which calls are his, then remove: files first, since a process that starts reads them."""
        end = stored.learn(client, self.traces)
        for folder in self.spools:
            with suppress(OSError):  # `_spools` says so
                spools.learn(folder, self.traces)
        self._spools()
        self._states()
        self._logs()
        journal = stored.journaled(client, self.traces, "0", remove=self.remove)
        if self.remove:  # else what has come since would count twice
            journal += stored.journaled(client, self.traces, end, remove=True)
        kept = stored.kept(client, self.traces, remove=self.remove)
        self._count("customers", kept.customers)
        self._count("contacts", kept.contacts)
        self._count("journal", journal)
        for key_id in stored.unknown_keys(client, self.traces, [key.key_id for key in self.keys]):
            why = f'there is data under the key "{key_id}", whose file was not given: add --key-file FILE'
            self.left.append(Left(where="the store", count=0, why=why))

    def _spools(self) -> None:
        self._count("spooled", 0)
        for folder in self.spools:
            try:
                seen = spools.spooled(folder, self.traces, remove=self.remove)
            except OSError as wrong:
                self._unreadable(folder, wrong)
                continue
            self._found("spooled", str(folder), seen.events, RUNNING if seen.is_taken else "")

    def _states(self) -> None:
        self._count("open calls", 0)
        for folder in self.states:
            try:
                seen = remembered(folder, self.traces.pseudonyms, remove=self.remove)
            except (OSError, ValueError) as wrong:
                self._unreadable(folder, wrong)
                continue
            self._found("open calls", str(folder), seen.calls, OPEN if seen.is_taken else "")

    def _logs(self) -> None:
        pattern = spelled(self.number)
        for path in self.logs:
            lines = rotated.masked(path, pattern, remove=self.remove)
            self._found("queue_log lines", str(path), lines.lines, lines.why, always=lines.lines == 0)

    def _unreadable(self, folder: Path, wrong: Exception) -> None:
        self.left.append(Left(where=str(folder), count=0, why=f"it cannot be read or written: {wrong}"))

    def _count(self, kind: str, count: int) -> None:
        self.found[kind] = self.found.get(kind, 0) + count

    def _found(self, kind: str, where: str, count: int, why: str, *, always: bool = False) -> None:
        """Count what is gone, or say why it is not; ``always``: also where nothing was found."""
        self._count(kind, 0 if why else count)
        if why and (count or always):
            self.left.append(Left(where=where, count=count, why=why))
