"""The servers that are measured, as data. To add a peer, add an entry.

In commands, ``{port}`` is the FastAGI port to listen on, ``{store_port}`` the Redis that holds the
customers, ``{metrics_port}`` a free port, ``{folder}`` the run's folder (the C programs are in it, and
``customers.csv``), ``{python}`` this interpreter. A server's job: ask Redis once for the caller, answer
with one ``EXEC MSet`` whose IVR_ACTION and IVR_QUEUE or IVR_MENU are right, with IVR_OK=1, and close.
"""

import importlib.util
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server to measure."""

    name: str
    what: str
    command: tuple[str, ...]
    prepare: tuple[tuple[str, ...], ...] = ()
    """Commands that run once, before all rounds: its own copy of the customers."""
    modules: tuple[str, ...] = ()
    """Python modules that it needs; without them it is left out."""
    settled: str = ""
    """A line of its /metrics on ``{metrics_port}``: what it does once after its start is done."""
    must_answer: bool = False
    """A lost call fails the run; a peer may lose calls, the table says how many."""

    @property
    def missing(self) -> list[str]:
        """What is needed and not there: modules, and the program itself."""
        gone = [module for module in self.modules if importlib.util.find_spec(module) is None]
        program = self.command[0]
        if not program.startswith("{") and shutil.which(program) is None:
            gone.append(program)
        return gone


def filled(command: tuple[str, ...], places: Mapping[str, object]) -> list[str]:
    """Put the ports and folders of a run into a command line."""
    return [part.format_map(places) for part in command]


_IVR = str(Path(sys.executable).with_name("ivr"))
_STORE = ("--store", "redis://127.0.0.1:{store_port}/0", "--key-file", "{folder}/key")

FLOOR = "floor"
"""Ratios are to this one."""

SERVERS = (
    Server(
        name=FLOOR,
        what="C, epoll and hiredis: the least the job costs",
        command=("{folder}/agi_floor", "{port}", "{store_port}"),
        must_answer=True,
    ),
    Server(
        name="ivr",
        what="ivr serve, everything on: policies, journal, metrics",
        prepare=(
            (_IVR, "customers", "key", "{folder}/key"),
            (_IVR, "customers", "import", "{folder}/customers.csv", *_STORE),
        ),
        command=(
            *(_IVR, "serve", "--agi", "127.0.0.1:{port}", "--metrics", "127.0.0.1:{metrics_port}"),
            *("--policies", "policies", *_STORE),
        ),
        settled="ivr_policy_proved 1.0",  # proving takes a second or two of a core, beside the first calls
        must_answer=True,
    ),
    Server(
        name="panoramisk",
        what="panoramisk's fast_agi and redis.asyncio",
        command=("{python}", "-m", "loadtest.bench.panoramisk_peer", "{port}", "{store_port}"),
        modules=("panoramisk",),
    ),
)
