"""The examination: asks everybody who was named, each with a deadline, and has the answers judged."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from router import __version__
from router.doctor import ami, kernel, machine, redis_info, services, store, switch, web_pages
from router.doctor.finding import Finding, Part, skipped
from router.errors import PolicyError, Problem, SettingsError
from router.policy import switch as switch_files
from router.policy.load import QUEUES_FILE, Folder, read_folder
from router.policy.proof import findings
from router.policy.proof.prove import prove
from router.policy.source import read
from router.settings import Address, StoreUrl
from router.store.keyfile import FILE

SITE = "site"
"""Beside the switch's configuration: the folder with passwords in it."""
DIALLED = "10010"
"""The number that a router is asked about where the policies cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is to be looked at; None, or nothing: not that."""

    policies: Path
    budget: float
    """Seconds that a proof may take."""
    ami: Address | None = None
    ami_user: str = "ivr"
    ami_secret: str | None = field(default=None, repr=False)
    ami_secret_file: Path | None = None
    asterisk_conf: Path | None = None
    queue_log: Path | None = None
    routers: Sequence[Address] = ()
    metrics: Sequence[Address] = ()
    """Where routers tell how they are."""
    watch_metrics: Sequence[Address] = ()
    """Where observers do."""
    dialled: str | None = None
    store: StoreUrl | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Seconds, of the wall and of a clock that never goes back."""

    wall: Callable[[], float]
    monotonic: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """The policies, as far as they can be read."""

    folder: Folder | None
    mistakes: Sequence[Problem]
    doubts: Sequence[Problem] = ()

    @property
    def version(self) -> str:
        return self.folder.book.version if self.folder else ""


def examine(given: Given, clocks: Clocks) -> Mapping[Part, Sequence[Finding]]:
    """Look at everything that was given; in half a minute at most, and the time of a proof."""
    files = _policies(given, clocks)
    return {
        Part.SWITCH: [*_switch(given, files)],
        Part.ROUTERS: [*_services(given, files, clocks)],
        Part.STORE: [*_store(given, clocks)],
        Part.MACHINE: [*_machine(given, files)],
    }


def _policies(given: Given, clocks: Clocks) -> _Files:
    try:
        folder = read_folder(given.policies)
    except PolicyError as refused:
        return _Files(folder=None, mistakes=refused.problems)
    proof = prove(folder.book, budget=given.budget, clock=clocks.monotonic, since=int(clocks.wall()))
    return _Files(
        folder=folder,
        mistakes=tuple(findings.problems(proof, folder)),
        doubts=tuple(findings.doubts(proof, folder)),
    )


def _switch(given: Given, files: _Files) -> Iterator[Finding]:
    queues = files.folder.book.queues.keys() if files.folder else None
    menus = [switch_files.MENU + name for name in files.folder.book.menus] if files.folder else []
    seen = _live_switch(given, menus)
    started = calls = None
    if isinstance(seen, Finding):
        yield seen
    elif given.ami is not None:
        yield from switch.reached(given.ami, seen)
    if isinstance(seen, switch.SwitchSeen):
        yield from switch.checks(seen, queues, menus, given.routers)
        started, calls = seen.started, sum(queue.calls for queue in seen.queues.values())
    yield machine.agreement(given.asterisk_conf, [*_strangers(given)])
    log = None if given.queue_log is None else kernel.file(given.queue_log)
    yield machine.queue_log(log, started, calls)
    yield machine.secrets([*_secrets(given)])


def _live_switch(given: Given, menus: Iterable[str]) -> switch.SwitchSeen | switch.NoSwitch | Finding:
    if given.ami is None:
        return skipped("ami-login", "--ami HOST:PORT, or IVR_AMI")
    if given.ami_secret is None:
        return skipped("ami-login", "no secret: --ami-secret-file FILE, or IVR_AMI_SECRET")
    contexts = map(switch.dialplan_exists, (*switch.CONTEXTS, *menus))
    variables = (switch.READS_FILES, *switch.ROUTER_GLOBALS, *contexts)
    try:
        return ami.look(given.ami, given.ami_user, given.ami_secret, variables)
    except SettingsError as cannot:
        return skipped("ami-login", str(cannot))


def _strangers(given: Given) -> Iterator[Problem]:
    """What the policies name and the switch's files have not."""
    if given.asterisk_conf is None:
        return
    try:
        there = switch_files.read_switch(given.asterisk_conf)
    except PolicyError as refused:
        yield from refused.problems
        return
    yield from switch_files.strangers(there, read(given.policies / QUEUES_FILE))


def _secrets(given: Given) -> Iterator[machine.FileSeen]:
    paths = [] if given.ami_secret_file is None else [given.ami_secret_file]
    if given.asterisk_conf is not None:
        paths += sorted((given.asterisk_conf / SITE).glob("*.conf"))
    return map(kernel.file, paths)


def _services(given: Given, files: _Files, clocks: Clocks) -> Iterator[Finding]:
    numbers = (
        [number for hotline in files.folder.book.hotlines for number in hotline.numbers]
        if files.folder
        else []
    )
    dialled = given.dialled or next(iter(numbers), DIALLED)
    asked = [
        web_pages.decide(router, dialled, f"doctor-{clocks.wall():.6f}.{place}")
        for place, router in enumerate(given.routers)
    ]
    seen = [
        *(web_pages.look(services.Role.SERVE, address) for address in given.metrics),
        *(web_pages.look(services.Role.WATCH, address) for address in given.watch_metrics),
    ]
    if not given.routers:
        yield skipped("router-decides", "--agi HOST:PORT, or IVR_AGI")
    if not given.metrics:
        yield skipped("serve-ready", "--metrics HOST:PORT, or IVR_METRICS")
    if not given.watch_metrics:
        yield skipped("watch-ready", "--watch-metrics HOST:PORT, or IVR_WATCH_METRICS")
    yield from services.checks(asked, seen, folder=files.version, own=__version__)


def _store(given: Given, clocks: Clocks) -> Iterator[Finding]:
    if given.store is None:
        yield skipped("store-answers", "--store URL, or IVR_STORE")
        return
    seen = redis_info.look(given.store, given.key_file, clocks.wall)
    yield store.reached(given.store, seen)
    if isinstance(seen, store.StoreSeen):
        yield from store.checks(given.store, seen)


def _machine(given: Given, files: _Files) -> Iterator[Finding]:
    yield from machine.checks(kernel.look())
    key_file, embedded = given.key_file, given.store.embedded if given.store else None
    if key_file is None and embedded is not None and (embedded / FILE).exists():
        key_file = embedded / FILE
    yield machine.key_file(None if key_file is None else kernel.file(key_file))
    yield machine.policies(files.version, files.mistakes, files.doubts)
