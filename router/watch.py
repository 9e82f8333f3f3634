"""The composition root of `ivr watch`: what the switch says of its calls, into contacts, journal and KPIs."""

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Info,
    PlatformCollector,
    ProcessCollector,
)
from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.task import LoopingCall

from metrics.kpis import Kpis
from router import __version__
from router.ami.client import AmiLink, Login
from router.ami.translate import EVENT_CLASSES, translate
from router.ami.wire import AmiError, AmiTrouble, Message
from router.events import Event
from router.loop import ClientEndpoint, LoopClock, install
from router.numbers import PseudonymKey
from router.policy.load import load
from router.settings import Address, StoreUrl
from router.store.address import StoreAddress, store_address
from router.store.embedded import opened
from router.store.journal import Journal
from router.store.keyfile import load_key
from router.store.link import Link
from router.web.site import site

log = structlog.get_logger()

WRITE_SECONDS = 2.0
"""The deadline of a batch of the journal."""
FLUSH_SECONDS = 0.05
DRAIN_SECONDS = 5.0
"""How long the last events may take to be written after SIGTERM."""
CONNECT_SECONDS = 2.0
JOURNAL_LENGTH = 1_000_000
"""Events that the stream keeps, about; as `ivr serve` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """What `ivr watch` is told, by options or the environment."""

    ami: Address
    user: str
    secret: str = field(repr=False)
    store: StoreUrl
    policies: Path
    """They say how long contacts are looked back at."""
    metrics: Address
    key_file: Path | None
    region: str


class Switchboard:
    """What the link sees of the switch, counted, made events of ours, passed on: the link's Observer."""

    def __init__(
        self,
        registry: CollectorRegistry,
        *publish: Callable[[Event], None],
        key: PseudonymKey,
        region: str,
        wall: Callable[[], float],
    ) -> None:
        """``publish`` are told of each event, in turn; ``wall`` gives seconds since the epoch."""
        self._publish = publish
        self._key = key
        self._region = region
        self._wall = wall
        self.is_up = False
        """Events come; else some are missed."""
        self._connected = Gauge("ivr_ami_connected", "Events of the switch come: 1 or 0.", registry=registry)
        self._messages = Counter("ivr_ami_messages", "Events that the switch has sent.", registry=registry)
        self._errors = Counter(
            "ivr_ami_errors", "What went wrong with the link to the switch.", ("kind",), registry=registry
        )
        for kind in AmiTrouble:  # so that a rate starts at zero and not at the first error
            self._errors.labels(kind)

    def event(self, message: Message) -> None:
        """Pass on what the message means to us."""
        self._messages.inc()
        try:
            event = translate(message, at=self._wall(), key=self._key, region=self._region)
        except AmiError as tainted:
            log.warning("an event of the switch is not believed", why=str(tainted))
            self.trouble(tainted.trouble)
            return
        if event is not None:
            for publish in self._publish:
                publish(event)

    def state(self, *, up: bool) -> None:
        """Know whether events come."""
        self.is_up = up
        self._connected.set(up)

    def trouble(self, kind: AmiTrouble) -> None:
        """Count it."""
        self._errors.labels(kind).inc()


def watch(settings: WatchSettings) -> None:
    """Run the observer until SIGTERM or SIGINT, then write what it still knows.

    Raises:
        SettingsError, PolicyError: it cannot start.
        OSError: an address cannot be had.
    """
    window = load(settings.policies).longest_window
    key = load_key(settings.key_file, settings.store)
    with ExitStack() as stack:
        url = stack.enter_context(opened(settings.store))
        _Service(settings, window, key, store_address(url)).run()


class _Service:
    """Everything of one observer, built and joined."""

    def __init__(
        self, settings: WatchSettings, window: int, key: PseudonymKey, address: StoreAddress
    ) -> None:
        self._settings = settings
        self._reactor: Any
        self._reactor, self._loop = install()
        self._clock = LoopClock(self._loop)
        registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=registry)
        Info("ivr_build", "The version of this software.", registry=registry).info({"version": __version__})
        dropped = Counter(
            "ivr_journal_dropped", "Events lost because the journal's buffer was full.", registry=registry
        )

        self._writes = Link(greeting=address.greeting, deadline=WRITE_SECONDS, bound=4, clock=self._clock)
        self._journal = Journal(
            self._writes, length=JOURNAL_LENGTH, window=lambda: window, dropped=dropped.inc
        )
        self._switch = Switchboard(
            registry,
            Kpis(registry).observe,
            self._journal.publish,
            key=key,
            region=settings.region,
            wall=time.time,
        )
        Gauge("ivr_journal_waiting", "Events not yet written to the store.", registry=registry).set_function(
            lambda: self._journal.waiting
        )
        Gauge("ivr_store_up", "The store takes events: 1 or 0.", registry=registry).set_function(
            lambda: float(self._writes.is_up)
        )
        self._site = site(registry, lambda: self._switch.is_up and self._writes.is_up)
        self._services = [self._to_store(address), self._to_switch()]

    def _to_store(self, address: StoreAddress) -> ClientService:
        endpoint: Any = ClientEndpoint(
            loop=self._loop, path=address.path, host=address.host, port=address.port, tls=address.tls
        )
        link: Any = self._writes
        clock: Any = self._clock
        retry = backoffPolicy(initialDelay=0.1, maxDelay=1.0, factor=1.5)
        return ClientService(endpoint, link, retryPolicy=retry, clock=clock)

    def _to_switch(self) -> ClientService:
        ami = self._settings.ami
        endpoint: Any = TCP6ClientEndpoint if ":" in ami.host else TCP4ClientEndpoint
        link = AmiLink(
            Login(user=self._settings.user, secret=self._settings.secret, events=EVENT_CLASSES),
            self._switch,
            clock=self._clock,
            retry=backoffPolicy(initialDelay=0.25, maxDelay=3.0, factor=1.5),
        )
        return link.service(endpoint(self._reactor, ami.host, ami.port, timeout=CONNECT_SECONDS))

    def run(self) -> None:
        """Watch, until a signal ends it."""
        web = self._settings.metrics
        port = self._reactor.listenTCP(web.port, self._site, interface=web.host)
        for address in (self._settings.ami, web):
            if not address.is_loopback:
                log.warning("open beyond this machine: AMI is plain text", address=str(address))
        for service in self._services:
            self._reactor.callWhenRunning(service.startService)
        flushing: Any = LoopingCall(self._journal.flush)
        flushing.clock = self._clock  # the reactor's goes back when somebody sets the wall clock
        flushing.start(FLUSH_SECONDS, now=False)
        self._reactor.addSystemEventTrigger("before", "shutdown", self._stop)
        log.info("watching", ami=str(self._settings.ami), metrics=f"{web.host}:{port.getHost().port}")
        self._reactor.run()

    def _stop(self) -> Deferred[None]:
        return Deferred.fromFuture(asyncio.ensure_future(self._drain(), loop=self._loop))

    async def _drain(self) -> None:
        """Leave the switch, then write what is left of the journal."""
        *_, switch = self._services
        switch.stopService()
        end = self._clock.seconds() + DRAIN_SECONDS
        while self._journal.waiting and self._clock.seconds() < end:
            self._journal.flush()
            await asyncio.sleep(0.01)
        log.info("stopped", events_lost=self._journal.waiting)
