"""The steps of docs/policies.md, as a reader takes them: files to write, commands to give."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "policies.md"
_BLOCK = re.compile(r"^```(yaml|console)(?: (\S+))?\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Write:
    """A file of the reader's folder, and what to write into it."""

    file: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command, and what it prints; "…" stands for anything within a line."""

    line: str
    output: str


def steps(text: str) -> Iterator[Write | Command]:
    """The steps in their order."""
    for kind, file, body in _BLOCK.findall(text):
        if kind == "yaml" and file:
            yield Write(file, body)
        elif kind == "console":
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                line, _, output = part.partition("\n")
                yield Command(line, output)


def run(command: Command, folder: Path, environment: Mapping[str, str]) -> str:
    """What a command prints, given in this folder."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ("bash", "-c", command.line),
        cwd=folder,
        env={**os.environ, "COLUMNS": "110", **environment, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return "".join(line.rstrip() + "\n" for line in ran.stdout.splitlines())


def pattern(output: str) -> str:
    """A regular expression for what is printed."""
    return ".*".join(map(re.escape, output.split("…")))
