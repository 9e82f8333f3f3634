"""The load tool writes what res_agi.c writes, and takes nothing but the right answer for right."""

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from loadtest.bench import programs

SENIOR = b'EXEC MSet "IVR_ACTION=queue,IVR_QUEUE=elder-care,IVR_RULE=senior,IVR_OK=1"\n'
MENU = b'EXEC MSet "IVR_ACTION=menu,IVR_MENU=main,IVR_RULE=rest,IVR_OK=1"\n'

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="the load tool is C; there is no gcc")


@pytest.fixture(scope="module")
def load_tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    try:
        programs.build(folder)
    except programs.BuildError as cannot:
        pytest.skip(str(cannot))
    return folder / "agi_load"


def converse(call: socket.socket, answer: bytes, *, ends: bool) -> bytes:
    """Read the environment, answer, half-close if it ``ends``; give all that was read."""
    received = b""
    while not received.endswith(b"\n\n"):
        received += call.recv(65536)
    call.sendall(answer)
    if ends:
        call.shutdown(socket.SHUT_WR)
    while piece := call.recv(65536):
        received += piece
    return received


@contextmanager
def switchboard(answer: bytes, *, ends: bool = True, first: int = 1) -> Iterator[tuple[int, list[bytes]]]:
    """Serve one call after the other with the same bytes; give the port and what was read.

    Nobody is answered before the ``first`` calls are all there.
    """
    heard: list[bytes] = []

    def serve(listening: socket.socket) -> None:
        wanted = first
        while True:
            try:
                calls = [listening.accept()[0] for _ in range(wanted)]
            except OSError:  # closed by the end of the test
                return
            for call in calls:
                with call:
                    heard.append(converse(call, answer, ends=ends))
            wanted = 1

    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        try:
            yield listening.getsockname()[1], heard
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def offer(load_tool: Path, port: int, tmp_path: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the load tool with one caller who has to go to elder-care; give exit code and report."""
    calls = tmp_path / "calls.csv"
    calls.write_text("number,expected\n13900000001,queue:elder-care\n")
    command = [load_tool, "--port", str(port), "--callers", calls, "--seconds", "0.05", "--drain", "10"]
    ran = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    return ran.returncode, json.loads(ran.stdout)


def test_the_environment_is_that_of_setup_env(load_tool: Path, tmp_path: Path) -> None:
    """Every line of res_agi.c in its order, then the result of EXEC, then HANGUP at the end."""
    with switchboard(SENIOR) as (port, heard):
        status, _ = offer(load_tool, port, tmp_path, "--rate", "20")

    assert status == 0
    environment, _, rest = heard[0].partition(b"\n\n")
    keys = [line.partition(b": ")[0].decode().removeprefix("agi_") for line in environment.split(b"\n")]
    expected = (
        "network network_script request channel language type uniqueid version callerid calleridname "
        "callingpres callingani2 callington callingtns dnid rdnis context extension priority enhanced "
        "accountcode threadid arg_1 arg_2"
    )
    assert keys == expected.split()
    assert b"\nagi_network_script: route\n" in environment
    assert b"\nagi_callerid: 13900000001\n" in environment
    assert b"\nagi_arg_1: 10010\n" in environment
    assert rest == b"200 result=0\nHANGUP\n"


def test_every_call_has_its_own_id(load_tool: Path, tmp_path: Path) -> None:
    with switchboard(SENIOR) as (port, heard):
        offer(load_tool, port, tmp_path, "--in-flight", "1")

    ids = [call.partition(b"agi_arg_2: ")[2].partition(b"\n")[0] for call in heard]
    assert len(ids) > 1
    assert len(set(ids)) == len(ids)


def test_joined_lines_are_the_same_bytes(load_tool: Path, tmp_path: Path) -> None:
    with switchboard(SENIOR) as (port, heard):
        offer(load_tool, port, tmp_path, "--rate", "20")
        offer(load_tool, port, tmp_path, "--rate", "20", "--joined")

    one, other = (call.partition(b"\n\n")[0].split(b"\n") for call in heard)
    assert [line.partition(b": ")[0] for line in one] == [line.partition(b": ")[0] for line in other]


@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        pytest.param(SENIOR, "right", id="the right queue"),
        pytest.param(MENU, "wrong", id="a menu in place of a queue"),
        pytest.param(SENIOR.replace(b"elder-care", b"vip"), "wrong", id="another caller's queue"),
        pytest.param(SENIOR.replace(b"elder-care", b"elder-care2"), "wrong", id="a longer name"),
        pytest.param(SENIOR.replace(b",IVR_OK=1", b""), "wrong", id="no IVR_OK"),
        pytest.param(SENIOR.replace(b"IVR_QUEUE", b"XIVR_QUEUE"), "wrong", id="another variable"),
        pytest.param(SENIOR + SENIOR, "wrong", id="a second command in the same write"),
        pytest.param(SENIOR.replace(b"EXEC MSet", b"EXEC Set"), "wrong", id="another application"),
        pytest.param(b"FAILURE\n", "declined", id="declined"),
        pytest.param(b"", "unanswered", id="closed without a command"),
        pytest.param(SENIOR[:-1], "unanswered", id="half a line"),
    ],
)
def test_an_answer_is_counted_for_what_it_is(
    load_tool: Path, tmp_path: Path, answer: bytes, counted: str
) -> None:
    """Only the right answer lets the load tool succeed."""
    with switchboard(answer) as (port, _):
        status, report = offer(load_tool, port, tmp_path, "--rate", "20")

    outcomes = {
        name: report[name] for name in ("right", "wrong", "declined", "unanswered", "failed", "unclosed")
    }
    assert outcomes == {name: 1 if name == counted else 0 for name in outcomes}
    assert status == (0 if counted == "right" else 1)


def test_a_session_that_is_never_closed_is_counted(load_tool: Path, tmp_path: Path) -> None:
    with switchboard(SENIOR, ends=False) as (port, _):
        status, report = offer(load_tool, port, tmp_path, "--rate", "20", "--drain", "0.5")

    assert (status, report["right"], report["unclosed"]) == (1, 0, 1)


def test_nobody_there_fails_the_run(load_tool: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    status, report = offer(load_tool, port, tmp_path, "--rate", "20")

    assert (status, report["failed"]) == (1, 1)


def test_an_open_loop_waits_for_no_answer(load_tool: Path, tmp_path: Path) -> None:
    """A server that answers nobody until the 50th call is there shows the whole wait of the first one."""
    with switchboard(SENIOR, first=50) as (port, _):
        status, report = offer(load_tool, port, tmp_path, "--rate", "200", "--seconds", "1")

    assert (status, report["right"]) == (0, report["calls"])
    assert report["answer_us"]["max"] >= 245_000
