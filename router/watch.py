"""The composition root of `ivr watch`: what became of calls, from queue_log into KPIs, journal and contacts.

And how busy the queues are, as AMI says, into the store, for decisions.
"""

import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge
from twisted.application.internet import backoffPolicy
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint

from metrics.floor import FloorMetrics
from metrics.kpis import CallKpis
from metrics.service import JournalMetrics, PolicyMetrics, QueueLogMetrics
from metrics.tally import Collected
from router.ami.client import AmiLink, Login
from router.ami.loads import QueueLoads
from router.ami.members import members, news
from router.ami.translate import EVENT_CLASSES
from router.ami.wire import AmiError, AmiTrouble, Message
from router.events import CallEvent
from router.facts import QueueLoad
from router.floor import Floor, FloorEvent
from router.live.folders import REST_SECONDS, Folders
from router.live.owners import Observed
from router.live.verdict import Order
from router.live.yardsticks import hotline_of, yardsticks
from router.log import Log, logged
from router.numbers import Pseudonym, PseudonymKey, normalise
from router.policy.load import Policies, load
from router.process import Process, pass_hangups, store_access
from router.queue_log.calls import Calls
from router.queue_log.following import Following, LogTrouble, Sinks
from router.queue_log.memory import Memory
from router.queue_log.tail import Tail
from router.settings import Address, StoreUrl
from router.store.address import StoreAddress
from router.store.loads import LoadWriter
from router.store.retention import Retention
from router.systemd import Notify, environment, notify

log = structlog.get_logger()

CONNECT_SECONDS = 2.0
ROOM = 8_192
"""Events that wait to be written, beyond which no more lines are read."""
TURN_SECONDS = 0.05
"""How often queue_log is looked at."""
SAVE_SECONDS = 1.0
"""How often is saved how far it was read."""
AUDIT_SECONDS = 60.0
"""How often the switch is asked who works in its queues, though its events say so."""
TRIM_SECONDS = 60.0
"""How often what is too old goes from the journal."""
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
    queue_log: Path
    """The switch's own file of what happened to calls."""
    state: Path
    """The folder in which is kept how far it was read."""
    spool: Path | None
    """Where events go that the store does not take; None: a folder in ``state``."""
    journal_days: int
    """Days after which events go from the journal; 0: none goes because of its age."""


class Switchboard:
    """What the link sees of the switch, counted, and made the floor: the link's Observer."""

    def __init__(
        self,
        registry: CollectorRegistry,
        floor: Floor,
        *,
        wall: Callable[[], float],
        blind: Callable[[], None],
    ) -> None:
        """``wall`` gives seconds since the epoch; ``blind`` is called when the switch is seen no more."""
        self._floor = floor
        self._wall = wall
        self._blind = blind
        self._meanwhile: list[FloorEvent] | None = None
        self._is_refused = False
        self.link: AmiLink | None = None
        """What is asked for lists; set once there is one."""
        self.is_up = False
        """The switch answers and its events come."""
        self._connected = Gauge("ivr_ami_connected", "Events of the switch come: 1 or 0.", registry=registry)
        self._messages = Counter("ivr_ami_messages", "Events that the switch has sent.", registry=registry)
        self._errors = Counter(
            "ivr_ami_errors", "What went wrong with the link to the switch.", ("kind",), registry=registry
        )
        for kind in AmiTrouble:  # so that a rate starts at zero and not at the first error
            self._errors.labels(kind)

    def event(self, message: Message) -> None:
        """Let the floor know; of calls queue_log tells."""
        self._messages.inc()
        try:
            event = news(message)
        except AmiError as tainted:
            log.warning("an event of the switch is not believed", why=str(tainted))
            self.trouble(tainted.trouble)
            return
        if event is not None:
            self._floor.apply(event, self._wall())
            if self._meanwhile is not None:
                self._meanwhile.append(event)

    def state(self, *, up: bool) -> None:
        """Know whether events come."""
        self.is_up = up
        self._connected.set(up)
        if up:
            self.resync()
        else:
            self._meanwhile = None
            self._floor.lose(self._wall())
            self._blind()

    def resync(self) -> None:
        """Ask for all members of all queues: after each connection, and from time to time to be sure."""
        if self.link is not None and self.is_up and self._meanwhile is None:
            self._meanwhile = []
            self.link.ask(self._listed, "QueueStatus")

    def seek(self) -> None:
        """Ask again while nobody knows: a switch that starts lets us in before it knows its queues."""
        if not self._floor.is_known:
            self.resync()

    def _listed(self, answer: Sequence[Message]) -> None:
        since, self._meanwhile = self._meanwhile, None
        if not answer or since is None:  # the connection has ended meanwhile
            return
        try:
            listed = list(members(answer))
        except AmiError as strange:
            if not self._is_refused:  # said once, counted each time
                log.warning("the switch does not say who works in its queues", why=str(strange))
            self._is_refused = True
            self.trouble(strange.trouble)
            return
        self._is_refused = False
        now = self._wall()
        self._floor.resync(listed, now)
        for event in since:  # what came while the list was made may be newer than it
            self._floor.apply(event, now)

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
    told = notify(environment(), os.getpid())
    policies = load(settings.policies)
    with (
        logged(sys.stdout.fileno()) as lines,
        store_access(settings.store, settings.key_file) as (address, key),
    ):
        _watch(settings, policies, key, address, lines=lines, told=told)


