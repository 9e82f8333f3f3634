"""Rows of a customer file that cannot be taken."""

from typing import BinaryIO

from router.store.table import REJECTED


class Rejects:
    """Rows that cannot be taken: each goes to a file with its line number and the reason."""

    def __init__(self, out: BinaryIO | None) -> None:
        """``out`` is open for reading and writing; None keeps the first reasons only."""
        self._out = out
        self._header = b""
        self.first: list[str] = []
        """The first five, as a person may read them: no value of a row is in them."""

    def begin(self, header: bytes, position: int) -> None:
        """Forget what was written behind ``position``: these rows will come again."""
        self._header = b",".join((*map(str.encode, REJECTED), header.removeprefix(b"\xef\xbb\xbf")))
        if self._out:
            self._out.truncate(position)
            self._out.seek(position)

    def add(self, line: int, reason: str, row: bytes) -> None:
        """Note a row; it is kept byte for byte."""
        if len(self.first) < 5:
            self.first.append(f"line {line}: {reason}")
        if self._out:
            if not self._out.tell():
                self._out.write(_ended(self._header))
            self._out.write(b'%d,"%b",%b' % (line, reason.replace('"', '""').encode(), _ended(row)))

    def flushed(self) -> int:
        """The length of the file, now that all of it is written."""
        if not self._out:
            return 0
        self._out.flush()
        return self._out.tell()


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n"
