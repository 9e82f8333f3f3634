"""The composition root of `ivr serve`: builds the decision service's edges and joins them to its core."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from metrics.kpis import Kpis
from metrics.service import RouterMetrics
from router.agi.server import AgiPort, Limits
from router.events import Event, to_json
from router.loop import listen
from router.numbers import PseudonymKey
from router.policy.load import Policies, load
from router.process import FLUSH_SECONDS, Process, store_access
from router.routing import Routing
from router.settings import Address, StoreUrl
from router.store.address import StoreAddress
from router.store.callers import Callers

log = structlog.get_logger()

LOOKUP_SECONDS = 0.05
"""The deadline of a lookup: after it the caller is decided for as unknown."""
LOOKUPS = 1024
"""Lookups in flight at most."""
SWEEP_SECONDS = 0.25
DRAIN_SECONDS = 8.0
"""How long calls in flight may go on after SIGTERM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What `ivr serve` is told, by options or the environment."""

    agi: Address
    store: StoreUrl
    policies: Path
    metrics: Address
    key_file: Path | None
    region: str


class CallLog:
    """One line a call on standard output: the event's own JSON, written in batches off the decision path."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lines: list[bytes] = []

    def publish(self, event: Event) -> None:
        """Take the event's line."""
        self._lines.append(to_json(event))

    def flush(self) -> None:
        """Write what has come since the last time."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._out.write(b"\n".join(lines) + b"\n")
            self._out.flush()


class Published:
    """Where the core's events go: counted, journaled, logged."""

    def __init__(self, *sinks: Callable[[Event], None]) -> None:
        self._sinks = sinks

    def publish(self, event: Event) -> None:
        """Give the event to each sink in turn."""
        for sink in self._sinks:
            sink(event)


def serve(settings: ServeSettings) -> None:
    """Run the decision service until SIGTERM or SIGINT, then let the calls in flight finish.

    Raises:
        SettingsError, PolicyError: it cannot start.
        OSError: an address cannot be had.
    """
    policies = load(settings.policies)
    with store_access(settings.store, settings.key_file) as (address, key):
        _serve(settings, policies, key, address)


def _serve(settings: ServeSettings, policies: Policies, key: PseudonymKey, address: StoreAddress) -> None:
    process = Process(address, window=lambda: policies.longest_window)
    metrics, kpis = RouterMetrics(process.registry), Kpis(process.registry)
    kpis.create(policies.decisions)
    metrics.policy.info({"version": policies.version})
    metrics.policy_loaded.set(time.time())

    lines = CallLog(sys.stdout.buffer)
    process.every(FLUSH_SECONDS, lines.flush)
    lookups = process.link(deadline=LOOKUP_SECONDS, bound=LOOKUPS)
    process.metrics.store_up.set_function(lambda: float(lookups.is_up))
    routing = Routing(
        policies=policies,
        store=Callers(lookups, lambda error: metrics.store_errors.labels(error.kind).inc()),
        events=Published(kpis.observe, process.journal.publish, lines.publish),
        key=key,
        wall=time.time,
        monotonic=time.monotonic,
    )
    agi = AgiPort(
        routing.route,
        region=settings.region,
        seconds=time.monotonic,
        refused=lambda why: metrics.agi_refused.labels(why).inc(),
        limits=Limits(),
    )
    metrics.agi_sessions.set_function(lambda: len(agi.sessions))
    process.every(SWEEP_SECONDS, agi.sweep)

    port = process.loop.run_until_complete(listen(process.loop, agi, settings.agi.host, settings.agi.port))
    draining = False
    watched = process.watched(settings.metrics, lambda: lookups.is_up and not draining)
    if not settings.agi.is_loopback:
        log.warning("whoever reaches this port can run anything on the switch", address=str(settings.agi))
    log.info("ready", agi=f"{settings.agi.host}:{port.getHost().port}", metrics=watched)

    async def drain() -> None:
        """Take no more calls, let those in flight end, write what is left of the journal."""
        nonlocal draining
        draining = True
        port.stopListening()
        await process.until(lambda: not agi.sessions, DRAIN_SECONDS)
        await process.written()
        lines.flush()
        log.info("stopped", sessions=len(agi.sessions), events_lost=process.journal.waiting)

    process.run(drain)
