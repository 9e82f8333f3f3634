"""The import of customer files: batch by batch, with a mark in the store of how far it has come."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from typing import Any, BinaryIO

import hiredis
import orjson

from router.errors import RowError, SettingsError
from router.store.bulk import Bulk, Reply
from router.store.bulk_cluster import ClusterBulk
from router.store.client import StoreClient
from router.store.layout import IMPORT, IMPORTED
from router.store.rejects import Rejects
from router.store.table import Table

MARK_SECONDS = 7 * 86400
"""How long an import that was cut off can be gone on with."""
_HEADER_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far an import has come: all up to ``lines`` is in the store or among the rejected rows."""

    lines: int = 0
    """Lines read, with the header."""
    digest: str = ""
    """BLAKE2b of these lines: the same file begins with the same bytes."""
    imported: int = 0
    replaced: int = 0
    """Of the imported ones, those of a number that was there: in the store before, or above in the file."""
    rejected: int = 0
    reject_bytes: int = 0
    """Length of the file of rejected rows."""


@dataclass(slots=True, kw_only=True)
class Import:
    """One import of one file."""

    source: BinaryIO
    name: str
    """Of the file; marks are kept by it."""
    client: StoreClient
    bulk: Bulk | ClusterBulk
    batch: int
    """Rows a batch: what is sent at once; three batches are done twice at most when it is gone on with."""
    rejects: Rejects
    tell: Callable[[Mark], None]
    """Called after each batch."""
    begun: Mark = Mark()
    """Where it was gone on from."""
    done: Mark = Mark()
    """How far the store has confirmed."""

    def run(self, table: Callable[[bytes], Table], *, resume: bool) -> Mark:
        """Import the file; with ``resume``, what follows the mark of an import that was cut off.

        Raises:
            SettingsError: it is not the file of that import.
            RowError: the header cannot be used.
            StoreError, redis.RedisError: the store did not take it; `done` is how far it came.
        """
        header = self.source.readline(_HEADER_BYTES)
        made = table(header)
        digest = blake2b(header)
        self.begun = Mark(lines=1, digest=digest.hexdigest())
        if resume and (found := self._found()):
            _skip(self.source, found, digest)
            self.begun = found
        self.done = self.begun
        self.rejects.begin(header, self.done.reject_bytes)
        self._rows(made, digest)
        self.bulk.finish()
        self.client.delete(self._mark)
        if self.done.imported:
            now: Any = self.client.time()  # the store's: several machines may import
            self.client.set(IMPORTED, now[0])
        return self.done

    @property
    def _mark(self) -> str:
        return IMPORT + self.name

    def _found(self) -> Mark | None:
        text: Any = self.client.get(self._mark)
        try:
            return Mark(**orjson.loads(text)) if text else None
        except (ValueError, TypeError):  # of another release: begin anew
            return None

    def _rows(self, table: Table, digest: blake2b) -> None:
        read = self.done
        while rows := list(islice(self.source, self.batch)):
            commands: list[bytes] = []
            rejected = 0
            for line, row in enumerate(rows, read.lines + 1):
                try:
                    commands.append(table.commands(row))
                except RowError as wrong:
                    if row.strip():
                        self.rejects.add(line, str(wrong), row)
                        rejected += 1
            digest.update(b"".join(rows))
            read = replace(
                read,
                lines=read.lines + len(rows),
                digest=digest.hexdigest(),
                imported=read.imported + len(commands),
                rejected=read.rejected + rejected,
                reject_bytes=self.rejects.flushed() if rejected else read.reject_bytes,
            )
            self._send(commands, read)
            self.tell(read)

    def _send(self, commands: list[bytes], read: Mark) -> None:
        """Send a batch, and ahead of it the mark of what is confirmed by now."""

        def confirmed(replies: list[Reply]) -> None:
            self.done = replace(read, replaced=self.done.replaced + sum(replies[1::2]))

        mark: Any = ("SET", self._mark, orjson.dumps(self.done), "EX", MARK_SECONDS)
        self.bulk.store(hiredis.pack_command(mark), commands, confirmed)


def last_imported(client: StoreClient) -> int | None:
    """When an import was last complete, in seconds since the epoch; None: there is no word of one."""
    text: Any = client.get(IMPORTED)
    return int(text) if text and re.fullmatch(rb"[0-9]{1,11}", text) else None


def _skip(source: BinaryIO, mark: Mark, digest: blake2b) -> None:
    """Read up to the mark; every byte has to be the one that was read then."""
    left = mark.lines - 1
    while left and (rows := list(islice(source, min(left, 10_000)))):
        digest.update(b"".join(rows))
        left -= len(rows)
    if left or digest.hexdigest() != mark.digest:
        raise SettingsError(
            f"this is not the file whose import was cut off after line {mark.lines}: "
            "up to there it is different. Without --resume it is imported from the start"
        )
