"""What a check says: how bad it is, what was found, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and somebody should look."""
    ERROR = "error"
    """Calls, figures or secrets are lost, now or at the next fault."""
    SKIPPED = "skipped"
    """Not looked at; the text says why."""


class Part(StrEnum):
    """What of an installation a finding is about."""

    SWITCH = "switch"
    ROUTERS = "routers"
    STORE = "store"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of one check."""

    check: str
    """Its name, the same in every release: for programs."""
    severity: Severity
    text: str
    """One line."""
    remedy: str = ""
    """One line; empty where nothing is to be done."""


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check=check, severity=Severity.OK, text=text)


def warning(check: str, text: str, remedy: str) -> Finding:
    """Somebody should look."""
    return Finding(check=check, severity=Severity.WARNING, text=text, remedy=remedy)


def error(check: str, text: str, remedy: str) -> Finding:
    """Something is broken."""
    return Finding(check=check, severity=Severity.ERROR, text=text, remedy=remedy)


def skipped(check: str, why: str) -> Finding:
    """Nobody has looked."""
    return Finding(check=check, severity=Severity.SKIPPED, text=why)


def listed(names: Iterable[str], most: int = 8) -> str:
    """Names in a line; of many, the first ones and how many there are beyond."""
    names = sorted(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
