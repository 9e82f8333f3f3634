"""plan.yaml: the runs of the load test by name, checked; every mistake with its place."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from loadtest.errors import LoadtestError
from loadtest.sipp import SCENARIOS

SHIPPED = Path(__file__).parent.parent / "plan.yaml"

Rate = Annotated[float, Field(gt=0, le=2000)]
"""Calls a second."""
Seconds = Annotated[float, Field(gt=0, le=86_400)]
Share = Annotated[float, Field(ge=0)]


class BadPlan(LoadtestError):
    """A plan that cannot be run; the text has a line for each mistake, with its place in the file."""


class Strict(BaseModel):
    """A part of a plan: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Constant(Strict):
    """One call after the other, evenly."""

    shape: Literal["constant"]
    rate: Rate


class Poisson(Strict):
    """Calls that know nothing of each other, so many a second on the average: a hotline in one hour."""

    shape: Literal["poisson"]
    rate: Rate


class Ramp(Strict):
    """Evenly, and more with every second, or less."""

    model_config = ConfigDict(populate_by_name=True)

    shape: Literal["ramp"]
    start: Annotated[float, Field(ge=0, le=2000, alias="from")]
    to: Rate


class Day(Strict):
    """A whole day in the time of the run: Poisson, and as busy in each hour as ``hours`` says."""

    shape: Literal["day"]
    rate: Rate
    """Of the mean hour."""
    hours: Annotated[tuple[Share, ...], Field(min_length=24, max_length=24)]
    """How busy the 24 hours are, relative to each other."""

    @model_validator(mode="after")
    def _some_hour_is_busy(self) -> "Day":
        if not any(self.hours):
            raise ValueError("in no hour is there a call")
        return self


class Burst(Strict):
    """Poisson, and for a while so many times as much: an outage, a television programme."""

    shape: Literal["burst"]
    rate: Rate
    times: Annotated[float, Field(ge=1, le=100)] = 10
    after: Annotated[float, Field(ge=0)]
    """Seconds from the beginning."""
    lasts: Seconds


Arrivals = Annotated[Constant | Poisson | Ramp | Day | Burst, Field(discriminator="shape")]


class Kind(Strict):
    """Callers of one kind: who they are, how many of them, and what they do."""

    who: Literal["customers", "strangers"] = "customers"
    """Strangers are numbers that are no customer's."""
    segment: str | None = None
    """Of the customers those whom the policies put into this segment; ``none``: into none."""
    destination: str | None = None
    """Of the customers those whom the policies send there at a first call, like ``menu:main``."""
    weight: Annotated[float, Field(gt=0)]
    """How often such a caller calls, relative to the other kinds."""
    again: Annotated[int, Field(ge=1)] | None = None
    """So many callers make all calls of this kind: they call again and again. Else nobody calls twice."""
    plays: str
    """A file of scenarios/, without .xml."""
    stays: Annotated[float, Field(ge=0, le=3600)] = 1
    """Seconds until a caller hangs up, in the scenarios where he does."""
    patience: Annotated[float, Field(gt=0, le=3600)] = 60
    """Seconds without a word from the switch after which a caller counts as failed; in
    a_caller_has_patience_for_a_while he hangs up then, and that is no failure."""
    dialled: Annotated[str, Field(pattern="^[+0-9]{3,20}$")] = "10010"

    @model_validator(mode="after")
    def _is_possible(self) -> "Kind":
        if self.who == "strangers" and (self.segment or self.destination):
            raise ValueError("of strangers nothing is known: they have neither segment nor destination")
        if not (SCENARIOS / f"{self.plays}.xml").is_file():
            raise ValueError(f'plays: there is no scenario "{self.plays}" in loadtest/scenarios')
        return self


class Staff(Strict):
    """How many agents of a crew (of agents.yaml) there are, and how long a call keeps one of them."""

    agents: Annotated[int, Field(ge=0, le=1000)] | None = None
    """This many; else ``times`` as many as agents.yaml says."""
    times: Annotated[float, Field(ge=0, le=100)] = 1
    talk: Annotated[float, Field(gt=0, le=3600)] = 1
    """Seconds; the same for every call of the crew."""
    wrapup: Annotated[int, Field(ge=0, le=3600)] = 0
    """Seconds after a call in which no call comes; whole ones: app_queue knows no others."""


