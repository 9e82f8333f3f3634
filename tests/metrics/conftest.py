"""What the metrics' tests share: promtool, and the names that there are."""

import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import CollectorRegistry

from metrics.floor import FloorMetrics
from metrics.kpis import CallKpis, RoutingKpis
from metrics.service import QueueLogMetrics, RouterMetrics, ServiceMetrics
from metrics.tally import Collected
from router.floor import Floor
from router.watch import Switchboard

_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}


@pytest.fixture(scope="session")
def promtool() -> Callable[..., str]:
    """Runs it; what it says. It must be content."""

    def run(*arguments: str) -> str:
        program = shutil.which("promtool")
        assert program is not None, "there is no promtool (Debian: apt install prometheus)"
        done = subprocess.run((program, *arguments), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def _names() -> Iterator[str]:
    registry = CollectorRegistry()
    ServiceMetrics(registry, "0")
    RouterMetrics(registry, refusals=(), store_errors=())
    RoutingKpis(registry)
    QueueLogMetrics(registry, troubles=())
    registry.register(Collected(CallKpis().tallies))
    floor = Floor(wrap_up=lambda _: 0)
    Switchboard(registry, floor, wall=lambda: 0.0, blind=lambda: None)
    metrics = FloorMetrics(floor=floor, loads=dict, calls=lambda: 0, queues=lambda: iter(()), now=lambda: 0.0)
    registry.register(metrics)
    for family in registry.collect():
        yield from (family.name + suffix for suffix in _SUFFIXES.get(family.type, ("",)))


@pytest.fixture(scope="session")
def exported() -> frozenset[str]:
    """The names of all series that our processes export."""
    return frozenset(_names())
