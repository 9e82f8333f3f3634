"""The C programs: the load tool and the floor, built anew for each run into its own folder."""

import subprocess
from pathlib import Path

_LIBRARIES = {"agi_load": (), "agi_floor": ("-lhiredis",)}


class BuildError(Exception):
    """A C program cannot be built here; the message says what to install."""


def build(folder: Path) -> None:
    """Compile every program into ``folder``, under the name of its source.

    Raises:
        BuildError: there is no gcc, or no hiredis.
    """
    for name, libraries in _LIBRARIES.items():
        source = Path(__file__).with_name(f"{name}.c")
        command = ["gcc", "-O2", "-Wall", "-Wextra", "-o", str(folder / name), str(source), *libraries]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError:
            raise BuildError("there is no gcc; on Debian: apt install gcc libc6-dev libhiredis-dev") from None
        except subprocess.CalledProcessError as failed:
            raise BuildError(
                f"{source.name} does not build; on Debian: apt install gcc libc6-dev libhiredis-dev\n"
                f"{failed.stderr}"
            ) from None