class Expected(Strict):
    """What must hold for the run to be passed; what is left out is reported and not judged."""

    failed_at_most: Annotated[int, Field(ge=0)] | None = 0
    """Calls that did not go as their scenario says."""
    wrong_at_most: Annotated[int, Field(ge=0)] | None = 0
    """Calls that went elsewhere than the policies say, or were answered by somebody of another queue."""
    by_default_at_most: Annotated[int, Field(ge=0)] | None = 0
    """Calls that no router decided: the dialplan's own route took them."""
    decision_p99_ms: Annotated[float, Field(gt=0)] | None = None
    """99 % of decisions take at most so many milliseconds."""
    added_p99_ms: Annotated[float, Field(gt=0)] | None = None
    """Post-dial delay that the service adds to the switch's own, in milliseconds (docs/load.md)."""
    connection_rate: Annotated[float, Field(ge=0, le=1.1)] | None = None
    """Answered by a person, of all requests for one; at least. (More than 1 can never be reached.)"""
    late_p99_ms: Annotated[float, Field(gt=0)] | None = 100
    """99 % of calls were placed at most so long after their time: else it was another load."""


class Run(Strict):
    """One load, and what is expected under it."""

    description: str
    seconds: Seconds
    """In which calls come; they may last longer."""
    arrivals: Arrivals
    callers: Annotated[dict[str, Kind], Field(min_length=1)]
    """By a name that the report uses."""
    staff: dict[str, Staff] = {}
    """By crew of agents.yaml; ``every`` is for those that are not named."""
    controls: Annotated[float, Field(ge=0, le=100)] = 4
    """Calls a second, beside the others, that the switch answers without asking anybody."""
    expected: Expected = Expected()

    def staff_of(self, crew: str) -> Staff:
        """How a crew is staffed."""
        return self.staff.get(crew) or self.staff.get("every") or Staff()


class Plan(Strict):
    """A file of runs."""

    customers: Annotated[int, Field(ge=1_000, le=10_000_000)] = 20_000
    """In the customer base, which is made up and always the same."""
    seed: int = 10010
    """The same seed makes the same calls at the same times."""
    runs: Annotated[dict[str, Run], Field(min_length=1)]

    def run(self, name: str) -> Run:
        """One of the runs.

        Raises:
            BadPlan: there is none of this name.
        """
        if name not in self.runs:
            raise BadPlan(f'the plan has no run "{name}"; it has {", ".join(self.runs)}')
        return self.runs[name]


def read_plan(path: Path = SHIPPED) -> Plan:
    """Read and check a plan.

    Raises:
        BadPlan: it cannot be read, or has mistakes.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadPlan(f"{path} cannot be read: {wrong}") from wrong
    return parse_plan(text, path.name)


def parse_plan(text: str, file: str) -> Plan:
    """Check the text of a plan; ``file`` is its name in messages.

    Raises:
        BadPlan: with every mistake as ``FILE:LINE:COLUMN PATH: what is wrong``.
    """
    try:
        told = YAML(typ="rt").load(text)
    except MarkedYAMLError as wrong:
        mark = wrong.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise BadPlan(f"{file}{place} {wrong.problem}") from None
    try:
        return Plan.model_validate(told)
    except ValidationError as wrong:
        lines = [_told(file, told, error["loc"], _message(error)) for error in wrong.errors()]
        raise BadPlan("\n".join(lines)) from None


def _message(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such key"
    message: str = error["msg"]
    return message.removeprefix("Value error, ")


def _told(file: str, node: object, path: Sequence[str | int], message: str) -> str:
    line, column, named = 0, 0, []
    for place, step in enumerate(path):
        if isinstance(node, CommentedMap) and step in node:
            line, column = node.lc.key(step)
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line, column = node.lc.item(step)
        else:
            # the last one is a key that is missing; another is the shape that was chosen
            if place == len(path) - 1:
                named.append(str(step))
            continue
        named.append(str(step))
        node = node[step]
    return f"{file}:{line + 1}:{column + 1} {'.'.join(named) or 'plan'}: {message}"
