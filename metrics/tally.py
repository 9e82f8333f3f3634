"""Counters and histograms as plain values: moved by events, saved and restored, shown to Prometheus.

prometheus_client's own cannot be given the totals that a former run had come to, so that a restart would
look like a reset in the middle of what was counted already.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

MOST = 4_000
"""Sets of labels that one of them has, at most."""
OTHER = "other"
"""The value of every label of what came after that."""

Labels = tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Count:
    """A counter with labels."""

    name: str
    help: str
    labels: Labels
    values: dict[Labels, int] = field(default_factory=dict)

    def expect(self, labels: Labels) -> None:
        """Have a series from now on, at zero."""
        self.values.setdefault(self._bounded(labels), 0)

    def add(self, labels: Labels) -> None:
        """One more."""
        if labels in self.values:
            self.values[labels] += 1
        else:
            labels = self._bounded(labels)
            self.values[labels] = self.values.get(labels, 0) + 1

    def _bounded(self, labels: Labels) -> Labels:
        return labels if labels in self.values or len(self.values) < MOST else (OTHER,) * len(self.labels)

    def family(self) -> CounterMetricFamily:
        """As Prometheus has it."""
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in self.values.items():
            family.add_metric(labels, value)
        return family

    def dump(self) -> list[Any]:
        """What is not zero, as plain values."""
        return [[*labels, value] for labels, value in self.values.items() if value]

    def load(self, dumped: Iterable[Sequence[Any]]) -> None:
        """Count on from what was dumped."""
        for *labels, value in dumped:
            self.values[tuple(labels)] = value


@dataclass(slots=True)
class _Spread:
    counts: list[int]
    sum: float = 0


@dataclass(slots=True, kw_only=True)
class Spread:
    """A histogram of seconds, with labels; the bounds are those of its upper ends."""

    name: str
    help: str
    labels: Labels
    bounds: tuple[float, ...]
    values: dict[Labels, _Spread] = field(default_factory=dict)

    def expect(self, labels: Labels) -> None:
        """Have a series from now on, at zero."""
        self._of(labels)

    def add(self, labels: Labels, seconds: float) -> None:
        """One more, of so many seconds."""
        found = self.values.get(labels) or self._of(labels)
        found.counts[bisect_left(self.bounds, seconds)] += 1
        found.sum += seconds

    def _of(self, labels: Labels) -> _Spread:
        if labels not in self.values and len(self.values) >= MOST:
            labels = (OTHER,) * len(self.labels)
        if labels not in self.values:
            self.values[labels] = _Spread([0] * (len(self.bounds) + 1))
        return self.values[labels]

    def family(self) -> HistogramMetricFamily:
        """As Prometheus has it: buckets add up."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        ends = [*(str(float(bound)) for bound in self.bounds), "+Inf"]
        for labels, found in self.values.items():
            buckets = list(zip(ends, accumulate(found.counts), strict=True))
            family.add_metric(labels, buckets, found.sum)
        return family

    def dump(self) -> Mapping[str, Any]:
        """What is not zero, as plain values; the bounds are said, because policies may change them."""
        rows = [
            [*labels, found.sum, *found.counts] for labels, found in self.values.items() if any(found.counts)
        ]
        return {"bounds": list(self.bounds), "rows": rows}

    def load(self, dumped: Mapping[str, Any]) -> None:
        """Count on from what was dumped; what other bounds had parted is put under the next greater one."""
        bounds = [*dumped["bounds"], float("inf")]
        for row in dumped["rows"]:
            labels, (total, *counts) = tuple(row[: len(self.labels)]), row[len(self.labels) :]
            found = self._of(labels)
            found.sum += total
            for bound, count in zip(bounds, counts, strict=True):
                found.counts[bisect_left(self.bounds, bound)] += count


@dataclass(frozen=True, slots=True)
class Collected(Collector):
    """Tallies as a registry's collector."""

    tallies: Callable[[], Iterable[Count | Spread]]

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        """All of them, now."""
        for tally in self.tallies():
            yield tally.family()
