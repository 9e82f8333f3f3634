"""The composition root of `ivr watch`: what the switch says of its calls, into contacts, journal and KPIs.

And what it says of its queues, into the store, for decisions.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge
from twisted.application.internet import backoffPolicy
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint

from metrics.kpis import QueueKpis
from metrics.service import PolicyMetrics
from router.ami.client import AmiLink, Login
from router.ami.loads import QueueLoads
from router.ami.translate import EVENT_CLASSES, translate
from router.ami.wire import AmiError, AmiTrouble, Message
from router.interfaces import Publish, to_all
from router.live.folders import REST_SECONDS, Folders
from router.live.owners import Observed
from router.live.verdict import Order
from router.numbers import PseudonymKey
from router.policy.load import Policies, load
from router.process import Process, pass_hangups, store_access
from router.settings import Address, StoreUrl
from router.store.address import StoreAddress
from router.store.loads import LoadWriter

log = structlog.get_logger()

CONNECT_SECONDS = 2.0
LOAD_SECONDS = 1.0
"""How often the switch is asked how busy its queues are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """What `ivr watch` is told, by options or the environment."""

    ami: Address
    user: str
    secret: str = field(repr=False)
    store: StoreUrl
    policies: Path
    """They say how long contacts are looked back at, and which queues there are; they are followed."""
    metrics: Address
    key_file: Path | None
    region: str


class Switchboard:
    """What the link sees of the switch, counted, made events of ours, passed on: the link's Observer."""

    def __init__(
        self,
        registry: CollectorRegistry,
        publish: Publish,
        *,
        key: PseudonymKey,
        region: str,
        wall: Callable[[], float],
    ) -> None:
        """``wall`` gives seconds since the epoch."""
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
            self._publish(event)

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
    pass_hangups()
    policies = load(settings.policies)
    with store_access(settings.store, settings.key_file) as (address, key):
        _watch(settings, policies, key, address)


def _watch(settings: WatchSettings, policies: Policies, key: PseudonymKey, address: StoreAddress) -> None:
    process = Process(address, window=lambda: observed.policies.longest_window)
    kpis = QueueKpis(process.registry)
    observed = Observed(policies=policies, kpis=kpis, metrics=PolicyMetrics(process.registry), wall=time.time)
    observed.take(policies)
    folders = Folders(process.loop, monotonic=time.monotonic)
    order = Order(folder=settings.policies, proof_seconds=None)
    folders.follow("policies", order, observed, live=policies.version)
    process.every(REST_SECONDS, folders.rest)
    process.metrics.store_up.set_function(lambda: float(process.writes.is_up))
    switch = Switchboard(
        process.registry,
        to_all(kpis.observe, process.journal.publish),
        key=key,
        region=settings.region,
        wall=time.time,
    )
    link = AmiLink(
        Login(user=settings.user, secret=settings.secret, events=EVENT_CLASSES),
        switch,
        clock=process.clock,
        retry=backoffPolicy(initialDelay=0.25, maxDelay=3.0, factor=1.5),
    )
    loads = QueueLoads(
        link, lambda: observed.policies.book.queues, LoadWriter(process.writes, time.time).publish
    )
    process.every(LOAD_SECONDS, loads.ask)
    ami = settings.ami
    endpoint: Any = TCP6ClientEndpoint if ":" in ami.host else TCP4ClientEndpoint
    service = link.service(endpoint(process.reactor, ami.host, ami.port, timeout=CONNECT_SECONDS))
    process.start(service)
    watched = process.watched(settings.metrics, lambda: switch.is_up and process.writes.is_up)
    if not ami.is_loopback:
        log.warning("AMI is plain text, with its password's digest", address=str(ami))
    log.info("watching", ami=str(ami), metrics=watched)

    async def drain() -> None:
        """Leave the switch, then write what is left of the journal."""
        service.stopService()
        folders.close()
        await process.written()
        log.info("stopped", events_lost=process.journal.waiting)

    process.run(drain, hangup=folders.ask)
