"""A switch asked over AMI by pyst2: a client that is not ours hides no mistake of ours.

pyst2 0.5.1 waits without deadlines, so all of it runs in a thread that can be left behind.
"""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import md5
from typing import Any

from router.ami.translate import ready_of
from router.doctor.deadline import within
from router.doctor.switch import (
    FORBIDDEN,
    LAST_RESORT,
    READY,
    NoSwitch,
    QueueSeen,
    SwitchSeen,
    Trouble,
)
from router.errors import SettingsError
from router.policy.switch import our_name
from router.settings import Address

SILENCE_SECONDS = 3.0
"""Without a byte from the switch."""
WHOLE_SECONDS = 10.0
_GREETING = b"Asterisk Call Manager/"
_NOTHING: Mapping[str, Mapping[str, str]] = {
    "Command": {"Command": "core show version"},
    "Originate": {},  # without a channel it is refused whoever asks
}
"""Forbidden actions in a form that does nothing where they are allowed."""
_DENIED = "Permission denied"
"""manager.c's word for an action that the user has no right to."""
_AWAY = frozenset({"0", "4", "5"})
"""States of a phone that is not there: unknown, invalid, unavailable (devicestate.h)."""

Ask = Any
"""pyst2 has no types: a function from an action and its headers to an answer."""


def look(
    address: Address,
    user: str,
    secret: str,
    variables: tuple[str, ...],
    *,
    silence: float = SILENCE_SECONDS,
    whole: float = WHOLE_SECONDS,
) -> SwitchSeen | NoSwitch:
    """Log in and ask, in ``whole`` seconds at most; ``variables`` are what Getvar is asked for.

    Raises:
        SettingsError: pyst2 is not installed, or cannot connect to such an address.
    """
    if ":" in address.host:
        raise SettingsError("pyst2 connects by IPv4 only")
    try:
        from asterisk.manager import Manager  # noqa: PLC0415  an extra, which daemons do without
    except ImportError:
        raise SettingsError("pyst2 is not installed; pip install 'ivr-router[doctor]'") from None
    if (none := _not_greeted(address, silence)) is not None:
        return none
    manager = _manager(Manager)

    def leave() -> None:
        with suppress(Exception):  # the switch may have hung up already, and pyst2 says so in many ways
            manager.logoff()

    try:
        return within(whole, lambda: _looked(manager, address, (user, secret), variables, silence), leave)
    except TimeoutError as late:
        socket.setdefaulttimeout(None)  # the thread that is left behind may never come to it
        return NoSwitch(trouble=Trouble.SILENT, detail=str(late))


def _not_greeted(address: Address, silence: float) -> NoSwitch | None:
    """Why whoever listens there is no switch: pyst2 would wait for a greeting for ever."""
    try:
        with (
            socket.create_connection((address.host, address.port), timeout=silence) as connection,
            connection.makefile("rb") as received,
        ):
            greeting = received.read(len(_GREETING))
    except TimeoutError:
        return NoSwitch(trouble=Trouble.SILENT, detail=f"no greeting within {silence:g} s")
    except OSError as wrong:
        return NoSwitch(trouble=Trouble.UNREACHABLE, detail=(wrong.strerror or str(wrong)).lower())
    if greeting == _GREETING:
        return None
    return NoSwitch(trouble=Trouble.NOT_AMI, detail=repr(greeting.decode("ascii", "replace")))


def _manager(kind: Any) -> Any:
    """pyst2's client without its ``__del__``, which would log off at any time and wait for the answer."""
    return type("Doctor", (kind,), {"__del__": lambda _: None})()


@contextmanager
def _silence_ends(seconds: float) -> Iterator[None]:
    """Sockets that are made in it give up; pyst2 makes its own."""
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        # not what it was before: that may be the one of a question that was left behind
        socket.setdefaulttimeout(None)


