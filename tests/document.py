"""What tests have measured, in a document: between marks of its own, with the machine it was measured on."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

END = "<!-- end -->"


def machine() -> str:
    """Processor, cores and Python."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    cpu = next((line.split(":")[1].strip() for line in info if "model name" in line), platform.machine())
    return f"{cpu}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}"


def write(path: Path, begin: str, lines: Sequence[str]) -> None:
    """Put lines into a document, between the mark ``begin`` and the next `END`, below the machine's name.

    Raises:
        ValueError: the document has no such marks.
    """
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{path} has no {begin} and {END}")
    text = "\n".join([begin, "", f"Machine: {machine()}.", "", *lines, "", END])
    path.write_text(before + text + after, encoding="utf-8")
