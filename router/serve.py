"""The composition root of `ivr serve`: builds the decision service's edges and joins them to its core."""

import asyncio
import gc
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import LoopingCall

from metrics.kpis import Kpis
from metrics.service import ServiceMetrics
from router import __version__
from router.agi.server import AgiPort, Limits
from router.events import Event, to_json
from router.loop import ClientEndpoint, LoopClock, install, listen
from router.numbers import PseudonymKey
from router.policy.load import Policies, load
from router.routing import Routing
from router.settings import Address, StoreUrl
from router.store.address import StoreAddress, store_address
from router.store.callers import Callers
from router.store.embedded import opened
from router.store.journal import Journal
from router.store.keyfile import load_key
from router.store.link import Link
from router.web.site import site

log = structlog.get_logger()

LOOKUP_SECONDS = 0.05
"""The deadline of a lookup: after it the caller is decided for as unknown."""
WRITE_SECONDS = 2.0
"""The deadline of a batch of the journal."""
FLUSH_SECONDS = 0.05
SWEEP_SECONDS = 0.25
DRAIN_SECONDS = 10.0
"""How long calls in flight may go on after SIGTERM."""
JOURNAL_LENGTH = 1_000_000
"""Events that the stream keeps, about."""


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
    key = load_key(settings.key_file, settings.store)
    with ExitStack() as stack:
        url = stack.enter_context(opened(settings.store))
        _Service(settings, policies, key, store_address(url)).run()


class _Service:
    """Everything of one decision service, built and joined."""

    def __init__(
        self, settings: ServeSettings, policies: Policies, key: PseudonymKey, address: StoreAddress
    ) -> None:
        self._settings = settings
        self._reactor, self._loop = install()
        self._clock: Any = LoopClock(self._loop)
        registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        metrics = ServiceMetrics(registry, __version__)
        kpis = Kpis(registry)
        kpis.create(policies.decisions)
        metrics.policy.info({"version": policies.version})
        metrics.policy_loaded.set(time.time())

        self._lookups = self._link(address, deadline=LOOKUP_SECONDS, bound=1024)
        self._writes = self._link(address, deadline=WRITE_SECONDS, bound=4)
        self._journal = Journal(
            self._writes,
            length=JOURNAL_LENGTH,
            window=lambda: policies.longest_window,
            dropped=metrics.journal_dropped.inc,
        )
        self._log = CallLog(sys.stdout.buffer)
        routing = Routing(
            policies=policies,
            store=Callers(self._lookups, lambda error: metrics.store_errors.labels(error.kind).inc()),
            events=Published(kpis.observe, self._journal.publish, self._log.publish),
            key=key,
            wall=time.time,
            monotonic=time.monotonic,
        )
        self._agi = AgiPort(
            routing.route,
            region=settings.region,
            seconds=time.monotonic,
            refused=lambda why: metrics.agi_refused.labels(why).inc(),
            limits=Limits(),
        )
        metrics.watch(
            sessions=lambda: len(self._agi.sessions),
            store_up=lambda: self._lookups.is_up,
            waiting=lambda: self._journal.waiting,
        )
        self._site = site(registry, self._is_ready)
        self._draining = False

    def _link(self, address: StoreAddress, *, deadline: float, bound: int) -> Link:
        link = Link(greeting=address.greeting, deadline=deadline, bound=bound, clock=self._clock)
        endpoint = ClientEndpoint(
            loop=self._loop, path=address.path, host=address.host, port=address.port, tls=address.tls
        )
        retry = backoffPolicy(initialDelay=0.1, maxDelay=1.0, factor=1.5)
        service = ClientService(endpoint, link, retryPolicy=retry, clock=self._clock)
        self._reactor.callWhenRunning(service.startService)
        return link

    def _is_ready(self) -> bool:
        return self._lookups.is_up and not self._draining

    def run(self) -> None:
        """Listen, say so, and turn until a signal ends it."""
        agi = self._settings.agi
        port = self._loop.run_until_complete(listen(self._loop, self._agi, agi.host, agi.port))
        web = self._settings.metrics
        watched = self._reactor.listenTCP(web.port, self._site, interface=web.host)
        for address in (agi, web):
            if not address.is_loopback:
                log.warning("open beyond this machine: whoever speaks FastAGI here", address=str(address))
        for task, seconds in ((self._agi.sweep, SWEEP_SECONDS), (self._flush, FLUSH_SECONDS)):
            looping = LoopingCall(task)
            looping.clock = self._clock  # the reactor's goes back when somebody sets the wall clock
            looping.start(seconds, now=False)
        self._reactor.addSystemEventTrigger("before", "shutdown", self._stop, port)
        log.info(
            "ready",
            agi=f"{agi.host}:{port.getHost().port}",
            metrics=f"{web.host}:{watched.getHost().port}",
        )
        gc.collect()
        gc.freeze()  # what lives from the start need not be looked at again in every collection
        self._reactor.run()

    def _flush(self) -> None:
        self._journal.flush()
        self._log.flush()

    def _stop(self, port: IListeningPort) -> Deferred[None]:
        return Deferred.fromFuture(asyncio.ensure_future(self._drain(port), loop=self._loop))

    async def _drain(self, port: IListeningPort) -> None:
        """Take no more calls, let those in flight end, write what is left of the journal."""
        self._draining = True
        port.stopListening()
        end = self._clock.seconds() + DRAIN_SECONDS
        while (self._agi.sessions or self._journal.waiting) and self._clock.seconds() < end:
            self._flush()
            await asyncio.sleep(0.01)
        self._flush()
        log.info("stopped", sessions=len(self._agi.sessions), events_lost=self._journal.waiting)
