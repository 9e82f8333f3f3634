"""What a switch says over AMI, and what that means. No socket, no clock."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from router.doctor.finding import Finding, error, listed, ok, skipped, warning
from router.settings import Address

OLDEST = 22
"""The major version of Asterisk that the dialplan is written for."""
READS_FILES = "AST_CONFIG(manager.conf,general,enabled)"
"""What Getvar is asked for to see whether it reads configuration files; the value is no secret."""
ROUTER_GLOBALS = ("IVR_ROUTER_A", "IVR_ROUTER_B")
READY = "Getvar QUEUE_MEMBER"
NEEDED = ("QueueSummary", "QueueStatus", READY)
"""What the observer asks for, once a second or a minute."""
FORBIDDEN = ("Command", "Originate")
"""What the observer's user must not be able to do: it is tried, in a form that does nothing."""
CONTEXTS = ("ivr-route", "ivr-queue")
"""Contexts that every call goes through."""
LAST_RESORT = "default"
"""The queue of the dialplan's default route."""
_OURS = "reporting"
"""The one class of actions that the observer needs."""
_SHIPPED = "Give the user read = agent and write = reporting in manager.conf, as shipped."


class Trouble(StrEnum):
    """Why a switch could not be looked at."""

    UNREACHABLE = "unreachable"
    NOT_AMI = "not_ami"
    SILENT = "silent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSwitch:
    """A switch that could not be looked at."""

    trouble: Trouble
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSeen:
    """A queue of the switch."""

    members: int
    reachable: int
    """Members whose phones are there."""
    calls: int
    """That ended in it since the switch started, answered or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchSeen:
    """What a switch has said."""

    version: str
    """Of Asterisk; empty when it is not told."""
    started: float | None
    """In seconds since the epoch; None when it is not told."""
    rights: Mapping[str, str]
    """Actions that the user may ask for, and the classes that allow each; empty classes: everybody may."""
    refused: Mapping[str, str]
    """What was asked and not done, of `NEEDED` and `FORBIDDEN`, with the switch's reason."""
    queues: Mapping[str, QueueSeen]
    """By our names."""
    values: Mapping[str, str]
    """What Getvar gave for globals and functions."""


def dialplan_exists(context: str) -> str:
    """What Getvar is asked for: 1 where the dialplan has the context."""
    return f"DIALPLAN_EXISTS({context},s,1)"


def reached(ami: Address, seen: SwitchSeen | NoSwitch) -> Iterator[Finding]:
    """Whether the switch answers and lets us in."""
    if isinstance(seen, NoSwitch):
        yield _not_reached(ami, seen)
    elif ami.is_loopback:
        yield ok("ami-login", f"{ami} lets us in")
    else:
        yield warning(
            "ami-login",
            f"{ami} lets us in, in plain text over a network",
            "Run doctor and observer on the switch's machine: bindaddr = 127.0.0.1 in manager.conf.",
        )


def _not_reached(ami: Address, seen: NoSwitch) -> Finding:
    said = {
        Trouble.UNREACHABLE: (
            f"{ami} cannot be reached: {seen.detail}",
            "Start Asterisk; compare --ami with bindaddr and port in manager.conf.",
        ),
        Trouble.NOT_AMI: (
            f"{ami} is no AMI: it greets with {seen.detail}",
            "Give the port of manager.conf to --ami.",
        ),
        Trouble.SILENT: (
            f"{ami} does not answer: {seen.detail}",
            "Look at Asterisk's log and CPU; is it another program's port?",
        ),
        Trouble.REFUSED: (
            f"{ami} does not let us in: {seen.detail}",
            "Compare user, secret and acl with manager.conf, then: asterisk -rx 'manager reload'.",
        ),
    }
    return error("ami-login", *said[seen.trouble])


def version(seen: SwitchSeen) -> Finding:
    """Whether the switch is new enough."""
    major = seen.version.partition(".")[0]
    if not major.isascii() or not major.isdigit():
        return skipped("asterisk-version", "the switch does not tell its version")
    if int(major) < OLDEST:
        return error(
            "asterisk-version",
            f"Asterisk {seen.version} is older than {OLDEST}",
            f"Install Asterisk {OLDEST}: the dialplan uses what older ones do not have.",
        )
    return ok("asterisk-version", f"Asterisk {seen.version}")


def rights(seen: SwitchSeen) -> Finding:
    """Whether the user may do no more than the observer needs."""
    beyond = {name for name, classes in seen.rights.items() if classes and _OURS not in classes.split(",")}
    beyond |= {name for name in FORBIDDEN if name not in seen.refused}
    if beyond:
        return warning("ami-rights", f"the AMI user may do more than it needs: {listed(beyond)}", _SHIPPED)
    return ok("ami-rights", f"the AMI user may not do more than it needs; {listed(FORBIDDEN)} are refused")


