"""What each long-running process is made of: loop, store, journal, metrics, an orderly end."""

import asyncio
import gc
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.task import LoopingCall

from metrics.service import ServiceMetrics
from router import __version__
from router.errors import StoreError
from router.log import Log
from router.loop import ClientEndpoint, LoopClock, install
from router.numbers import PseudonymKey
from router.settings import Address, StoreUrl
from router.store.address import Host, StoreAddress, Topology, store_address
from router.store.client import connect, translated
from router.store.embedded import opened
from router.store.journal import Journal
from router.store.keyfile import check_key, load_key
from router.store.link import Link
from router.store.masters import POLL_SECONDS, Discovery, finding
from router.store.shards import Requests, Shards
from router.store.spool import Spool
from router.systemd import State, Told
from router.web.site import site

log = structlog.get_logger()

WRITE_SECONDS = 2.0
"""The deadline of a batch of the journal."""
WRITES = 80
"""Writes in flight at most: a batch, loads, retention, and in a cluster contacts to their servers."""
FLUSH_SECONDS = 0.05
AT_ONCE_SECONDS = 0.05
"""Until a connection to the store that was lost is made anew, for the first time."""
JOURNAL_LENGTH = 1_000_000
"""Events that the stream keeps, about."""


@contextmanager
def store_access(store: StoreUrl, key_file: Path | None) -> Iterator[tuple[StoreAddress, PseudonymKey]]:
    """Where the store is, and the key that its customers are known by.

    A store that does not answer is no obstacle: calls are decided without it, and it may come.

    Raises:
        SettingsError: there is no key, or it is not the one that the customers were imported with.
    """
    key = load_key(key_file, store)
    with opened(store) as url:
        try:
            with connect(url) as client, translated(store):
                check_key(client, key, claim=False)
        except StoreError as wrong:
            log.warning("the store cannot be asked yet whose key it has", why=str(wrong))
        yield store_address(url), key


def pass_hangups() -> None:
    """Let SIGHUP pass until `Process.run` hears it: a start reads the files anyway."""
    signal.signal(signal.SIGHUP, lambda *_: None)


def default_spool(command: str, address: Address) -> Path:
    """Where a process keeps what the store does not take: it is known by where it listens."""
    return Path("run/spool") / f"{command}-{address.port}"


async def _at_once() -> None:
    """Begin with nothing to wait for."""


