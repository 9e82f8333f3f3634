"""The versions that went live, kept as copies of their files: ``DIR/VERSION/…``.

A version's folder has the time at which it went live last. One that somebody rolled back from is withdrawn
(a mark in its folder) until it goes live again, so that the next step back leads further back and not forth.
Several routers may share an archive, with policy folders of several names, and none goes back to another's
version. Nothing in an archive is ever changed in place.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from router.errors import SettingsError
from router.live.files import contents, sync, write
from router.policy.version import folder_of, hash_of, is_version, version_of

KEPT = 20
"""Versions that are kept of each policy folder."""
_WITHDRAWN = ".withdrawn"
NOT_LIVE = "never-live"
"""The name of files that no router has loaded, before the hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A version in the archive."""

    version: str
    at: float
    """When it went live last, in seconds since the epoch; or when it was put here."""
    withdrawn: bool
    """Somebody rolled back from it, or it never was live."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A folder of versions; it is made with the first."""

    folder: Path

    def went_live(self, version: str, files: Mapping[str, bytes], at: float) -> None:
        """Keep a version, as the newest one; the oldest ones of its folder beyond `KEPT` go.

        Raises:
            OSError: it cannot be written.
        """
        kept = self._put(version, files)
        (kept / _WITHDRAWN).unlink(missing_ok=True)
        os.utime(kept, (at, at))
        self._prune(version)

    def saved(self, files: Mapping[str, bytes], at: float) -> str:
        """Keep files that are in the way, whether or not they are any good; the name they are kept under.

        Raises:
            OSError: they cannot be written.
        """
        version = version_of(NOT_LIVE, files.items())
        kept = self._put(version, files)
        (kept / _WITHDRAWN).touch()
        os.utime(kept, (at, at))
        self._prune(version)
        return version

    def withdraw(self, version: str) -> None:
        """Pass a version over from now on, until it goes live again."""
        kept = self.folder / version
        with suppress(OSError):  # it is no longer kept, or the archive is not ours to write
            found = kept.stat()
            (kept / _WITHDRAWN).touch()
            os.utime(kept, ns=(found.st_atime_ns, found.st_mtime_ns))

    def versions(self) -> list[Kept]:
        """What is kept, the newest first."""
        found: list[Kept] = []
        with suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if is_version(entry.name):
                    with suppress(OSError):  # another router has just removed it
                        withdrawn = Path(entry, _WITHDRAWN).exists()
                        found.append(Kept(version=entry.name, at=entry.stat().st_mtime, withdrawn=withdrawn))
        return sorted(found, key=lambda kept: (kept.at, kept.version), reverse=True)

    def lived(self) -> list[str]:
        """The versions that have been live, of all folders."""
        return [kept.version for kept in self.versions() if folder_of(kept.version) != NOT_LIVE]

    def before(self, live: str | None, *, folder: str) -> str:
        """The version of a policy folder that was live before this one; None: the newest.

        Raises:
            SettingsError: there is none.
        """
        for kept in self.versions():
            of_it = folder_of(kept.version) == folder and not kept.withdrawn
            if of_it and (live is None or hash_of(kept.version) != hash_of(live)):
                return kept.version
        before = f"before {live}" if live else f"of {folder}"
        raise SettingsError(f"{self.folder} has no version {before}; --list shows what it has")

    def files(self, version: str) -> Mapping[str, bytes]:
        """The files of a version, by name.

        Raises:
            SettingsError: it is not kept.
            OSError: a file cannot be read.
        """
        if not is_version(version) or not (self.folder / version).is_dir():
            raise SettingsError(f'{self.folder} has no version "{version}"; --list shows what it has')
        return contents(self.folder / version)

    def _put(self, version: str, files: Mapping[str, bytes]) -> Path:
        """Have a version's folder, whole or not at all."""
        if not is_version(version):
            raise OSError(f'"{version}" is no name for a folder')
        kept = self.folder / version
        if kept.is_dir():
            return kept
        self.folder.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        try:
            new.chmod(0o755)
            for name, content in files.items():
                write(new / name, content)
            new.rename(kept)
        except OSError:
            shutil.rmtree(new, ignore_errors=True)
            if not kept.is_dir():  # else another router was first
                raise
        sync(self.folder)
        return kept

    def _prune(self, version: str) -> None:
        of_it = [kept.version for kept in self.versions() if folder_of(kept.version) == folder_of(version)]
        for old in of_it[KEPT:]:
            self._remove(old)

    def _remove(self, version: str) -> None:
        going = self.folder / f".old-{version}-{os.getpid()}"
        with suppress(OSError):  # another router is at it
            (self.folder / version).rename(going)
            shutil.rmtree(going, ignore_errors=True)
