"""The composition root of `ivr serve`: builds the decision service's edges and joins them to its core."""

import os
import secrets
import socket
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import structlog

from metrics.kpis import RoutingKpis
from metrics.service import RouterMetrics
from router.agi.server import AgiPort, Limits, Refusal
from router.errors import Taint
from router.interfaces import to_all
from router.live import control
from router.live.archive import Archive
from router.live.folders import REST_SECONDS, Folders
from router.live.owners import Candidate, Live
from router.live.remote import default_control
from router.live.verdict import Order
from router.loop import listen
from router.numbers import PseudonymKey
from router.policy.load import Policies, load
from router.process import FLUSH_SECONDS, WRITE_SECONDS, Process, default_spool, pass_hangups, store_access
from router.routing import Routing
from router.settings import Address, StoreUrl
from router.store.address import StoreAddress
from router.store.callers import Callers
from router.systemd import Notify, environment, held_socket, notify

log = structlog.get_logger()

LOOKUP_SECONDS = 0.05
"""The deadline of a lookup: after it the caller is decided for as unknown."""
LOOKUPS = 1024
"""Lookups in flight at most."""
SWEEP_SECONDS = 0.25
STORE_SECONDS = 0.5
"""How long the first call waits for the store's connection; then it is decided without."""
LINES = 65_536
"""Lines of the log that wait to be written, at most."""
LINES_A_WRITE = 8
"""Under 4096 bytes together: a pipe takes them whole, and no other line comes between."""
DRAIN_SECONDS = 8.0
"""How long calls in flight may go on after SIGTERM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What `ivr serve` is told, by options or the environment."""

    agi: Address
    """Where it listens, unless systemd hands it a socket that listens already."""
    store: StoreUrl
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What systemd has given this process."""

    notify: Notify
    held: socket.socket | None
    """The socket that listens for FastAGI."""


class CallLog:
    """One line a call on standard output: the event's own JSON, written in batches off the decision path.

    A thread writes, one batch at a time: whoever does not read his pipe stops the log and not the calls. It
    is a daemon and writes to the descriptor, so that it cannot hold up the end of the process either.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.dropped = 0
        """Lines lost because nobody read them."""
        self._lines: list[bytes] = []
        self._batches: SimpleQueue[list[bytes]] = SimpleQueue()
        self._is_writing = False
        Thread(target=self._write, name="log", daemon=True).start()

    def add(self, line: bytes) -> None:
        """Take a line."""
        if len(self._lines) < LINES:
            self._lines.append(line)
        else:
            self.dropped += 1

    def flush(self) -> None:
        """Have written what has come since the last time, unless that is still being written."""
        if self._lines and not self._is_writing:
            self._is_writing = True
            self._batches.put(self._lines)
            self._lines = []

    @property
    def is_written(self) -> bool:
        """Nothing is left to write."""
        return not self._lines and not self._is_writing

    def _write(self) -> None:
        while True:
            lines = self._batches.get()
            for written in range(0, len(lines), LINES_A_WRITE):
                text = b"".join(line + b"\n" for line in lines[written : written + LINES_A_WRITE])
                try:
                    while text:
                        text = text[os.write(self._descriptor, text) :]
                except OSError:  # the pipe is closed, the disk is full
                    self.dropped += len(lines) - written
                    break
            self._is_writing = False


def serve(settings: ServeSettings) -> None:
    """Run the decision service until SIGTERM or SIGINT, then let the calls in flight finish.

    Raises:
        SettingsError, PolicyError: it cannot start.
        OSError: an address cannot be had.
    """
    pass_hangups()
    environ, pid = environment(), os.getpid()
    given = _Given(notify=notify(environ, pid), held=held_socket(environ, pid, "agi"))
    if given.held is not None:
        settings = replace(settings, agi=Address(*given.held.getsockname()[:2]))
    policies = load(settings.policies)
    with store_access(settings.store, settings.key_file) as (address, key):
        _serve(settings, policies, key, address, given)


def _serve(
    settings: ServeSettings, policies: Policies, key: PseudonymKey, address: StoreAddress, given: _Given
) -> None:
    lines = CallLog(sys.stdout.fileno())
    process = Process(
        address,
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
    metrics.lines_dropped.set_function(lambda: lines.dropped)
    process.every(FLUSH_SECONDS, lines.flush)
    lookups = process.link(deadline=LOOKUP_SECONDS, bound=LOOKUPS)
    process.metrics.store_up.set_function(lambda: float(lookups.is_up))
    routing = Routing(
        policies=policies,
        store=Callers(
            lookups,
            lambda error: metrics.store_errors.labels(error.kind).inc(),
            time.time,
            took=metrics.store_seconds.observe,
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
        limits=Limits(),
    )
    metrics.agi_sessions.set_function(lambda: len(agi.sessions))
    process.every(SWEEP_SECONDS, agi.sweep)

    port = process.loop.run_until_complete(
        listen(process.loop, agi, settings.agi.host, settings.agi.port, held=given.held, accepting=False)
    )
    listening = Address(settings.agi.host, port.getHost().port)
    accepts = draining = False
    watched = process.watched(settings.metrics, lambda: lookups.is_up and accepts)
    folders = _followed(
        process, settings=settings, routing=routing, kpis=kpis, metrics=metrics, port=listening.port
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
            await port.accept()
            accepts = True
            log.info("ready", agi=str(listening), metrics=watched)

    async def drain() -> None:
        """Take no more calls, let those in flight end, write what is left of the journal."""
        nonlocal accepts, draining
        accepts, draining = False, True
        port.stopListening()
        folders.close()
        await process.until(lambda: not agi.sessions, DRAIN_SECONDS)
        await process.written()
        lines.flush()
        await process.until(lambda: lines.is_written, WRITE_SECONDS)
        log.info("stopped", sessions=len(agi.sessions), events_lost=process.journal.waiting)

    process.run(drain, reload=folders.reload, status=f"decides calls at {listening}", begin=begin)


def _followed(
    process: Process,
    *,
    settings: ServeSettings,
    routing: Routing,
    kpis: RoutingKpis,
    metrics: RouterMetrics,
    port: int,
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
    )
    live.start()
    _controlled(process, settings.control, port, folders, live)
    trusted, version = live.archive.lived, routing.policies.version
    folders.follow("policies", Order(folder=settings.policies), live, live=version, trusted=trusted)
    if settings.shadow is not None:
        candidate = Candidate(routing=routing, metrics=metrics.shadow, soon=process.loop.call_soon)
        process.every(FLUSH_SECONDS, candidate.count)
        order = Order(folder=settings.shadow, proof_seconds=None)
        folders.follow("shadow", order, candidate, live=None, last_good=False)
    process.every(REST_SECONDS, folders.rest)
    return folders


def _controlled(process: Process, given: Path | None, port: int, folders: Folders, live: Live) -> None:
    """Listen on the control socket. Only one that was asked for by name must be had."""
    path = given or default_control(port)
    try:
        control.listen(process.reactor, path, control.control_site(folders.reload, live.state))
    except OSError as wrong:
        if given is not None:
            raise
        log.warning("there is no control socket; files are followed all the same", why=str(wrong))
