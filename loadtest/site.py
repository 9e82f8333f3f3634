"""What differs from one switch to the next: the files of site/ that asterisk_conf includes. Pure text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loadtest.agents import Agent

HOTLINES = (
    "10010",
    "037110010",  # Henan
    "031110010",  # Hebei
    "053110010",  # Shandong
    "035110010",  # Shanxi
    "02910010",  # Shaanxi
    "02410010",  # Liaoning
    "18618610010",
    "+8618618610010",
    "4000010010",
)
"""10010 with its six provinces, the line for customers abroad (as dialled here and there), the 400 line."""


class BadSite(ValueError):
    """A value would break out of its line in a configuration file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One switch: its addresses, its routers, its people."""

    name: str
    """In front of every channel's id, so that two switches never make the same call id."""
    sip_host: str = "127.0.0.1"
    sip_port: int
    ami_port: int
    ami_secret: str
    rtp_first: int
    rtp_last: int
    routers: Sequence[str]
    """One or two, as ``127.0.0.1:4573``: IP literals."""
    trunk: str = "127.0.0.1"
    """Calls from this address (or network) are the trunk's."""
    hotlines: Sequence[str] = HOTLINES
    agents: Sequence[Agent] = ()
    wrapup: int | None = None
    """Seconds of wrap-up in every queue; None leaves what queues.conf says."""
    last_wait: int | None = None
    """Seconds in the last queue before the caller is told that nobody is free; None leaves 900."""
    control: str | None = None
    """A number that the switch answers, and ends, without asking anybody: a yardstick for load tests."""


def render(site: Site) -> dict[str, str]:
    """The files of site/, by name.

    Raises:
        BadSite: a value has characters that configuration files give a meaning to.
    """
    _check(site)
    return {
        "pjsip.conf": _pjsip(site),
        "agents.conf": "".join(_phone(agent) for agent in site.agents),
        "members.conf": "".join(_members(site)),
        "rtp.conf": f"rtpstart = {site.rtp_first}\nrtpend = {site.rtp_last}\n",
        "ami.conf": f"port = {site.ami_port}\n",
        "ami_secret.conf": f"secret = {site.ami_secret}\n",
        "globals.conf": _globals(site),
        "hotlines.conf": "".join(
            f"exten => {number},1,Goto(inbound-call,${{EXTEN}},1)\n" for number in site.hotlines
        )
        + (f"exten => {site.control},1,Answer(,i)\n same => n,Hangup()\n" if site.control else ""),
    }


def _check(site: Site) -> None:
    if not 1 <= len(site.routers) <= 2:
        raise BadSite("a switch asks one router or two")
    control = (site.control,) if site.control else ()
    words = (site.name, site.ami_secret, *site.hotlines, *control, *(agent.name for agent in site.agents))
    addresses = (site.sip_host, site.trunk, *site.routers, *(agent.host for agent in site.agents))
    queues = (queue for agent in site.agents for queue in agent.queues)
    for text in (*words, *addresses, *queues):
        if not re.fullmatch(r"[A-Za-z0-9_.:/+-]+", text, re.ASCII):
            raise BadSite(f"{text!r} is no plain word")


def _pjsip(site: Site) -> str:
    return (
        f"[transport-udp](udp)\nbind = {site.sip_host}:{site.sip_port}\n\n"
        "[trunk](trunk-endpoint)\n\n"
        f"[trunk-1](trunk-address)\nmatch = {site.trunk}\n"
    )


def _phone(agent: Agent) -> str:
    return (
        f"[{agent.name}](agent-endpoint)\naors = {agent.name}\n"
        + ("device_state_busy_at = 0\n" if agent.many_calls else "")
        + f"[{agent.name}](agent-static)\ncontact = sip:{agent.name}@{agent.host}:{agent.port}\n\n"
    )


def queue_in_asterisk(queue: str) -> str:
    """The queue's name in app_queue: ``[general]`` in queues.conf is that file's settings and no queue."""
    return "general-queue" if queue == "general" else queue


def _members(site: Site) -> Iterator[str]:
    for queue in sorted({queue for agent in site.agents for queue in agent.queues}):
        yield f"[{queue_in_asterisk(queue)}](+)\n"
        if site.wrapup is not None:
            yield f"wrapuptime = {site.wrapup}\n"
        for agent in site.agents:
            if queue in agent.queues:
                yield _member(agent, agent.queues[queue])
    for agent in site.agents:
        yield f"[own-{agent.name}](own)\n"
        if site.wrapup is not None:
            yield f"wrapuptime = {site.wrapup}\n"
        yield _member(agent, 0)


def _member(agent: Agent, penalty: int) -> str:
    phone = f"PJSIP/{agent.name}"
    in_use = "yes" if agent.many_calls else "no"
    wrapup = "" if agent.wrapup is None else f",{agent.wrapup}"
    return f"member => {phone},{penalty},{agent.name},{phone},{in_use}{wrapup}\n"


def _globals(site: Site) -> str:
    first, second = (*site.routers, "")[:2]
    lines = [f"IVR_ROUTER_A = {first}", f"IVR_ROUTER_B = {second}"]
    if site.last_wait is not None:
        lines.append(f"IVR_LAST_WAIT = {site.last_wait}")
    return "\n".join(lines) + "\n"
