"""All that can go wrong, as one tree; beside each, what the caller then hears.

::

    IvrError
    ├── SettingsError    at start only: the process does not start, the dialplan's default route serves
    ├── PolicyError      at start only: no call is taken; on reload the last good generation serves on
    ├── TaintedSession   the switch is told FAILURE: the dialplan's default route takes the call
    ├── NoHotline        the number dialled is nobody's: FAILURE, the dialplan's default route
    ├── AmiError         nothing: it is about what the switch tells the observer (router/ami/wire.py)
    ├── RowError         never while a call is decided: a row of an import file
    └── StoreError       the caller is decided for as unknown, under the live policy
        ├── StoreTimeout     no answer within the deadline
        ├── StoreDown        no connection, or it was lost before the answer
        ├── StoreBusy        too many lookups in flight already
        └── StoreRefused     the store answered with an error (``kind`` has its first word: refused_oom)
"""

from dataclasses import dataclass
from enum import StrEnum


class IvrError(Exception):
    """The root: everything this package raises on purpose."""


class SettingsError(IvrError):
    """An option or a variable of the environment cannot be used."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file a person wrote: where it is and what to do."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        """Compiler style, so that editors find the place."""
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where} {self.path}: {self.message}" if self.path else f"{where} {self.message}"


class PolicyError(IvrError):
    """Policy files cannot be used; ``problems`` has every mistake, sorted by place."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


class Taint(StrEnum):
    """Why a session with the switch is not believed (a label of ``ivr_agi_refused_total``)."""

    OVERSIZE = "oversize"
    ENVIRONMENT = "environment"
    EARLY_BYTES = "early_bytes"
    REPLY = "reply"


class TaintedSession(IvrError):
    """The bytes of an AGI session are not what res_agi.c writes."""

    def __init__(self, taint: Taint, detail: str) -> None:
        self.taint = taint
        super().__init__(f"{taint}: {detail}")


class NoHotline(IvrError):
    """The number dialled belongs to no hotline of the policies."""


class RowError(IvrError):
    """A row of a customer file cannot be taken; the text says which value and why."""


class StoreError(IvrError):
    """The store gave no answer to a lookup; ``kind`` is the label in metrics."""

    kind = "error"


class StoreTimeout(StoreError):
    """No answer within the deadline."""

    kind = "timeout"


class StoreDown(StoreError):
    """There is no connection, or it was lost before the answer."""

    kind = "down"


class StoreBusy(StoreError):
    """The bound of lookups in flight is reached."""

    kind = "busy"


PASSING = frozenset(
    {
        *("ASK", "BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "MOVED", "NOREPLICAS", "OOM"),
        *("READONLY", "TRYAGAIN"),
    }
)
"""Redis's words for what passes: the same command may be taken later."""
_LASTING = frozenset({"NOAUTH", "NOPERM", "WRONGPASS", "WRONGTYPE"})


class StoreRefused(StoreError):
    """The store answered with an error, such as ``LOADING …`` or ``NOAUTH …``."""

    def __init__(self, reply: str) -> None:
        self.code = reply.split(" ", 1)[0]
        known = self.code in PASSING or self.code in _LASTING
        self.kind = f"refused_{self.code.lower()}" if known else "refused"
        super().__init__(reply)

    @property
    def passes(self) -> bool:
        """The same command may be taken later."""
        return self.code in PASSING