def _watch(
    settings: WatchSettings,
    policies: Policies,
    key: PseudonymKey,
    address: StoreAddress,
    *,
    lines: Log,
    told: Notify,
) -> None:
    memory = Memory(settings.state)
    process = Process(
        address,
        lines,
        window=lambda: observed.policies.longest_window,
        writer=memory.writer(f"watch-{secrets.token_hex(8)}"),
        spool=settings.spool or settings.state / "spool",
        notify=told,
    )
    kpis = CallKpis(yardsticks(policies))
    observed = Observed(policies=policies, kpis=kpis, metrics=PolicyMetrics(process.registry), wall=time.time)
    observed.take(policies)
    folders = Folders(process.loop, monotonic=time.monotonic)
    order = Order(folder=settings.policies, proof_seconds=None)
    folders.follow("policies", order, observed, live=policies.version)
    process.every(REST_SECONDS, folders.rest)
    process.metrics.store_up.set_function(lambda: float(process.writes.is_up))
    floor = Floor(wrap_up=lambda queue: kpis.yardsticks.wrap_up.get(queue, 0))
    loads_seen: dict[str, QueueLoad] = {}
    writer = LoadWriter(process.writes, time.time)

    def blind() -> None:
        """Routers are to know at once that there is no news."""
        loads_seen.clear()
        writer.clear()

    switch = Switchboard(process.registry, floor, wall=time.time, blind=blind)
    link = AmiLink(
        Login(user=settings.user, secret=settings.secret, events=EVENT_CLASSES),
        switch,
        clock=process.clock,
        retry=backoffPolicy(initialDelay=0.25, maxDelay=3.0, factor=1.5),
    )
    switch.link = link

    def loaded(loads: Mapping[str, QueueLoad]) -> None:
        loads_seen.clear()
        loads_seen.update(loads)
        writer.publish(loads)

    loads = QueueLoads(link, lambda: observed.policies.book.queues, loaded)
    process.every(LOAD_SECONDS, loads.ask)
    process.every(LOAD_SECONDS, switch.seek)
    process.every(AUDIT_SECONDS, switch.resync)
    ami = settings.ami
    service = link.service(_endpoint(process, ami))
    process.start(service)
    following = _followed(process, settings, observed, memory, kpis=kpis, key=key)
    _expire(process, settings.journal_days)
    floor_metrics = FloorMetrics(
        floor=floor,
        loads=lambda: loads_seen,
        calls=lambda: following.open_calls,
        queues=lambda: iter(observed.policies.book.queues),
        now=time.time,
    )
    process.registry.register(cast("Any", floor_metrics))

    watched = process.watched(
        settings.metrics, lambda: switch.is_up and process.writes.is_up and following.is_caught_up
    )
    if not ami.is_loopback:
        log.warning("AMI is plain text, with its password's digest", address=str(ami))
    log.info("watching", ami=str(ami), metrics=watched, queue_log=str(settings.queue_log))

    async def drain() -> None:
        """Leave the switch, then write what is left of the journal."""
        service.stopService()
        folders.close()
        following.turn()
        await process.written()
        following.save()
        following.close()
        memory.close()
        log.info("stopped", events_lost=process.journal.waiting)

    process.run(drain, reload=folders.reload, status=f"watches {ami}")


def _endpoint(process: Process, ami: Address) -> Any:
    """Where the link connects to."""
    endpoint: Any = TCP6ClientEndpoint if ":" in ami.host else TCP4ClientEndpoint
    return endpoint(process.reactor, ami.host, ami.port, timeout=CONNECT_SECONDS)


def _expire(process: Process, days: int) -> None:
    """Have what is older than some days go from the journal."""
    expired = JournalMetrics(process.registry).expired
    if days:
        process.every(TRIM_SECONDS, Retention(process.writes, days=days, expired=expired.inc).trim)


def _followed(
    process: Process,
    settings: WatchSettings,
    observed: Observed,
    memory: Memory,
    *,
    kpis: CallKpis,
    key: PseudonymKey,
) -> Following:
    """Follow queue_log from where it was left; its events go to KPIs and journal.

    Raises:
        SettingsError: what is remembered is another version's.
    """
    remembered = memory.load()
    metrics = QueueLogMetrics(process.registry, troubles=LogTrouble)
    journal = process.journal

    def trouble(kind: str) -> None:
        metrics.errors.labels(kind).inc()

    def pseudonym(number: str) -> Pseudonym | None:
        found = normalise(number, settings.region)
        return None if found is None else key.pseudonym(found)

    def publish(event: CallEvent, number: int) -> None:
        kpis.observe(event)
        journal.publish(event, number)

    calls = Calls(pseudonym=pseudonym, hotline_of=lambda dialled: hotline_of(observed.policies, dialled))
    if remembered is not None:
        calls.load(remembered.calls)
        kpis.load(remembered.totals)
    place = None if remembered is None else remembered.place
    following = Following(
        Tail(settings.queue_log, place, trouble),
        calls,
        Sinks(
            publish=publish,
            has_room=lambda: journal.waiting < ROOM,
            durable=lambda: journal.durable,
            dump=kpis.dump,
        ),
        memory=memory,
        number=0 if remembered is None else remembered.number,
        counted=metrics.lines.inc,
        trouble=trouble,
    )
    metrics.behind.set_function(lambda: following.behind)

    def caught_up() -> None:
        """Show the totals, which would be less than they were before: that would look like a reset."""
        process.registry.register(Collected(kpis.tallies))

    _take_turns(process, following, caught_up)
    process.every(SAVE_SECONDS, following.save)
    return following


def _take_turns(process: Process, following: Following, caught_up: Callable[[], None]) -> None:
    """Read on again and again, others in between; once all is read for the first time, say so."""
    is_on_its_way = is_told = False

    def turn() -> None:
        nonlocal is_on_its_way, is_told
        is_on_its_way = following.turn()
        if is_on_its_way:
            process.loop.call_soon(turn)
        if following.is_caught_up and not is_told:
            is_told = True
            caught_up()

    process.every(TURN_SECONDS, lambda: None if is_on_its_way else turn())
