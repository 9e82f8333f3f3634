"""pyst2 against peers that are no switch, or say what a switch never says; the real one is in tests/e2e."""

import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from router.doctor import ami
from router.doctor.switch import NEEDED, QueueSeen, SwitchSeen, Trouble
from router.errors import SettingsError
from router.settings import Address

# pyst2 0.5.1 uses threads as Python 2 did.
pytestmark = pytest.mark.filterwarnings("ignore:.*(setDaemon|currentThread|isSet)..:DeprecationWarning")

BANNER = "Asterisk Call Manager/11.0.0\r\n"
LISTS = {
    "ListCommands": "Ping: Keepalive command.  (Priv: <none>)\r\n"
    "Hangup: Hang up.  (Priv: system,call,all)\r\n",
    "Challenge": "Challenge: 165467128\r\n",
    "CoreSettings": "AsteriskVersion: 22.10.1\r\n",
    "CoreStatus": "CoreStartupDate: 2026-03-02\r\nCoreStartupTime: 02:00:00\r\n",
    "Getvar": "Variable: X\r\nValue: 1\r\n",
    "QueueSummary": "Message: Queue summary will follow\r\n",
    "QueueStatus": "Message: Queue status will follow\r\n\r\n"
    "Event: QueueParams\r\nQueue: general-queue\r\nCompleted: 3\r\nAbandoned: 1\r\n\r\n"
    "Event: QueueMember\r\nQueue: general-queue\r\nName: a\r\nStatus: 1\r\n\r\n"
    "Event: QueueMember\r\nQueue: general-queue\r\nName: b\r\nStatus: 5\r\n\r\n"
    "Event: QueueStatusComplete\r\nEventList: Complete\r\n",
}


@pytest.fixture
def peer():
    """Listen, and treat the one who comes as told; where."""
    sockets: list[socket.socket] = []
    threads = []

    def listen(treat: Callable[[socket.socket], None]) -> Address:
        server = socket.create_server(("127.0.0.1", 0))
        sockets.append(server)

        def serve() -> None:
            while True:  # one looks at the greeting, another asks
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    treat(connection)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return Address(*server.getsockname())

    yield listen
    for one in sockets:
        one.shutdown(socket.SHUT_RDWR)
        one.close()
    for one in threads:
        one.join(10)


def switch(refuses: tuple[str, ...] = (), word: str = "Permission denied") -> Callable[[socket.socket], None]:
    """A peer that speaks AMI, and does not do some actions."""

    def treat(connection: socket.socket) -> None:
        connection.sendall(BANNER.encode())
        for lines in packets(connection):
            name = lines["Action"]
            head = (
                f"Response: {'Error' if name in refuses else 'Success'}\r\nActionID: {lines['ActionID']}\r\n"
            )
            body = f"Message: {word}\r\n" if name in refuses else LISTS.get(name, "")
            connection.sendall(f"{head}{body}\r\n".encode())
            if name == "Logoff":
                return

    return treat


def packets(connection: socket.socket):
    """The actions that are sent, as headers."""
    with connection.makefile("r", newline="\r\n") as text:
        lines: dict[str, str] = {}
        for line in text:
            key, colon, value = line.strip().partition(": ")
            if colon:
                lines[key] = value
            elif lines:
                yield lines
                lines = {}


def look(address: Address, **limits: float):
    return ami.look(address, "ivr", "s3cret", ("X",), **{"silence": 5.0, "whole": 10.0, **limits})


def test_what_a_switch_says_is_seen(peer):
    seen = look(peer(switch(refuses=("Command", "Originate"))))
    assert isinstance(seen, SwitchSeen)
    assert seen.version == "22.10.1"
    assert seen.started is not None
    assert seen.rights == {"Ping": "", "Hangup": "system,call,all"}
    assert seen.refused.keys() == {"Command", "Originate"}
    assert seen.queues == {"general": QueueSeen(members=2, reachable=1, calls=4)}
    assert seen.values == {"X": "1"}


def test_an_action_that_is_refused_for_its_form_is_not_forbidden(peer):
    seen = look(peer(switch(refuses=("Originate",), word="Channel not specified")))
    assert isinstance(seen, SwitchSeen)
    assert seen.refused == {}


def test_what_the_observer_needs_is_seen_to_be_refused(peer):
    seen = look(peer(switch(refuses=("QueueSummary", "QueueStatus", "Getvar"), word="no")))
    assert isinstance(seen, SwitchSeen)
    assert seen.refused == dict.fromkeys(NEEDED, "no")
    assert seen.queues == {}


def test_a_login_that_is_refused_has_the_reason(peer):
    seen = look(peer(switch(refuses=("Login",), word="Authentication failed")))
    assert (seen.trouble, seen.detail) == (Trouble.REFUSED, "Authentication failed")


def test_the_secret_is_proved_and_not_sent(peer):
    seen: list[dict[str, str]] = []

    def treat(connection: socket.socket) -> None:
        connection.sendall(BANNER.encode())
        for lines in packets(connection):
            seen.append(lines)
            told = "Success\r\nChallenge: 1" if lines["Action"] == "Challenge" else "Error\r\nMessage: no"
            connection.sendall(f"Response: {told}\r\nActionID: {lines['ActionID']}\r\n\r\n".encode())
            if lines["Action"] == "Login":
                return

    look(peer(treat), silence=1.0)
    assert [lines["Action"] for lines in seen][:2] == ["Challenge", "Login"]
    # the MD5 of "1s3cret"
    assert seen[1]["Key"] == "3f4ca313bea82f930e7cd8e6533c3548"
    assert not any("s3cret" in value for lines in seen for value in lines.values())


def test_nobody_there_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = Address(*server.getsockname())
    assert look(address).trouble == Trouble.UNREACHABLE


def test_another_program_is_no_switch(peer):
    seen = look(peer(lambda connection: connection.sendall(b"Some Other Thing/1.0\r\n")))
    assert (seen.trouble, seen.detail) == (Trouble.NOT_AMI, "'Some Other Thing/1.0\\r\\n'")


def test_a_peer_that_says_nothing_is_left_in_time(peer):
    over = threading.Event()
    seen = look(peer(lambda _: over.wait(30)), silence=0.1, whole=0.3)
    over.set()
    assert seen.trouble == Trouble.SILENT


def test_a_peer_that_closes_after_its_greeting_is_left_in_time(peer):
    seen = look(peer(lambda connection: connection.sendall(BANNER.encode())), silence=0.1, whole=0.3)
    assert seen.trouble == Trouble.SILENT


def test_a_peer_that_greets_and_falls_silent_is_left_in_time(peer):
    over = threading.Event()

    def treat(connection: socket.socket) -> None:
        connection.sendall(BANNER.encode())
        over.wait(30)

    seen = look(peer(treat), silence=0.1, whole=0.3)
    over.set()
    assert seen.trouble == Trouble.SILENT


def test_without_pyst2_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "asterisk.manager", None)
    with pytest.raises(SettingsError, match=r"pip install 'ivr-router\[doctor\]'"):
        look(Address("127.0.0.1", 1))


def test_an_address_that_pyst2_cannot_connect_to_says_so():
    with pytest.raises(SettingsError, match="IPv4"):
        look(Address("::1", 5038))
