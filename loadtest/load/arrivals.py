"""When calls come: from a shape and a seed to moments. Pure; the same seed gives the same moments.

Every shape is a line of rates over time, drawn through corners; calls are points on the area under it. Evenly
spread points make an even stream; points with exponential gaps make a Poisson process of that rate (inversion
of the cumulated rate: Çinlar, Introduction to Stochastic Processes, 1975).
"""

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from random import Random
from typing import assert_never

from loadtest.load.plan import Burst, Constant, Day, Poisson, Ramp

Shape = Constant | Poisson | Ramp | Day | Burst
Corner = tuple[float, float]
"""Seconds from the beginning, calls a second; two of the same time are a jump."""


def curve(shape: Shape, seconds: float) -> list[Corner]:
    """The line of rates of a shape, over so many seconds."""
    match shape:
        case Constant(rate=rate) | Poisson(rate=rate):
            return [(0.0, rate), (seconds, rate)]
        case Ramp(start=start, to=to):
            return [(0.0, start), (seconds, to)]
        case Day(rate=rate, hours=hours):
            mean = sum(hours) / len(hours)
            hour = seconds / len(hours)
            # each hour's figure stands at its middle; before the first and after the last it stays
            middles = [((place + 0.5) * hour, rate * share / mean) for place, share in enumerate(hours)]
            return [(0.0, middles[0][1]), *middles, (seconds, middles[-1][1])]
        case Burst(rate=rate, times=times, after=after, lasts=lasts):
            begins, ends = min(after, seconds), min(after + lasts, seconds)
            high = rate * times
            return [(0.0, rate), (begins, rate), (begins, high), (ends, high), (ends, rate), (seconds, rate)]
        case _ as never:
            assert_never(never)


def arrivals(shape: Shape, seconds: float, chance: Random) -> list[float]:
    """The moments at which calls come, in seconds from the beginning, in order."""
    corners = curve(shape, seconds)
    match shape:
        case Constant() | Ramp():
            units = _even(area(corners))
        case Poisson() | Day() | Burst():
            units = _exponential(area(corners), chance)
        case _ as never:
            assert_never(never)
    return list(_under(corners, units))


def area(corners: Sequence[Corner]) -> float:
    """How many calls a line of rates comes to."""
    return sum(_part(*pair) for pair in pairwise(corners))


def wanted(corners: Sequence[Corner], seconds: int) -> list[float]:
    """How many calls each second should bring, by the line alone."""
    sums = [area(_until(corners, float(second))) for second in range(seconds + 1)]
    return [after - before for before, after in pairwise(sums)]


def pace(moments: Sequence[float], ahead: float) -> float:
    """The least even rate at which calls are made ready so that each one is when its time comes.

    ``moments`` are in order; making ready begins ``ahead`` seconds before 0.
    """
    return max(((place + 1) / (moment + ahead) for place, moment in enumerate(moments)), default=1.0)


def _part(a: Corner, b: Corner) -> float:
    return (b[0] - a[0]) * (a[1] + b[1]) / 2


def _until(corners: Sequence[Corner], end: float) -> list[Corner]:
    kept = [corner for corner in corners if corner[0] <= end]
    after = next((corner for corner in corners if corner[0] > end), None)
    if after is None or kept[-1][0] == end:
        return kept
    (t0, r0), (t1, r1) = kept[-1], after
    return [*kept, (end, r0 + (r1 - r0) * (end - t0) / (t1 - t0))]


def _even(total: float) -> Iterator[float]:
    return (place + 0.5 for place in range(int(total + 0.5)))


def _exponential(total: float, chance: Random) -> Iterator[float]:
    unit = chance.expovariate(1.0)
    while unit < total:
        yield unit
        unit += chance.expovariate(1.0)


def _under(corners: Sequence[Corner], units: Iterator[float]) -> Iterator[float]:
    """Where the area under the line reaches each of the units, which are in order."""
    parts = list(pairwise(corners))
    ends = list(accumulate(_part(*part) for part in parts))
    place = 0
    for unit in units:
        while place < len(parts) - 1 and unit > ends[place]:
            place += 1
        (t0, r0), (t1, r1) = parts[place]
        rest = max(0.0, unit - (ends[place - 1] if place else 0.0))
        slope = (r1 - r0) / (t1 - t0) if t1 > t0 else 0.0
        # the root of r0·x + slope·x²/2 = rest in the form that is exact for small slopes, too
        root = math.sqrt(max(0.0, r0 * r0 + 2 * slope * rest))
        yield min(t1, t0 + (2 * rest / (r0 + root) if r0 + root > 0 else 0.0))
