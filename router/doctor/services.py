"""What routers and observers say of themselves, and what that means. No socket, no clock."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from router.doctor.finding import Finding, error, listed, ok, skipped, warning
from router.doctor.machine import DESCRIPTORS
from router.settings import Address


class Role(StrEnum):
    """Which command a process runs."""

    SERVE = "serve"
    WATCH = "watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a router answered to the call of a caller without a number."""

    router: Address
    variables: Mapping[str, str]
    """As the dialplan gets them; none: it declined."""
    seconds: float = 0.0
    trouble: str = ""
    """Why there is no answer at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSeen:
    """What the port for machines that watch a process gave."""

    role: Role
    address: Address
    ready: bool = False
    samples: Mapping[str, float]
    """Its metrics without labels."""
    policy: str = ""
    build: str = ""
    trouble: str = ""
    """Why nothing came."""

    @property
    def name(self) -> str:
        """For people."""
        return f"ivr {self.role} at {self.address}"


def decided(seen: Decided) -> Finding:
    """Whether a router sends a call somewhere."""
    values = seen.variables
    if seen.trouble:
        return error("router-decides", f"{seen.router}: {seen.trouble}", "Start `ivr serve`; compare --agi.")
    if values.get("IVR_OK") != "1":
        return error(
            "router-decides",
            f"{seen.router} declined the call: the dialplan's default route would take it",
            "Is the number dialled (--dialled) in a hotline's numbers? The router's log says more.",
        )
    where = values.get("IVR_QUEUE") or values.get("IVR_MENU") or values.get("IVR_PROMPT", "")
    to = f"{values.get('IVR_ACTION', '?')} {where}".strip()
    if not seen.router.is_loopback:
        return warning(
            "router-decides",
            f"{seen.router} answers ({to}), and can be reached from beyond this machine",
            "Let it listen on loopback: FastAGI has neither passwords nor encryption.",
        )
    return ok(
        "router-decides",
        f"{seen.router} sends a caller without a number to {to} in {seen.seconds * 1e3:.1f} ms",
    )


def ready(seen: ServiceSeen) -> Finding:
    """Whether a process says that it is ready."""
    check = f"{seen.role}-ready"
    if seen.trouble:
        return error(
            check, f"{seen.name}: {seen.trouble}", "Start it; compare the address with its --metrics."
        )
    if not seen.ready:
        lacks = {
            Role.SERVE: "Does the store answer? It still decides, as for unknown callers.",
            Role.WATCH: "Do store and switch answer, and is queue_log there? Its log says which.",
        }
        return error(check, f"{seen.name} is not ready", lacks[seen.role])
    return ok(check, f"{seen.name} is ready")


def reloads(seen: ServiceSeen) -> Iterator[Finding]:
    """Whether the files in its folder are what decides."""
    if seen.samples.get("ivr_policy_reload_ok") == 0:
        yield warning(
            f"{seen.role}-reload",
            f"{seen.name} goes by an earlier version: the files in its folder were refused",
            "`ivr lint` says why; correct them, or `ivr rollback`.",
        )


def descriptors(seen: ServiceSeen) -> Iterator[Finding]:
    """Whether a router may have as many connections as it lets in."""
    most = seen.samples.get("process_max_fds")
    if seen.role is Role.SERVE and most is not None and most < DESCRIPTORS:
        yield warning(
            "serve-descriptors",
            f"{seen.name} may open {most:.0f} files, and lets in more sessions than that",
            f"Start it with LimitNOFILE={DESCRIPTORS} or more.",
        )


def builds(services: Sequence[ServiceSeen], own: str) -> Iterator[Finding]:
    """Whether all run the release that this command is of."""
    found = {one.build for one in services if one.build}
    if found - {own}:
        yield warning(
            "same-release",
            f"releases differ: {listed(found)} run, and this command is of {own}",
            "Restart them after an update.",
        )


def versions(found: Collection[str], folder: str) -> Finding:
    """Whether all go by one version of the policies, that of the ``folder`` (empty: not known)."""
    found = set(found) - {""}
    if not found:
        return skipped("same-policies", "no router or observer has told a version")
    if len(found) > 1:
        return error(
            "same-policies",
            f"routers and observers go by different policies: {listed(found)}",
            "Give all the same folder; `ivr reload` at those that are behind.",
        )
    (live,) = found
    if folder and folder != live:
        return warning(
            "same-policies",
            f"{live} is live, and the folder given here has {folder}",
            "`ivr reload`, or give the live folder to --policies.",
        )
    return ok("same-policies", f"{live} is live everywhere that was looked at")


def checks(
    asked: Sequence[Decided], services: Sequence[ServiceSeen], *, folder: str, own: str
) -> Iterator[Finding]:
    """All that is said of routers and observers; ``own`` is the release of this command."""
    yield from map(decided, asked)
    for one in services:
        yield ready(one)
        yield from reloads(one)
        yield from descriptors(one)
    yield from builds(services, own)
    live = [one.variables.get("IVR_POLICY", "") for one in asked]
    yield versions([*live, *(one.policy for one in services)], folder)
