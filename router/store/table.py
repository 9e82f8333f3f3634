"""A customer file: its header, and rows turned into Redis commands.

A line is a row: a value cannot have a line break in it. So a quote that never ends costs its own row only,
every row has the line number that an editor shows, and a line without quotes needs no CSV parser (3 µs).
"""

import csv
import re
from collections.abc import Mapping
from difflib import get_close_matches

from router.errors import RowError
from router.numbers import Pseudonym, PseudonymKey, normalise
from router.policy.attributes import KNOWN, Attribute
from router.store.layout import customer_key

NUMBER = "number"
PSEUDONYM = "pseudonym"
"""In place of the number: what `ivr customers export` writes."""
REJECTED = ("line", "reason")
"""Columns in front of rejected rows: passed over, so that such a file can be corrected and imported."""

_KEPT = 20_000
"""Cells of a column whose Redis form is kept: ages, provinces, dates repeat; names of managers may not."""


class _Column(dict[str, bytes]):
    """Cells of a column and their Redis form: field and value, or nothing for an empty cell."""

    def __init__(self, attribute: Attribute) -> None:
        super().__init__()
        self._attribute = attribute

    def __missing__(self, cell: str) -> bytes:
        piece = b""
        if cell and not cell.isspace():
            piece = _field(self._attribute.code, self._attribute.encode(self._attribute.parse(cell)))
        if len(self) < _KEPT:
            self[cell] = piece
        return piece


class _NoColumn(dict[str, bytes]):
    """A column without an attribute: the number, or one to pass over."""

    def __missing__(self, cell: str) -> bytes:
        return b""


class Table:
    """Turns the rows of a file into commands, by its header."""

    def __init__(
        self, header: bytes, attributes: Mapping[str, Attribute], key: PseudonymKey, region: str
    ) -> None:
        """Read the header (line 1); ``region`` is where numbers without a country code are at home.

        Raises:
            RowError: a column is not known, is there twice, or there is none for the number.
        """
        names = [name.strip() for name in _cells(header.removeprefix(b"\xef\xbb\xbf"))]
        _check(names, attributes)
        self._names = names
        self._is_number = NUMBER in names
        self._place = names.index(NUMBER if self._is_number else PSEUDONYM)
        self._columns = [_Column(attributes[name]) if name in attributes else _NoColumn() for name in names]
        self._known = _field(attributes[KNOWN].code, attributes[KNOWN].encode(True))  # noqa: FBT003
        self._heads = [b"*%d\r\n$4\r\nHSET\r\n" % (4 + 2 * filled) for filled in range(len(names) + 1)]
        self._key = key
        self._region = region

    def commands(self, line: bytes) -> bytes:
        """The commands that store a row in place of what there was: DEL, then HSET. Two replies.

        Raises:
            RowError: the row cannot be taken; the text says why, without any value of the row.
        """
        cells = _cells(line)
        if len(cells) != len(self._names):
            raise RowError(f"there are {len(cells)} cells where the header has {len(self._names)}")
        try:
            pieces = [column[cell] for column, cell in zip(self._columns, cells, strict=True)]
        except ValueError:
            raise RowError(self._wrong(cells)) from None
        key = customer_key(self._pseudonym(cells[self._place].strip()))
        name = b"$%d\r\n%b\r\n" % (len(key), key)
        head = self._heads[len(pieces) - pieces.count(b"")]
        return b"".join((b"*2\r\n$3\r\nDEL\r\n", name, head, name, self._known, *pieces))

    def _pseudonym(self, cell: str) -> Pseudonym:
        if self._is_number:
            number = normalise(cell, self._region)
            if number is None:
                raise RowError("number is not a telephone number")
            return self._key.pseudonym(number)
        if not re.fullmatch(rf"{self._key.key_id}\.[A-Za-z0-9_-]{{16}}", cell):
            raise RowError(f"pseudonym is not one that was made with the key {self._key.key_id}")
        return Pseudonym(cell)

    def _wrong(self, cells: list[str]) -> str:
        """Everything that is wrong with a row's attributes."""
        reasons = []
        for column, cell in zip(self._columns, cells, strict=True):
            try:
                column[cell]
            except ValueError as wrong:
                reasons.append(str(wrong))
        return "; ".join(reasons)


def _cells(line: bytes) -> list[str]:
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError as wrong:
        raise RowError(f"byte {wrong.start + 1} is not UTF-8; save the file as UTF-8") from None
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as wrong:
        raise RowError(f"the quotes are wrong: {wrong}") from None


def _check(names: list[str], attributes: Mapping[str, Attribute]) -> None:
    allowed = {NUMBER, PSEUDONYM, *REJECTED, *attributes} - {KNOWN}
    for place, name in enumerate(names):
        if name == KNOWN:
            raise RowError(f'column "{KNOWN}": every customer who is imported is known; leave it out')
        if name not in allowed:
            close = get_close_matches(name, allowed, n=1)
            hint = f'; did you mean "{close[0]}"?' if close else f"; there are {', '.join(sorted(allowed))}"
            raise RowError(f'no attribute has the name of column "{name}"{hint}')
        if name in names[:place] and name not in REJECTED:
            raise RowError(f'column "{name}" is there twice')
    if (NUMBER in names) == (PSEUDONYM in names):
        raise RowError(f'the header needs one column "{NUMBER}" (or "{PSEUDONYM}", as exported)')


def _field(code: bytes, value: bytes) -> bytes:
    return b"$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(code), code, len(value), value)