def needed(seen: SwitchSeen) -> Finding:
    """Whether the switch answers what the observer asks."""
    missing = {f"{name} ({seen.refused[name]})" for name in NEEDED if name in seen.refused}
    if missing:
        return error("ami-needed", f"the switch does not do for the observer: {listed(missing)}", _SHIPPED)
    return ok("ami-needed", f"the observer can ask: {', '.join(NEEDED)}")


def files_closed(seen: SwitchSeen) -> Finding:
    """Whether AMI and dialplan give out what is in configuration files."""
    if seen.values.get(READS_FILES):
        return error(
            "ami-reads-files",
            "Getvar reads Asterisk's configuration files, and the passwords in them",
            "Put noload = func_config.so and the others of the shipped modules.conf into modules.conf.",
        )
    return ok("ami-reads-files", "Getvar reads no configuration files")


def queues(seen: SwitchSeen, named: Collection[str] | None) -> Iterator[Finding]:
    """Whether the queues that policies name are there, and people in them; by our names; None: not known."""
    if "QueueStatus" in seen.refused:
        yield skipped("queues", "the switch does not tell its queues")
        return
    if named is None:
        yield skipped("queues", "the policies have mistakes: which queues they name is not known")
        return
    wanted = {*named, LAST_RESORT}
    missing = wanted - seen.queues.keys()
    if missing:
        yield error(
            "queues",
            f"the switch has no queue {listed(missing)}: calls for it are lost to the dialplan's default",
            "Add it to queues.conf and run asterisk -rx 'queue reload all', or correct the policies.",
        )
    else:
        yield ok("queues", f"the switch has all {len(wanted)} queues that policies name")
    there = [name for name in wanted if name in seen.queues]
    empty = {name for name in there if not seen.queues[name].members}
    away = {name for name in there if seen.queues[name].members and not seen.queues[name].reachable}
    if empty:
        yield warning("queue-members", f"no members in {listed(empty)}", "Add member lines for them.")
    if away:
        yield warning(
            "queue-members",
            f"no phone of any member is there in {listed(away)}",
            "Do the phones register? asterisk -rx 'queue show' lists them as unavailable.",
        )
    if there and not empty and not away:
        yield ok("queue-members", "each of them has members whose phones are there")


def dialplan(seen: SwitchSeen, menus: Collection[str]) -> Finding:
    """Whether the live dialplan has the contexts that calls go through; ``menus`` as contexts."""
    if READY in seen.refused:
        return skipped("dialplan", "the switch does not let us ask for its contexts")
    wanted = (*CONTEXTS, *menus)
    missing = {name for name in wanted if seen.values.get(dialplan_exists(name)) != "1"}
    if missing:
        return error(
            "dialplan",
            f"the live dialplan has no context {listed(missing)}",
            "Compare extensions.conf with the shipped one; asterisk -rx 'dialplan reload'.",
        )
    return ok("dialplan", f"the live dialplan has all {len(wanted)} contexts")


def routers_asked(seen: SwitchSeen, routers: Collection[Address]) -> Finding:
    """Whether the switch asks the routers that were given to be looked at."""
    asked = {value for name in ROUTER_GLOBALS if (value := seen.values.get(name))}
    if READY in seen.refused:
        return skipped("routers-asked", "the switch does not let us ask which routers it asks")
    if not asked:
        return error(
            "routers-asked",
            "the switch asks no router: every call takes the default route",
            "Set IVR_ROUTER_A in site/globals.conf; asterisk -rx 'dialplan reload'.",
        )
    if not routers:
        return ok("routers-asked", f"the switch asks {listed(asked)}")
    other = asked ^ set(map(str, routers))
    if other:
        return warning(
            "routers-asked",
            f"the switch asks {listed(asked)}, and these were to be looked at: {listed(map(str, routers))}",
            "Compare site/globals.conf with --agi of `ivr serve` and of this command.",
        )
    return ok("routers-asked", f"the switch asks {listed(asked)}")


def checks(
    seen: SwitchSeen,
    queues_named: Collection[str] | None,
    menus: Collection[str],
    routers: Collection[Address],
) -> Iterator[Finding]:
    """All that is said of a switch that lets us in."""
    yield version(seen)
    yield rights(seen)
    yield needed(seen)
    yield files_closed(seen)
    yield from queues(seen, queues_named)
    yield dialplan(seen, menus)
    yield routers_asked(seen, routers)
