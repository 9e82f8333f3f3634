"""Erlang C: what so many agents can do for so many calls, when nobody hangs up and calls come by chance."""

from dataclasses import dataclass
from math import exp


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """What is to be expected."""

    waits: float
    """The probability that a caller waits at all."""
    service_level: float
    """The part of callers who are answered within the time."""
    asa: float
    """Seconds."""
    occupancy: float


def erlang_c(*, calls: float, seconds: float, aht: float, agents: int, within: float) -> Staffing | None:
    """So many calls in so many seconds, each taking an agent ``aht`` seconds; None: the queue has no end.

    Computed by Erlang B's recursion, which stays in range for thousands of agents.
    """
    load = calls / seconds * aht
    if agents <= load:
        return None
    blocked = 1.0
    for number in range(1, agents + 1):
        blocked = load * blocked / (number + load * blocked)
    waits = blocked / (1 - load / agents * (1 - blocked))
    free = agents - load
    return Staffing(
        waits=waits,
        service_level=1 - waits * exp(-free * within / aht),
        asa=waits * aht / free,
        occupancy=load / agents,
    )