def _looked(
    manager: Any, address: Address, who: tuple[str, str], variables: tuple[str, ...], silence: float
) -> SwitchSeen | NoSwitch:
    from asterisk.manager import ManagerException  # noqa: PLC0415

    try:
        with _silence_ends(silence):
            manager.connect(address.host, address.port)
        answer = _logged_in(_asker(manager), *who)
        if answer.headers.get("Response") != "Success":
            return NoSwitch(trouble=Trouble.REFUSED, detail=answer.headers.get("Message", "no reason"))
        return _asked(_asker(manager), variables)
    except (ManagerException, OSError, ValueError, KeyError) as wrong:
        return NoSwitch(trouble=Trouble.SILENT, detail=f"the connection broke: {wrong}")


def _logged_in(ask: Ask, user: str, secret: str) -> Any:
    """The answer to a login that proves the secret without sending it, as `ivr watch` does."""
    challenge = ask("Challenge", AuthType="MD5")
    if "Challenge" not in challenge.headers:
        return challenge
    proof = md5((challenge.headers["Challenge"] + secret).encode(), usedforsecurity=False).hexdigest()
    # No events: at a line ChanVariable pyst2's thread dies, and whoever asks then waits for ever.
    return ask("Login", AuthType="MD5", Username=user, Key=proof, Events="off")


def _asker(manager: Any) -> Ask:
    return lambda name, **headers: manager.send_action({"Action": name, **headers})


def _asked(ask: Ask, variables: tuple[str, ...]) -> SwitchSeen:
    refused: dict[str, str] = {}

    def told(name: str, action: str, **headers: str) -> Any:
        answer = ask(action, **headers)
        if answer.headers.get("Response") != "Success":
            refused[name] = answer.headers.get("Message", "no reason")
        return answer

    for name in FORBIDDEN:
        told(name, name, **_NOTHING[name])
        if refused.get(name) != _DENIED:  # it was not done for its form, and not for who asked
            refused.pop(name, None)
    told("QueueSummary", "QueueSummary")
    status = told("QueueStatus", "QueueStatus")
    told(READY, "Getvar", Variable=ready_of(LAST_RESORT))
    return SwitchSeen(
        version=ask("CoreSettings").headers.get("AsteriskVersion", ""),
        started=_started(ask("CoreStatus").headers),
        rights=dict(_rights(ask("ListCommands").headers)),
        refused=refused,
        queues={} if "QueueStatus" in refused else _queues(status.data),
        values={name: ask("Getvar", Variable=name).headers.get("Value", "") for name in variables},
    )


def _started(headers: Mapping[str, str]) -> float | None:
    """The switch tells it in its own time zone, which is this machine's."""
    text = f"{headers.get('CoreStartupDate', '')} {headers.get('CoreStartupTime', '')}"
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").astimezone().timestamp()
    except ValueError:
        return None


def _rights(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """ListCommands has a line an action: ``Ping: Keepalive command.  (Priv: <none>)``."""
    for name, text in headers.items():
        _, found, classes = text.rpartition("(Priv: ")
        if found:
            classes = classes.rstrip(")")
            yield name, "" if classes == "<none>" else classes


def _queues(text: str) -> dict[str, QueueSeen]:
    """The list of QueueStatus, which pyst2 gives as one text."""
    queues: dict[str, QueueSeen] = {}
    for packet in text.split("\r\n\r\n"):
        lines = dict(line.split(": ", 1) for line in packet.split("\r\n") if ": " in line)
        name = our_name(lines.get("Queue", ""))
        match lines.get("Event"):
            case "QueueParams":
                calls = int(lines["Completed"]) + int(lines["Abandoned"])
                queues[name] = QueueSeen(members=0, reachable=0, calls=calls)
            case "QueueMember" if name in queues:
                was = queues[name]
                reachable = was.reachable + (lines.get("Status") not in _AWAY)
                queues[name] = QueueSeen(members=was.members + 1, reachable=reachable, calls=was.calls)
    return queues
