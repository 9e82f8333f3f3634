"""Where an Asterisk comes from: the system's own if it is new enough, else a root folder made once and kept.

Debian 12 and 13 have no asterisk package; Debian testing has one of version 22. mmdebstrap puts that package
and what it needs into a folder, and its program is run from there with the folder's own loader and libraries:
no chroot, no mount, no root rights.
"""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.errors import LoadtestError

OLDEST = 22
SUITE = "forky"
"""Debian 14, testing at the time of writing: the first that has Asterisk 22."""
PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm")


class AsteriskUnavailable(LoadtestError):
    """There is no Asterisk here and none could be made; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A program and the folders that it reads."""

    command: tuple[str, ...]
    """What to put in front of Asterisk's own options."""
    modules: Path
    data: Path
    """Documentation and sounds."""
    version: str


def cache() -> Path:
    """Where things are kept that are costly to make: $IVR_CACHE, else ~/.cache/ivr."""
    return Path(os.environ.get("IVR_CACHE") or Path.home() / ".cache/ivr")


def obtain() -> Installation:
    """The system's Asterisk, the one made before, or one made now (some 20 s and 270 MB).

    Raises:
        AsteriskUnavailable: none of the three is possible.
    """
    return of_system() or of_root(make_root(cache() / f"asterisk-{OLDEST}"))


def of_system() -> Installation | None:
    """The ``asterisk`` on PATH, if it is new enough and its modules are where packages put them."""
    program = shutil.which("asterisk") or shutil.which("asterisk", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        return None
    version = _version((program,))
    places = (*Path("/usr/lib").glob("*/asterisk/modules"), Path("/usr/lib/asterisk/modules"))
    modules = next((place for place in places if (place / "app_queue.so").exists()), None)
    data = next(
        (place for place in map(Path, ("/usr/share/asterisk", "/var/lib/asterisk")) if place.is_dir()), None
    )
    if modules is None or data is None or major(version) < OLDEST:
        return None
    return Installation(command=(program,), modules=modules, data=data, version=version)


def of_root(root: Path) -> Installation:
    """The Asterisk in a root folder, run by that folder's own loader.

    Raises:
        AsteriskUnavailable: the folder has no Asterisk, or an old one.
    """
    libraries = next(root.glob("usr/lib/*/asterisk/modules"), None)
    loader = next(root.glob("usr/lib/*/ld-linux*.so.*"), None)
    if libraries is None or loader is None:
        raise AsteriskUnavailable(f"{root} has no Asterisk; remove it, and it will be made again")
    path = ":".join(str(libraries.parents[1] / part) for part in (".", "blas", "lapack"))
    command = (str(loader), "--library-path", path, str(root / "usr/sbin/asterisk"))
    version = _version(command)
    if major(version) < OLDEST:
        raise AsteriskUnavailable(f"{root} has Asterisk {version}; at least {OLDEST} is needed")
    return Installation(command=command, modules=libraries, data=root / "usr/share/asterisk", version=version)


def make_root(root: Path) -> Path:
    """Make the root folder if it is not there yet; runs that start together wait for one of them to make it.

    Raises:
        AsteriskUnavailable: mmdebstrap is not here, or failed.
    """
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            _bootstrap(root)
    return root


def _bootstrap(root: Path) -> None:
    if not shutil.which("mmdebstrap"):
        raise AsteriskUnavailable(
            f"no asterisk of version {OLDEST} or newer on PATH, and no mmdebstrap to get one"
            " (Debian: apt install mmdebstrap)"
        )
    with tempfile.TemporaryDirectory(dir=root.parent, prefix="making-") as folder:
        target = Path(folder) / "root"
        command = (
            "mmdebstrap",
            # Packages are unpacked and no script of theirs is run, so no right is needed to do it.
            "--variant=extract",
            "--mode=root" if os.geteuid() == 0 else "--mode=chrootless",
            '--aptopt=Acquire::Check-Valid-Until "false"',
            '--aptopt=Acquire::Retries "3"',
            f"--include={','.join(PACKAGES)}",
            SUITE,
            str(target),
            mirror(),
        )
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            tail = "\n".join(done.stderr.splitlines()[-8:])
            raise AsteriskUnavailable(f"mmdebstrap could not get Asterisk from {SUITE}:\n{tail}")
        target.rename(root)


def mirror() -> str:
    """The Debian mirror that this machine uses ($IVR_MIRROR if set).

    Raises:
        AsteriskUnavailable: apt knows none.
    """
    if given := os.environ.get("IVR_MIRROR"):
        return given
    command = (
        "apt-get",
        "indextargets",
        "--no-release-info",  # works before the first apt-get update too
        "--format=$(SITE) $(RELEASE)",
        "Created-By: Packages",
    )
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise AsteriskUnavailable(f"apt-get does not say where Debian packages come from: {error}") from error
    if site := pick_mirror(told.splitlines()):
        return site
    raise AsteriskUnavailable("no Debian mirror in apt's sources; set IVR_MIRROR")


def pick_mirror(lines: Sequence[str]) -> str | None:
    """Of ``SITE RELEASE`` lines, the site of Debian itself: no security archive, nobody else's packages."""
    for line in lines:
        site, _, release = line.partition(" ")
        if site.rstrip("/").endswith("/debian") and not release.endswith(("-security", "-backports")):
            return site
    return None


def major(version: str) -> int:
    """22 of ``22.10.1``; 0 of anything else."""
    found = re.match(r"\d+", version)
    return int(found.group()) if found else 0


def _version(command: tuple[str, ...]) -> str:
    told = subprocess.run((*command, "-V"), capture_output=True, text=True, check=False)
    found = re.search(r"Asterisk (?:certified[/-])?(\S+)", told.stdout)
    return found.group(1) if found else ""
