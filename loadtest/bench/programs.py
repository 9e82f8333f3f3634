"""The C programs: the load tool and the floor, built anew for each run into its own folder."""

import subprocess
from pathlib import Path

_SOURCES = Path(__file__).parent
_PROGRAMS = {
    "agi_load": ("agi_load.c", "callers.c", "samples.c"),
    "agi_floor": ("agi_floor.c", "-lhiredis"),
}
"""Each with its sources and libraries."""


class BuildError(Exception):
    """A C program cannot be built here; the message says what to install."""


def build(folder: Path) -> None:
    """Compile every program into ``folder``, an absolute path.

    Raises:
        BuildError: there is no gcc, or no hiredis.
    """
    for name, parts in _PROGRAMS.items():
        command = ["gcc", "-O2", "-Wall", "-Wextra", "-o", str(folder / name), *parts]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, cwd=_SOURCES)
        except FileNotFoundError:
            raise BuildError("there is no gcc; on Debian: apt install gcc libc6-dev libhiredis-dev") from None
        except subprocess.CalledProcessError as failed:
            raise BuildError(
                f"{name} does not build; on Debian: apt install gcc libc6-dev libhiredis-dev\n{failed.stderr}"
            ) from None
