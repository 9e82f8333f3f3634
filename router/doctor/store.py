"""What a store says of itself, and what that means. No socket, no clock."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from router.doctor.finding import Finding, Severity, error, ok, skipped, warning
from router.settings import StoreUrl
from router.store.address import servers

OLDEST = (6, 2)
"""Redis 6 has users with rights; what is older has had no corrections for years."""
CLOCK_SECONDS = 1.0
"""Between the store's clock and ours."""
FULL, TIGHT = 0.95, 0.8
"""Of the memory that the store may take."""
_KEEP_ALL = "noeviction"
_RIGHTS = "Give our processes a user of their own: docs/reference/store.md has the rule for ACL SETUSER."


class KeyState(StrEnum):
    """How the key file fits the customers in the store."""

    FITS = "fits"
    UNUSED = "unused"
    """Nobody was imported with it."""
    WRONG = "wrong"
    """It cannot be used, or customers were imported with another."""
    ABSENT = "absent"
    """None was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoStore:
    """A store that could not be looked at."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSeen:
    """What a store has said."""

    info: Mapping[str, str]
    """The lines of INFO; none when the user may not ask."""
    user: str
    """Whom it takes us for (ACL WHOAMI); empty when it does not say."""
    save: str | None
    """Its setting of that name; None when the user may not ask for settings."""
    drift: float | None
    """Seconds that its clock is ahead of ours; None when it does not say."""
    key: KeyState
    key_detail: str = ""
    server: str = ""
    """Which one it is, where the URL does not say: the master that sentinels name, or one of a cluster."""
    coverage: str | None = None
    """Its setting cluster-require-full-coverage; None when it is no cluster, or does not tell."""
    others: tuple["StoreSeen", ...] = ()
    """The other masters of a cluster."""


def reached(store: StoreUrl, seen: StoreSeen | NoStore) -> Finding:
    """Whether the store answers."""
    if isinstance(seen, NoStore):
        return error(
            "store-answers",
            seen.detail,
            "Start it, or correct --store; calls are decided as for unknown callers meanwhile.",
        )
    masters = [each.server for each in (seen, *seen.others) if each.server]
    where = f"; its master{'s' if seen.others else ''}: {', '.join(masters)}" if masters else ""
    return ok("store-answers", f"{store} answers{where}")


def version(seen: StoreSeen) -> Finding:
    """Whether the server is one that is still corrected."""
    name = "valkey" if "valkey_version" in seen.info else "redis"
    text = seen.info.get(f"{name}_version", "")
    numbers = re.match(r"(\d+)\.(\d+)", text)
    if numbers is None:
        return _untold("store-version", seen)
    if (int(numbers[1]), int(numbers[2])) < OLDEST:
        return warning("store-version", f"{name} {text} is old", "Install Redis 6.2 or later, or Valkey.")
    return ok("store-version", f"{name} {text}")


def key(seen: StoreSeen) -> Finding:
    """Whether callers can be known by the key file."""
    match seen.key:
        case KeyState.FITS:
            return ok("store-key", "the customers were imported with this key file")
        case KeyState.UNUSED:
            return warning(
                "store-key",
                "no customers were imported with this key file: every caller is unknown",
                "Run `ivr customers import`, or give the key file that they were imported with.",
            )
        case KeyState.WRONG:
            return error("store-key", seen.key_detail, "Give every process the same key file.")
        case KeyState.ABSENT:
            return skipped("store-key", "no key file: --key-file, or IVR_KEY_FILE")


def persistence(seen: StoreSeen) -> Finding:
    """Whether customers, contacts and journal outlive the server."""
    info = seen.info
    if "aof_enabled" not in info:
        return _untold("store-persistence", seen)
    appends = info["aof_enabled"] == "1"
    if appends and info.get("aof_last_write_status") != "ok":
        return error("store-persistence", "the append-only file cannot be written", "Look at its disk.")
    if info.get("rdb_last_bgsave_status") == "err" and (seen.save or not appends):
        return error(
            "store-persistence", "the last snapshot failed: the store may refuse writes", "Look at its disk."
        )
    if appends:
        return ok("store-persistence", "append-only file")
    if seen.save:
        return ok("store-persistence", f"snapshots (save {seen.save}): what is newer is lost in a crash")
    unknown = "; whether it makes snapshots it does not tell" if seen.save is None else " nor snapshots"
    return warning(
        "store-persistence",
        f"the store has no append-only file{unknown}: a restart may lose everything",
        "Set appendonly yes in its configuration.",
    )


def eviction(seen: StoreSeen) -> Finding:
    """Whether the store throws customers away when it is full."""
    policy = seen.info.get("maxmemory_policy", "")
    if not policy:
        return _untold("store-eviction", seen)
    if policy == _KEEP_ALL:
        return ok("store-eviction", f"maxmemory-policy {_KEEP_ALL}: nothing is thrown away")
    bounded = seen.info.get("maxmemory", "0") != "0"
    what = "customers" if policy.startswith("allkeys") else "contacts of callers"
    text = f"maxmemory-policy {policy}: a full store throws {what} away"
    do = f"Set maxmemory-policy {_KEEP_ALL}."
    if bounded and policy.startswith("allkeys"):
        return error("store-eviction", text, do)
    return warning("store-eviction", text, do)