class Process:
    """The loop and what turns on it; built by a composition root, which adds what the process is for."""

    def __init__(
        self,
        address: StoreAddress,
        lines: Log,
        *,
        window: Callable[[], int],
        writer: str,
        spool: Path,
        notify: Told,
        line: Callable[[bytes], None] = lambda _: None,
    ) -> None:
        """``lines`` is where everything is logged; ``line`` is given events as JSON.

        ``window()``: seconds that a caller's contacts are kept for. ``writer`` names this process's
        events in the journal, ``spool`` is where they go that the store does not take; ``notify`` is told how
        it is.

        Raises:
            SettingsError: another process has the folder of the spool.
        """
        self.descriptors = _take_descriptors()
        """How many files may be open."""
        self.reactor, self.loop = install()
        self.clock: Any = LoopClock(self.loop)
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.metrics = ServiceMetrics(self.registry, __version__)
        self._notify = notify
        self._looking: asyncio.Task[None] | None = None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="spool")
        self._discoveries: dict[tuple[StoreUrl, bool], Discovery] = {}

        def dropped(why: str, events: int) -> None:
            self.metrics.journal_dropped.labels(why).inc(events)

        self.writes = self.link(address, deadline=WRITE_SECONDS, bound=WRITES, give_up=WRITE_SECONDS)
        self.journal = Journal(
            self.writes,
            length=JOURNAL_LENGTH,
            window=window,
            writer=writer,
            dropped=dropped,
            clock=self.clock,
            spool=Spool(spool, dropped),
            aside=partial(self._aside, self._disk),
            line=line,
        )
        self.metrics.journal_spooled.set_function(lambda: self.journal.spooled)
        self.metrics.journal_waiting.set_function(lambda: self.journal.waiting)
        self.metrics.lines_dropped.set_function(lambda: lines.dropped)
        self.every(FLUSH_SECONDS, self.journal.flush)
        self.every(FLUSH_SECONDS, lines.flush)

    def _aside(
        self,
        threads: ThreadPoolExecutor,
        task: Callable[[], None],
        done: Callable[[Exception | None], None],
    ) -> None:
        """Do what may wait, for a disk or for others' answers, in a thread; one thing after the other."""

        def ended(future: Future[None]) -> None:
            self.loop.call_soon_threadsafe(done, cast("Exception | None", future.exception()))

        threads.submit(task).add_done_callback(ended)

    def link(
        self,
        address: StoreAddress,
        *,
        deadline: float,
        bound: int,
        give_up: float,
        replica: bool = False,
    ) -> Requests:
        """A link to a store, connected again and again as long as the process runs.

        Where the store is several servers it follows its masters, or with ``replica`` a replica of each.
        """
        make = partial(
            Link,
            greeting=address.greeting,
            deadline=deadline,
            bound=bound,
            give_up=give_up,
            clock=self.clock,
            soon=self.loop.call_soon,
        )
        if address.servers is None:
            link = make()
            self.start(self._service(address, link))
            return link
        is_cluster = address.servers.topology is Topology.CLUSTER
        if replica and is_cluster:
            make = partial(make, greeting=(*address.greeting, ("READONLY",)))
        services: dict[Host, tuple[ClientService, Link]] = {}

        def dial(host: Host) -> Link:
            link = make(needs_master=not is_cluster and not replica)
            service = self._service(address.at(host), link)
            services[host] = service, link
            self.start(service)
            return link

        def hang_up(host: Host) -> None:
            service, link = services.pop(host)
            service.stopService()
            link.abort()

        discovery = self._discovery(address, replica=replica)
        shards = Shards(
            dial=dial,
            hang_up=hang_up,
            want=discovery.want,
            deadline=deadline,
            clock=self.clock,
            is_scattered=is_cluster,
        )
        discovery.follow(shards.take)
        return shards

    def _discovery(self, address: StoreAddress, *, replica: bool) -> Discovery:
        """Who finds a store's masters; the links to one store share it."""
        assert address.servers is not None  # noqa: S101  the caller has looked
        known = address.url, replica
        if known not in self._discoveries:
            threads = ThreadPoolExecutor(1, thread_name_prefix="masters")
            find = finding(address.servers, address.url, replicas=replica)
            discovery = Discovery(find, partial(self._aside, threads), self.clock)
            self._discoveries[known] = discovery
            self.every(POLL_SECONDS, discovery.look)
            self.reactor.callWhenRunning(discovery.look)
        return self._discoveries[known]

    def _service(self, address: StoreAddress, link: Link) -> ClientService:
        endpoint = ClientEndpoint(
            loop=self.loop,
            path=address.path,
            host=address.host,
            port=address.port,
            tls=address.tls,
        )
        backoff = backoffPolicy(initialDelay=0.5, maxDelay=1.0, factor=2.0)

        def retry(failed: int) -> float:
            """Soon after a connection that served: sentinels cut the clients of servers that are well."""
            served, link.has_served = link.has_served, False
            return AT_ONCE_SECONDS if served else backoff(failed)

        return ClientService(endpoint, link, retryPolicy=retry, clock=self.clock)

    def start(self, service: ClientService) -> None:
        """Start a service with the process."""
        self.reactor.callWhenRunning(service.startService)

    def every(self, seconds: float, task: Callable[[], None]) -> None:
        """Do something again and again, also after it has failed."""

        def tried() -> None:
            try:
                task()
            except Exception:
                self.metrics.task_errors.inc()
                log.exception("what is done again and again has failed")

        looping = LoopingCall(tried)
        looping.clock = self.clock  # the reactor's goes back when somebody sets the wall clock
        looping.start(seconds, now=False)

    def watched(self, address: Address, ready: Callable[[], bool]) -> str:
        """Listen for those who watch this process; where, with the port that it became.

        Raises:
            OSError: the address cannot be had.
        """
        if not address.is_loopback:
            log.warning("metrics can be read from beyond this machine", address=str(address))
        try:
            port = self.reactor.listenTCP(
                address.port, site(self.registry, ready, self.clock), interface=address.host
            )
        except CannotListenError as wrong:
            raise OSError(f"{address}: {wrong.socketError}") from wrong
        return str(Address(address.host, port.getHost().port))

    def run(
        self,
        drain: Callable[[], Awaitable[None]],
        *,
        reload: Callable[[], Awaitable[object]],
        status: str,
        begin: Callable[[], Awaitable[None]] = _at_once,
    ) -> None:
        """Turn until a signal comes; then ``drain``, and end. SIGHUP is ``reload``.

        ``notify`` is told ``status`` when ``begin`` is done, and how it goes: that the process is ready,
        turns, reloads, ends.

        Raises:
            OSError: it could not begin.
        """
        terminal = os.isatty(0)

        def hung_up() -> None:
            # a terminal that was closed ends it in order; else somebody wants it to look at its files
            if terminal and not os.isatty(0):
                self.reactor.stop()
            else:
                self._looking = self.loop.create_task(self._reloaded(reload))

        def stop() -> Deferred[None]:
            self._notify.tell(State.STOPPING, "ends what has begun")
            for again in (signal.SIGTERM, signal.SIGINT):
                signal.signal(again, signal.SIG_IGN)  # it is ending already
            return Deferred.fromFuture(asyncio.ensure_future(drain(), loop=self.loop))

        beginning = self.loop.create_task(self._begun(begin, status))
        beginning.add_done_callback(lambda done: self.reactor.stop() if done.exception() else None)
        self.reactor.addSystemEventTrigger("before", "shutdown", stop)
        gc.collect()
        gc.freeze()  # what lives from the start need not be looked at again in every collection
        signal.signal(signal.SIGHUP, lambda *_: self.reactor.callFromThread(hung_up))
        self.reactor.run()
        self._disk.shutdown()  # what is on its way to the spool
        if beginning.done():
            beginning.result()

    async def _begun(self, begin: Callable[[], Awaitable[None]], status: str) -> None:
        await begin()
        self._notify.tell(State.READY, status)
        if self._notify.watchdog_seconds is not None:
            self.every(self._notify.watchdog_seconds / 2, lambda: self._notify.tell(State.TURNING))

    async def _reloaded(self, reload: Callable[[], Awaitable[object]]) -> None:
        self._notify.tell(State.RELOADING)
        try:
            await reload()
        finally:  # whatever came of it, it takes calls as before
            self._notify.tell(State.READY)

    async def until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until something is so, for so many seconds at most."""
        end = self.clock.seconds() + seconds
        while not condition() and self.clock.seconds() < end:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0.01)

    async def written(self) -> None:
        """Write what is left of the journal; a store that is not there is not waited for long."""
        self.journal.flush()
        await self.until(lambda: not self.journal.waiting, WRITE_SECONDS)


def _take_descriptors() -> int:
    """Take as many descriptors as we may have: sessions are to be shed by our bound, not by the kernel's."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard
