"""How much CPU and memory processes use, from /proc."""

import os
from collections.abc import Mapping
from pathlib import Path

from loadtest.load.seen import Sample

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6


def used(pids: Mapping[str, int], at: float) -> Sample:
    """What each process has used up to now; one that has ended is left out.

    CPU is what the kernel counts for the whole process, in ticks of 10 ms, with threads that have ended, as
    the thread of every call soon has. (The exact accounts of /proc/PID/task end with their thread.)
    """
    cpu, rss = {}, {}
    for name, pid in pids.items():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        cpu[name] = (int(fields[11]) + int(fields[12])) / _TICKS
        rss[name] = int(fields[21]) * _PAGE_MB
    return Sample(at=at, cpu=cpu, rss=rss)
