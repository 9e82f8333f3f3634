"""The composition root of `ivr serve`: builds the decision service's edges and joins them to its core."""

import gc
import os
import secrets
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import structlog
from twisted.internet.error import ReactorNotRunning

from metrics.kpis import RoutingKpis
from metrics.service import RouterMetrics
from router.agi.server import AgiPort, Limits, Refusal
from router.errors import SettingsError, Taint
from router.interfaces import to_all
from router.live import control
from router.live.archive import Archive
from router.live.folders import REST_SECONDS, Folders
from router.live.owners import Candidate, Live
from router.live.remote import control_of, default_control
from router.live.verdict import Order
from router.log import Log, Unwaited, logged
from router.numbers import PseudonymKey
from router.policy.compile import compiled
from router.policy.load import Policies, load
from router.port import LINE_SECONDS, Port, bound
from router.process import FLUSH_SECONDS, Process, default_spool, pass_hangups, store_access
from router.routing import Routing
from router.settings import Address, StoreUrl
from router.store.address import StoreAddress, store_address
from router.store.callers import Callers
from router.store.shards import Requests
from router.store.spool import segments
from router.systemd import Notify, Told, environment, held_socket, notify
from router.workers import Parent, Worker, supervise

log = structlog.get_logger()

LOOKUP_SECONDS = 0.05
"""The deadline of a lookup: after it the replica is asked, or the caller is decided for as unknown."""
REPLICA_SECONDS = 0.01
"""The deadline of a lookup in the replica, which is on the same machine."""
BREAK_SECONDS = 0.5
"""A store that is silent for so long is not waited for until it answers a greeting again."""
LOOKUPS = 1024
"""Lookups in flight at most."""
SWEEP_SECONDS = 0.25
_LAST_PORT = 65_535
_WORKER = "worker-"
"""Before a worker's number, the name of its spool in that of the first."""
DESCRIPTORS = 96
"""Open files of everything but sessions: links, policies, versions, spool, whoever reads metrics."""
STORE_SECONDS = 0.5
"""How long the first call waits for the store's connection; then it is decided without."""
DRAIN_SECONDS = 8.0
"""How long calls in flight may go on after SIGTERM."""
ORPHAN_SECONDS = 0.4
"""The same for a worker whose parent is gone: the one that is started next wants its port and its folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What `ivr serve` is told, by options or the environment."""

    agi: Address
    """Where it listens, unless systemd hands it a socket that listens already."""
    store: StoreUrl
    replica: StoreUrl | None
    """What is asked when the store does not answer."""
    policies: Path
    metrics: Address
    key_file: Path | None
    region: str
    versions: Path
    """Where versions that went live are kept."""
    control: Path | None
    """The control socket; None: `default_control`, where it can be made."""
    shadow: Path | None
    """A candidate's folder."""
    spool: Path | None
    """Where events go that the store does not take; None: `default_spool`."""
    workers: int = 1
    """Processes that decide calls. One is this process itself; more have it as their parent."""

    def of(self, worker: int) -> "ServeSettings":
        """What one of several workers is told: it has a port for metrics and a spool of its own."""
        spool = self.spool or default_spool("serve", self.agi)
        host, port = self.metrics.host, self.metrics.port
        return replace(
            self,
            metrics=Address(host, port + worker if port else 0),
            spool=spool / f"{_WORKER}{worker}" if worker else spool,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What this process has from whoever started it."""

    notify: Told
    held: socket.socket | None
    """The socket that listens for FastAGI."""
    worker: int = 0
    parent: Parent | None = None
    """Of a worker."""


def serve(settings: ServeSettings) -> None:
    """Run the decision service until SIGTERM or SIGINT, then let the calls in flight finish.

    Raises:
        SettingsError, PolicyError: it cannot start.
        OSError: an address cannot be had.
    """
    pass_hangups()
    if settings.metrics.port + settings.workers - 1 > _LAST_PORT:
        raise SettingsError(
            f"--metrics {settings.metrics}: {settings.workers} workers need as many ports from it"
        )
    environ, pid = environment(), os.getpid()
    told, held = notify(environ, pid), held_socket(environ, pid, "agi")
    if held is not None:
        settings = replace(settings, agi=Address(*held.getsockname()[:2]))
    policies = load(settings.policies)
    if settings.workers > 1:
        structlog.configure(
            logger_factory=structlog.WriteLoggerFactory(cast("Any", Unwaited(sys.stdout.fileno())))
        )
        listening = held or bound(settings.agi.host, settings.agi.port)
        settings = replace(settings, agi=Address(*listening.getsockname()[:2]))
        with store_access(settings.store, settings.key_file) as (address, key):
            _supervise(settings, policies, key, address, told=told, listening=listening)
        return
    given = _Given(notify=told, held=held)
    with (
        logged(sys.stdout.fileno()) as lines,
        store_access(settings.store, settings.key_file) as (address, key),
    ):
        _serve(settings, policies, key, address, lines=lines, given=given)


def _supervise(
    settings: ServeSettings,
    policies: Policies,
    key: PseudonymKey,
    address: StoreAddress,
    *,
    told: Notify,
    listening: socket.socket,
) -> None:
    """Be the parent of workers; each decides as one process alone does."""

    def work(worker: Worker) -> None:
        live = policies if worker.live is None else compiled(worker.live)
        given = _Given(notify=worker.parent, held=listening, worker=worker.number, parent=worker.parent)
        with logged(sys.stdout.fileno()) as lines:
            _serve(settings.of(worker.number), live, key, address, lines=lines, given=given)

    for spool in _left(settings):
        log.warning(
            "events wait in a spool that no worker has; start as many as there were", spool=str(spool)
        )
    gc.collect()
    gc.freeze()  # pages that nobody writes to are shared
    status = f"workers decide calls at {settings.agi}"
    code = supervise(
        settings.workers, work, listening=listening, notify=told, status=status, clock=time.monotonic
    )
    if code:
        sys.exit(code)


def _left(settings: ServeSettings) -> list[Path]:
    """Spools with events in them of workers that there were once."""
    own = {settings.of(worker).spool for worker in range(settings.workers)}
    spools = (settings.of(0).spool or Path()).glob(f"{_WORKER}*")
    return [spool for spool in spools if spool not in own and segments(spool)]


def _serve(
    settings: ServeSettings,
    policies: Policies,
    key: PseudonymKey,
    address: StoreAddress,
    *,
    lines: Log,
    given: _Given,
) -> None:
    process = Process(
        address,
        lines,
        window=lambda: routing.longest_window,
        writer=f"serve-{secrets.token_hex(8)}",
        spool=settings.spool or default_spool("serve", settings.agi),
        notify=given.notify,
        line=lines.add,
    )
    kpis = RoutingKpis(process.registry, policies.decisions)
    metrics = RouterMetrics(
        process.registry, refusals=[*Taint, *Refusal], store_errors=("timeout", "down", "busy", "refused")
    )
    lookups = process.link(address, deadline=LOOKUP_SECONDS, bound=LOOKUPS, give_up=BREAK_SECONDS)
    replica = _replica(process, settings.replica)
    metrics.replica_up.set_function(lambda: float(replica is not None and replica.is_up))
    process.metrics.store_up.set_function(lambda: float(lookups.is_up))
    routing = Routing(
        policies=policies,
        store=Callers(
            lookups,
            lambda error: metrics.store_errors.labels(error.kind).inc(),
            time.time,
            took=partial(metrics.store_seconds.add, ()),
            replica=replica,
        ),
        publish=to_all(kpis.observe, process.journal.publish),
        key=key,
        wall=time.time,
        monotonic=time.monotonic,
    )
    agi = AgiPort(
        routing.route,
        region=settings.region,
        seconds=time.monotonic,
        refused=lambda why: metrics.agi_refused.labels(why).inc(),
        limits=_limits(process.descriptors),
    )
    metrics.agi_sessions.set_function(lambda: len(agi.sessions))
    process.every(SWEEP_SECONDS, agi.sweep)

    port = Port(process.loop, agi, given.held or bound(settings.agi.host, settings.agi.port))
    process.every(LINE_SECONDS, port.admit)
    listening = Address(settings.agi.host, port.getHost().port)
    accepts = draining = False
    patience = DRAIN_SECONDS
    known = (lookups,) if replica is None else (lookups, replica)
    watched = process.watched(settings.metrics, lambda: any(link.is_up for link in known) and accepts)
    folders = _followed(
        process,
        settings=settings,
        routing=routing,
        kpis=kpis,
        metrics=metrics,
        port=listening.port,
        given=given,
    )
    if not settings.agi.is_loopback:
        log.warning(
            "whoever reaches this port can ask how any number is treated; and whoever stands between it and "
            "the switch can run anything there",
            address=str(settings.agi),
        )

    async def begin() -> None:
        """Take calls as soon as they can be decided with the store: those that have waited, too."""
        nonlocal accepts
        await process.until(lambda: lookups.is_up or draining, STORE_SECONDS)
        if not draining:
            port.accept()
            accepts = True
            log.info("ready", agi=str(listening), metrics=watched)

    async def drain() -> None:
        """Take no more calls, let those in flight end, write what is left of the journal."""
        nonlocal accepts, draining
        accepts, draining = False, True
        port.stopListening()
        folders.close()
        await process.until(lambda: not agi.sessions, patience)
        await process.written()
        log.info("stopped", sessions=len(agi.sessions), events_lost=process.journal.waiting)

    def orphaned() -> None:
        """End: whoever restarts the parent starts others."""
        nonlocal patience
        patience = ORPHAN_SECONDS
        with suppress(ReactorNotRunning):  # it ends already
            process.reactor.stop()

    if given.parent is not None:
        given.parent.when_lost(process.loop, orphaned)
    process.run(drain, reload=folders.reload, status=f"decides calls at {listening}", begin=begin)


def _limits(descriptors: int) -> Limits:
    """As many sessions as there are descriptors for, without those that everything else needs."""
    limits = Limits()
    return replace(limits, sessions=min(limits.sessions, max(1, descriptors - DESCRIPTORS)))


def _replica(process: Process, url: StoreUrl | None) -> Requests | None:
    """The link to a replica of the store."""
    if url is None:
        return None
    return process.link(
        store_address(url.text),
        deadline=REPLICA_SECONDS,
        bound=LOOKUPS,
        give_up=BREAK_SECONDS,
        replica=True,
    )


def _followed(
    process: Process,
    *,
    settings: ServeSettings,
    routing: Routing,
    kpis: RoutingKpis,
    metrics: RouterMetrics,
    port: int,
    given: _Given,
) -> Folders:
    """Follow the folder of the live policies, and the candidate's; listen to who wants them reloaded."""
    folders = Folders(process.loop, monotonic=time.monotonic)
    live = Live(
        routing=routing,
        kpis=kpis,
        metrics=metrics,
        archive=Archive(settings.versions),
        aside=folders.aside,
        wall=time.time,
        others=given.parent.live if given.parent else lambda _: None,
    )
    live.start()
    _controlled(
        process, settings, control_of(settings.control or default_control(port), given.worker), folders, live
    )
    trusted, version = live.archive.lived, routing.policies.version
    folders.follow("policies", Order(folder=settings.policies), live, live=version, trusted=trusted)
    if settings.shadow is not None:
        candidate = Candidate(routing=routing, metrics=metrics.shadow, soon=process.loop.call_soon)
        process.every(FLUSH_SECONDS, candidate.count)
        order = Order(folder=settings.shadow, proof_seconds=None)
        folders.follow("shadow", order, candidate, live=None, last_good=False)
    process.every(REST_SECONDS, folders.rest)
    return folders


def _controlled(process: Process, settings: ServeSettings, path: Path, folders: Folders, live: Live) -> None:
    """Listen on the control socket. Only one that was asked for by name must be had."""
    try:
        control.remove_left(path, settings.workers)
        control.listen(process.reactor, path, control.control_site(folders.reload, live.state))
    except OSError as wrong:
        if settings.control is not None:
            raise
        log.warning("there is no control socket; files are followed all the same", why=str(wrong))
