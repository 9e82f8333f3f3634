"""What SIPp's files say: statistics, the log of a caller's and an agent's scenario. Pure."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Calls of one SIPp, so far."""

    created: int = 0
    successful: int = 0
    failed: int = 0

    @property
    def running(self) -> int:
        """Calls that have not ended."""
        return self.created - self.successful - self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCall:
    """A call, as the agent sees it."""

    at: datetime
    agent: str
    number: str
    """The caller's number; empty if there is none."""
    segment: str
    """What the agent's phone shows beside the number; empty if nothing."""
    call_id: str
    """Of the leg between the switch and the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerStep:
    """Something that happened to a caller."""

    at: datetime
    what: str
    """``placed`` (if timed), ``answered``, ``ended`` (by the switch), ``left`` or ``refused``."""
    number: str
    call_id: str
    """Of the leg between the caller and the switch."""


def totals(text: str) -> Totals:
    """Read a file of ``-trace_stat``: the newest whole row counts; none yet is no calls."""
    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))
    # SIPp may be in the middle of writing the newest one: this column comes after those that are read.
    whole = [row for row in rows if row.get("FailedCannotSendMessage(P)") is not None]
    if not whole:
        return Totals()
    last = whole[-1]
    return Totals(
        created=int(last["TotalCallCreated"]),
        successful=int(last["SuccessfulCall(C)"]),
        failed=int(last["FailedCall(C)"]),
    )


def agent_calls(text: str) -> list[AgentCall]:
    """Read the log of an agents' scenario, one line a call."""
    return [
        AgentCall(at=at, agent=agent, number=number, segment=segment, call_id=call_id)
        for at, (agent, number, segment, call_id) in _lines(text, 4)
    ]


def caller_steps(text: str) -> list[CallerStep]:
    """Read the log of a callers' scenario, one line a step."""
    return [
        CallerStep(at=at, what=what, number=number, call_id=call_id)
        for at, (what, number, call_id) in _lines(text, 3)
    ]


def answer_times(text: str) -> list[float]:
    """Read a file of ``-trace_rtt``: seconds from INVITE to the final answer, one a call."""
    rows = csv.reader(text.splitlines(), delimiter=";")
    return [float(row[1]) / 1000 for row in rows if len(row) >= 2 and row[1].replace(".", "", 1).isdigit()]


def call_number(call_id: str) -> int:
    """Which call of its SIPp a call id is of, from 1: its first part."""
    return int(call_id.partition("-")[0])


def _lines(text: str, fields: int) -> Iterable[tuple[datetime, Sequence[str]]]:
    for line in text.splitlines(keepends=True):
        at, *rest = line.rstrip("\n").split("|")
        # A line without its end is still being written.
        if line.endswith("\n") and len(rest) == fields:
            # SIPp's [timestamp]: date, time of day and seconds since 1970, with tabs between.
            yield datetime.fromtimestamp(float(at.split("\t")[-1]), UTC), rest
