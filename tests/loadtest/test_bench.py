"""The benchmark itself: the floor under the load tool, with a Redis of its own."""

import json
import shutil
import socket
import time
from pathlib import Path

import pytest

from loadtest.bench import customers, programs
from loadtest.bench.__main__ import main
from loadtest.bench.load import Outcome, at_rate, in_flight
from loadtest.bench.processes import Cores, StartError, cpu_us, running, wait_until_listening
from loadtest.bench.rounds import Plan, free_port, measure
from loadtest.bench.servers import SERVERS, Server
from loadtest.bench.store import fill, store

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="the floor is C; there is no gcc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a run's folder: the C programs, 500 customers and their calls."""
    path = tmp_path_factory.mktemp("bench")
    try:
        programs.build(path)
    except programs.BuildError as cannot:
        pytest.skip(str(cannot))
    customers.write_calls(path / "calls.csv", customers.customers(500))
    return path


def bench(folder: Path, *servers: Server) -> list[Outcome]:
    """Measure servers for a fraction of a second each, over 500 customers."""
    cores = Cores.available()
    plan = Plan(
        servers=servers,
        loads=[at_rate(200), in_flight(8)],
        rounds=1,
        seconds=0.2,
        warm_up=0.1,
        folder=folder,
        store_port=free_port(),
        cores=cores,
        python="python",
    )
    with store(folder, port=plan.store_port, core=cores.load):
        fill(plan.store_port, customers.customers(500))
        return measure(plan, lambda _: None)


def floor() -> Server:
    return next(server for server in SERVERS if server.name == "floor")


def test_the_floor_answers_every_caller_right(folder: Path) -> None:
    at_200, closed = bench(folder, floor())

    assert at_200.right == at_200.calls > 0
    assert closed.right == closed.calls > 0
    assert (at_200.wrong, at_200.lost, closed.wrong, closed.lost) == (0, 0, 0, 0)
    assert closed.cpu_us_per_call > 0


def test_a_wrong_answer_is_found(folder: Path, tmp_path: Path) -> None:
    """The floor under a list that sends everybody to another queue than the store says."""
    for program in ("agi_load", "agi_floor"):
        (tmp_path / program).symlink_to(folder / program)
    calls = (folder / "calls.csv").read_text()
    (tmp_path / "calls.csv").write_text(calls.replace("queue:", "queue:not-").replace("menu:", "menu:not-"))

    at_200, _ = bench(tmp_path, floor())

    assert at_200.right == 0
    assert at_200.wrong == at_200.calls > 0
    assert "wants " in at_200.first_wrong
    assert "EXEC MSet" in at_200.first_wrong


def test_a_server_that_ends_at_once_is_told_with_its_last_words(folder: Path) -> None:
    broken = Server(name="broken", what="", command=("sh", "-c", "echo no such option; exit 3"))

    with pytest.raises(StartError, match="no such option"):
        bench(folder, broken)


def test_a_port_is_found_listening_without_a_connection(tmp_path: Path) -> None:
    """One empty connection hangs some of the peers, so none is made."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        with running(["sleep", "60"], core=Cores.available().load, log=tmp_path / "log") as pid:
            wait_until_listening(pid, listening.getsockname()[1], tmp_path / "log")
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_cpu_is_counted_with_children_who_end_with_the_process(tmp_path: Path) -> None:
    """A child's work is the server's."""
    child = tmp_path / "child"
    work = f"i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $$ > {child}; exec sleep 60"
    command = ["sh", "-c", f"sh -c '{work}' & wait"]
    deadline = time.monotonic() + 20
    with running(command, core=Cores.available().load, log=tmp_path / "log") as pid:
        while not (child.exists() and child.read_text().endswith("\n")):
            assert time.monotonic() < deadline
        assert cpu_us(pid) > 1000

    for ended in (pid, int(child.read_text())):
        while Path(f"/proc/{ended}").exists():
            assert time.monotonic() < deadline


def test_a_smoke_run_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--quick", "--servers", "floor", "--json", str(tmp_path / "bench.json")])

    assert status == 0
    found = json.loads((tmp_path / "bench.json").read_text())
    assert {row["load"] for row in found["rows"]} == {"500/s", "1000/s joined", "64 in flight"}
    assert found["machine"]["cpu"]
    assert "floor" in capsys.readouterr().out
