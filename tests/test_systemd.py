"""What systemd says in the environment, and what it is told: with descriptors and sockets that are real."""

import ast
import os
import socket
import subprocess
import sys

import pytest

from router import systemd
from router.errors import SettingsError
from router.systemd import Notify, State, held_socket, notice, notify

PID = 4711


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def handed(monkeypatch):
    """A function that hands a socket's descriptor over; the variables that say so."""

    def hand(descriptor, **changed):
        monkeypatch.setattr(systemd, "FIRST_DESCRIPTOR", descriptor)
        return {"LISTEN_PID": str(PID), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "agi", **changed}

    return hand


HAND_OVER = (
    "import os, sys; os.environ['LISTEN_PID'] = str(os.getpid());"
    "os.execv(sys.executable, [sys.executable, '-c', sys.argv[1]])"
)
LOOK = (
    "import os, twisted.internet.endpoints, router.systemd as systemd;"
    "print(systemd.environment(), [name for name in systemd.VARIABLES if name in os.environ], os.getpid())"
)


def test_what_systemd_has_set_is_found_though_twisted_takes_it_and_no_child_sees_it():
    """In a process of its own, which begins with it."""
    given = {"LISTEN_FDS": "1", "LISTEN_FDNAMES": "agi", "NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "1"}
    command = [sys.executable, "-c", HAND_OVER, LOOK]
    said = subprocess.run(command, env=os.environ | given, capture_output=True, text=True, check=True).stdout
    pid = said.split()[-1]
    found = {name: {**given, "LISTEN_PID": pid}[name] for name in systemd.VARIABLES if name != "WATCHDOG_PID"}
    variables, left = said.removesuffix(f" {pid}\n").rsplit(" [", 1)
    assert (ast.literal_eval(variables), left) == (found, "]")


class TestHeldSocket:
    def test_is_the_one_that_is_handed_over(self, listening, handed):
        """And no child inherits it."""
        copy = os.dup(listening.fileno())
        os.set_inheritable(copy, True)
        with held_socket(handed(copy), PID, "agi") as held:
            assert held.getsockname() == listening.getsockname()
            assert not os.get_inheritable(held.fileno())

    def test_needs_no_name(self, listening, handed):
        environ = handed(os.dup(listening.fileno()))
        del environ["LISTEN_FDNAMES"]
        with held_socket(environ, PID, "agi") as held:
            assert held.getsockname() == listening.getsockname()

    def test_is_none_where_nobody_hands_one_over(self):
        assert held_socket({}, PID, "agi") is None

    def test_of_another_process_is_left_alone(self, listening, handed):
        assert held_socket(handed(listening.fileno(), LISTEN_PID="1"), PID, "agi") is None

    @pytest.mark.parametrize(
        ("variables", "said"),
        [
            ({"LISTEN_PID": "me"}, 'LISTEN_PID "me" is not a number'),
            ({"LISTEN_FDS": "-1"}, 'LISTEN_FDS "-1" is not a number'),
            ({"LISTEN_FDS": "0"}, 'LISTEN_FDS "0" is not a number above 0'),
            ({"LISTEN_FDNAMES": "http"}, "1 sockets called http"),
            ({"LISTEN_FDS": "2", "LISTEN_FDNAMES": "agi:http"}, "2 sockets called agi, http"),
            ({"LISTEN_FDS": "2"}, "FileDescriptorName=agi"),
        ],
    )
    def test_is_the_only_one_and_has_its_name(self, listening, handed, variables, said):
        with pytest.raises(SettingsError, match=said):
            held_socket(handed(listening.fileno(), **variables), PID, "agi")

    def test_listens(self, handed):
        with socket.socket() as idle, pytest.raises(SettingsError, match="no listening TCP socket"):
            held_socket(handed(idle.fileno()), PID, "agi")

    def test_is_of_tcp(self, handed, tmp_path):
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(tmp_path / "socket"))
            other.listen()
            with pytest.raises(SettingsError, match="no listening TCP socket"):
                held_socket(handed(other.fileno()), PID, "agi")

    def test_is_a_socket(self, handed, tmp_path):
        with (tmp_path / "file").open("w") as file, pytest.raises(SettingsError, match="is no socket"):
            held_socket(handed(file.fileno()), PID, "agi")

    def test_is_there(self, handed):
        with socket.socket() as gone:
            descriptor = gone.fileno()
        with pytest.raises(SettingsError, match=f"descriptor {descriptor} is no socket"):
            held_socket(handed(descriptor), PID, "agi")


class TestNotify:
    def test_is_where_the_environment_says(self):
        environ = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": str(PID)}
        assert notify(environ, PID) == Notify(address="/run/notify", watchdog_seconds=5.0)

    def test_is_nowhere_without_systemd(self):
        assert notify({}, PID) == Notify()
        Notify().tell(State.READY)

    def test_watches_only_the_process_that_is_meant(self):
        environ = {"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}
        assert notify(environ, PID).watchdog_seconds is None
        assert notify({"WATCHDOG_USEC": "500000"}, PID).watchdog_seconds == 0.5

    @pytest.mark.parametrize(
        "variables", [{"NOTIFY_SOCKET": "vsock:2:1"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "0"}]
    )
    def test_is_refused_where_it_makes_no_sense(self, variables):
        with pytest.raises(SettingsError, match=next(iter(variables))):
            notify(variables, PID)

    @pytest.mark.parametrize("kind", ["path", "abstract"])
    def test_tells(self, kind, tmp_path):
        """At a path, and at an abstract name, which begins with NUL on the wire."""
        path = str(tmp_path / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd_itself:
            systemd_itself.bind(path if kind == "path" else f"\0{path}")
            systemd_itself.settimeout(5)
            Notify(address=path if kind == "path" else f"@{path}").tell(State.READY, "takes calls")
            assert systemd_itself.recv(100) == b"READY=1\nSTATUS=takes calls"

    def test_that_nobody_hears_stops_nothing(self, tmp_path):
        Notify(address=str(tmp_path / "nobody")).tell(State.TURNING)


@pytest.mark.parametrize(
    ("state", "status", "told"),
    [
        (State.STOPPING, "", b"STOPPING=1"),
        (State.TURNING, "", b"WATCHDOG=1"),
        (State.READY, "a\nREADY=0", b"READY=1\nSTATUS=a READY=0"),
    ],
)
def test_a_notice_is_an_assignment_a_line(state, status, told):
    assert notice(state, status) == told
