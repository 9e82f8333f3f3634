"""What samples of a long run say: whether memory or descriptors grow. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

MIB = 1024 * 1024
BOUND = 1.0
"""MiB in ten minutes that router and observer may grow by."""
BOUNDED = ("router", "observer")
SPARE = 3
"""Descriptors that may be more at the end than at the beginning: of calls and scrapes of that moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A process at one time."""

    at: float
    """Seconds since the run began."""
    resident: int
    """Bytes of memory."""
    descriptors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one process went through a run."""

    first: float
    """MiB, the median of the first tenth."""
    last: float
    """MiB, the median of the last tenth."""
    growth: float
    """MiB in ten minutes, by the median of the slopes between any two samples (Theil and Sen)."""
    descriptors: tuple[float, float]
    """Medians of the first and the last tenth."""


def course(samples: Sequence[Sample]) -> Course:
    """How a process went; samples of the time in which it warmed up are left out before.

    Raises:
        ValueError: there are fewer than two samples.
    """
    if len(samples) < 2:
        raise ValueError(f"{len(samples)} samples say nothing of growth")
    tenth = max(1, len(samples) // 10)
    ends = samples[:tenth], samples[-tenth:]
    slopes = ((b.resident - a.resident) / (b.at - a.at) for a, b in combinations(samples, 2))
    first, last = (median(each.resident for each in end) / MIB for end in ends)
    before, after = (median(each.descriptors for each in end) for end in ends)
    return Course(first=first, last=last, growth=600 * median(slopes) / MIB, descriptors=(before, after))


def grown(courses: Mapping[str, Course]) -> list[str]:
    """What has grown and should not have. The switch's descriptors go with its calls: see `left_open`."""
    found = [
        f"the {name} grew by {courses[name].growth:.2f} MiB in ten minutes"
        for name in BOUNDED
        if courses[name].growth > BOUND
    ]
    for name, each in courses.items():
        before, after = each.descriptors
        if name != "switch" and after > before + SPARE:
            found.append(f"the {name} had {before:g} descriptors at first, and {after:g} at last")
    return found


def left_open(before: Mapping[str, Sample], after: Mapping[str, Sample]) -> list[str]:
    """Whose descriptors are more without any call after the run than before it."""
    return [
        f"the {name} has {after[name].descriptors} descriptors open without a call, "
        f"and had {before[name].descriptors} before the first one"
        for name in before
        if after[name].descriptors > before[name].descriptors + SPARE
    ]


HEAD = (
    "| process | memory after warming up | at the end | growth in 10 minutes | descriptors |",
    "|---|--:|--:|--:|--:|",
)


def lines(courses: Mapping[str, Course]) -> list[str]:
    """The table in Markdown."""
    return [
        *HEAD,
        *(
            f"| {name} | {each.first:.1f} MiB | {each.last:.1f} MiB | {each.growth:+.2f} MiB | "
            f"{each.descriptors[0]:g}, {each.descriptors[1]:g} |"
            for name, each in courses.items()
        ),
    ]
