"""Calls of a run, placed by SIPp at their moments: one process for each way in which callers behave."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from loadtest.calls import CallerStep, Totals, call_number, caller_steps
from loadtest.load.arrivals import pace
from loadtest.load.plan import Kind, Run
from loadtest.load.seen import Phone
from loadtest.load.traffic import CONTROL, CONTROL_NUMBER, Placed, controls
from loadtest.ports import Ports
from loadtest.sipp import Callers, Calls

AHEAD = 3.0
"""Seconds from the start of the processes to the first second of the plan: calls are made ready in them."""
YARDSTICK = Kind(weight=1, plays="a_caller_is_answered_by_the_switch", dialled=CONTROL_NUMBER)


@dataclass(slots=True)
class _Group:
    """The calls of one process."""

    name: str
    kind: Kind
    calls: list[Placed]
    phones: list[Phone]
    sipp: Callers
    read: int = 0
    """Bytes of its log."""


class Placing:
    """The callers of a run. A context manager: leaving it ends those who are left."""

    def __init__(
        self, run: Run, traffic: Sequence[Placed], *, switch: str, folder: Path, ports: Ports
    ) -> None:
        """Start the processes; the first second of the plan begins `AHEAD` seconds later.

        Args:
            run: Whose calls they are.
            traffic: The calls; control calls are added as the run says.
            switch: Where it listens, host:port.
            folder: For the folders of the processes.
            ports: Where to take their ports from.

        Raises:
            SippMissing, SippFailed: the callers cannot be played.
        """
        self.began = time.time() + AHEAD
        self._switch, self._folder, self._ports = switch, folder, ports
        self._held = ExitStack()
        kinds = {**run.callers, CONTROL: YARDSTICK}
        ways: dict[tuple[str, float, float, str], list[Placed]] = {}
        for call in [*traffic, *controls(run)]:
            kind = kinds[call.kind]
            ways.setdefault((kind.plays, kind.stays, kind.patience, kind.dialled), []).append(call)
        try:
            self._groups = [self._group(kinds[calls[0].kind], calls) for calls in ways.values()]
        except BaseException:
            self._held.close()
            raise

    def _group(self, kind: Kind, calls: list[Placed]) -> _Group:
        due = [self.began + call.at for call in calls]
        wanted = Calls(
            scenario=kind.plays,
            numbers=[call.number for call in calls],
            dialled=kind.dialled,
            # a tenth more: the process itself needs part of the time ahead to start
            rate=max(5.0, 1.1 * pace([call.at for call in calls], AHEAD - 1)),
            at_a_time=len(calls) + 1,
            stay=kind.stays,
            patience=kind.patience,
            due=due,
        )
        sipp = Callers(wanted, self._switch, self._folder, self._ports)
        self._held.enter_context(sipp)
        name = "control calls" if calls[0].kind == CONTROL else kind.plays.replace("_", " ")
        phones = [Phone(kind=call.kind, due=at) for call, at in zip(calls, due, strict=True)]
        return _Group(name, kind, calls, phones, sipp)

    @property
    def running(self) -> bool:
        """Some of the callers have not ended."""
        return any(group.sipp.running for group in self._groups)

    @property
    def pids(self) -> Mapping[str, int]:
        """The processes, by what their callers do."""
        named: dict[str, int] = {}
        for place, group in enumerate(self._groups):
            named[group.name if group.name not in named else f"{group.name} ({place})"] = group.sipp.pid
        return named

    @property
    def phones(self) -> list[Phone]:
        """All calls, as far as was read."""
        return [phone for group in self._groups for phone in group.phones]

    @property
    def totals(self) -> Totals:
        """SIPp's own count of all calls but control calls."""
        told = [group.sipp.totals for group in self._groups if group.calls[0].kind != CONTROL]
        return Totals(
            created=sum(one.created for one in told),
            successful=sum(one.successful for one in told),
            failed=sum(one.failed for one in told),
        )

    def read(self) -> None:
        """Take what is new in the logs of the callers."""
        for group in self._groups:
            with (group.sipp.folder / "calls.log").open("rb") as log:
                log.seek(group.read)
                new = log.read()
            whole = new[: new.rfind(b"\n") + 1]
            group.read += len(whole)
            for step in caller_steps(whole.decode(errors="replace")):
                place = call_number(step.call_id) - 1
                group.phones[place] = _after(group.phones[place], step)

    def stop(self) -> None:
        """End those who still wait, at once."""
        for group in self._groups:
            group.sipp.stop(0)

    def complaints(self) -> list[str]:
        """Of each process with failed calls, also by being ended, how many, and where SIPp says why.

        Not what it says: callers' numbers are in it.
        """
        return [
            f"{group.name}: {group.sipp.totals.failed} failed; why is in {group.sipp.folder}/errors.log"
            for group in self._groups
            if group.sipp.totals.failed
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._held.close()


def _after(phone: Phone, step: CallerStep) -> Phone:
    at = step.at.timestamp()
    match step.what:
        case "placed":
            return replace(phone, placed=at)
        case "answered":
            return replace(phone, answered=at)
        case _:
            return replace(phone, ended=at)
