"""A wall clock that can be set at any time, of processes that are started under it (libfaketime)."""

import shutil
import time
from pathlib import Path

import pytest

SEEN_SECONDS = 1
"""Until a process sees that the clock was set. To look at every question for the time would be a load."""


class WallClock:
    """The wall clock of processes; their monotonic one is the machine's, as where a clock is set."""

    def __init__(self, folder: Path) -> None:
        """``folder``: where a file says what time it is; a process looks at it every `SEEN_SECONDS`."""
        if shutil.which("faketime") is None:
            pytest.skip("there is no faketime (deploy/packages faults)")
        library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        self._file = folder / "clock"
        self._ahead = 0.0
        self.jump(0)
        self.prefix = (
            "env",
            f"LD_PRELOAD={library}",
            f"FAKETIME_TIMESTAMP_FILE={self._file}",
            f"FAKETIME_CACHE_DURATION={SEEN_SECONDS}",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "NO_FAKE_STAT=1",
        )
        """A command that runs another one under this clock."""

    @property
    def now(self) -> float:
        """What it shows, in seconds since the epoch."""
        return time.time() + self._ahead

    def set(self, to: float) -> None:
        """Set it, in seconds since the epoch."""
        self.jump(to - self.now)

    def jump(self, seconds: float) -> None:
        """Set it forward, or back."""
        self._ahead += seconds
        new = self._file.with_suffix(".new")
        new.write_text(f"{self._ahead:+.3f}")
        new.replace(self._file)  # at once: a half-written one would be another time