def memory(seen: StoreSeen) -> Finding:
    """Whether there is room."""
    used, most = _number(seen, "used_memory"), _number(seen, "maxmemory")
    what = "maxmemory"
    if not most:
        most, what = _number(seen, "total_system_memory"), "the machine's memory"
    if used is None or not most:
        return _untold("store-memory", seen)
    share = used / most
    text = f"{share:.0%} of {what} ({most / 2**30:.1f} GiB) in use"
    do = "Raise maxmemory, or keep contacts and journal for a shorter time."
    if share >= FULL:
        return error("store-memory", text, do)
    return warning("store-memory", text, do) if share >= TIGHT else ok("store-memory", text)


def replication(seen: StoreSeen) -> Finding:
    """Whether the store takes writes, and who has a copy."""
    info = seen.info
    match info.get("role"):
        case "master":
            return ok("store-role", f"takes writes; replicas: {info.get('connected_slaves', '0')}")
        case "slave":
            link = "" if info.get("master_link_status") == "up" else ", and its link to the primary is down"
            return error(
                "store-role",
                f"this is a replica{link}: contacts and journal cannot be written",
                "Give the primary to --store.",
            )
        case _:
            return _untold("store-role", seen)


def coverage(seen: StoreSeen) -> Finding:
    """Whether a cluster serves on while one of its masters is away."""
    if seen.coverage != "yes":
        return ok("store-coverage", "the cluster serves on while one master is away")
    return warning(
        "store-coverage",
        "while one master is away the cluster serves nobody",
        "Set cluster-require-full-coverage no on each node.",
    )


def user(store: StoreUrl, seen: StoreSeen) -> Finding:
    """Whether we may do more than we need."""
    administers = seen.save is not None
    if store.embedded is not None:
        return ok("store-user", "an embedded store: its socket is for its owner alone")
    if seen.user == "default" and administers:
        return warning("store-user", "we are the default user with all rights", _RIGHTS)
    if administers:
        return warning("store-user", f"user {seen.user} may change the store's settings (CONFIG)", _RIGHTS)
    return ok("store-user", f"user {seen.user or 'of ours'} may not administer the store")


def encryption(store: StoreUrl, seen: StoreSeen) -> Finding:
    """Whether numbers' pseudonyms and the password cross a network in the clear."""
    several = servers(store.text)
    parts = None if several else urlsplit(store.text)
    if (parts is not None and parts.scheme == "rediss") or (several and several.options.get("ssl")):
        return ok("store-encryption", "TLS")
    hosts = [seen.server.rpartition(":")[0]] if seen.server else []
    if several is not None:
        hosts += [host for host, _ in several.hosts]
    elif parts is not None and parts.scheme == "redis":
        hosts.append(parts.hostname or "127.0.0.1")
    far = [host for host in hosts if host not in {"localhost", "::1"} and not host.startswith("127.")]
    if not far:
        return ok("store-encryption", "does not leave this machine")
    return warning(
        "store-encryption",
        f"what is said to {far[0]} crosses the network in plain text, the password too",
        "Use rediss:// (or ssl=true) with ssl_ca_certs, or a tunnel.",
    )


def clock(seen: StoreSeen) -> Finding:
    """Whether store and this machine agree what time it is."""
    if seen.drift is None:
        return _untold("store-clock", seen)
    if abs(seen.drift) > CLOCK_SECONDS:
        way = "ahead of" if seen.drift > 0 else "behind"
        return warning(
            "store-clock",
            f"its clock is {abs(seen.drift):.1f} s {way} this machine's",
            "Have both synchronised by NTP.",
        )
    return ok("store-clock", "its clock and this machine's agree")


def checks(store: StoreUrl, seen: StoreSeen) -> Iterator[Finding]:
    """All that is said of a store that answers; of a cluster each is the worst of its masters."""
    findings = [list(_of_one(store, each)) for each in (seen, *seen.others)]
    for same in zip(*findings, strict=True):
        worst = max(same, key=lambda finding: _GRAVITY.index(finding.severity))
        where = (seen, *seen.others)[same.index(worst)].server
        is_odd = bool(seen.others) and worst.severity is not Severity.OK
        yield replace(worst, text=f"{where}: {worst.text}") if is_odd else worst


_GRAVITY = (Severity.OK, Severity.SKIPPED, Severity.WARNING, Severity.ERROR)


def _of_one(store: StoreUrl, seen: StoreSeen) -> Iterator[Finding]:
    yield version(seen)
    yield key(seen)
    yield persistence(seen)
    yield eviction(seen)
    yield memory(seen)
    yield replication(seen)
    if seen.coverage is not None:
        yield coverage(seen)
    yield user(store, seen)
    yield encryption(store, seen)
    yield clock(seen)


def _number(seen: StoreSeen, name: str) -> int | None:
    text = seen.info.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _untold(check: str, seen: StoreSeen) -> Finding:
    return skipped(check, f"the store does not tell user {seen.user or 'of ours'}")
