"""A run folder: everything that one switch reads and writes, in one place that can be thrown away."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from loadtest.installation import Installation
from loadtest.site import Site, render

CONFIGURATION = Path(__file__).resolve().parent.parent / "asterisk_conf"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """The folders of one switch."""

    path: Path
    sockets: Path
    """Apart from the rest: the path of a unix socket may have 107 bytes, and test folders have long names."""

    @property
    def configuration(self) -> Path:
        """Where asterisk.conf and the others are."""
        return self.path / "etc"

    @property
    def logs(self) -> Path:
        """messages.log, security.log, queue_log and what the program printed (console.log)."""
        return self.path / "log"

    @property
    def control(self) -> Path:
        """The socket of the command line."""
        return self.sockets / "asterisk.ctl"


def furnish(
    folder: RunFolder,
    site: Site,
    installation: Installation,
    prompts: Path,
    configuration: Path = CONFIGURATION,
) -> None:
    """Write the configuration, with the site's files in it, and lay the sounds out."""
    shutil.copytree(
        configuration,
        folder.configuration,
        ignore=shutil.ignore_patterns("prompts", "*.md"),
        dirs_exist_ok=True,
    )
    folders = {
        "astetcdir": folder.configuration,
        "astmoddir": installation.modules,
        "astdatadir": folder.path / "data",
        "astvarlibdir": folder.path / "lib",
        "astdbdir": folder.path / "lib",
        "astkeydir": folder.path / "lib",
        "astagidir": folder.path / "lib",
        "astspooldir": folder.path / "spool",
        "astcachedir": folder.path / "spool",
        "astrundir": folder.sockets,
        "astlogdir": folder.logs,
    }
    for name, place in folders.items():
        if name != "astmoddir":
            place.mkdir(parents=True, exist_ok=True)
    (folder.path / "lib/keys").mkdir(exist_ok=True)
    (folder.logs / "queue_log").touch()  # read by people and tests before the first call, too
    main = folder.configuration / "asterisk.conf"
    main.write_text(
        "[directories]\n"
        + "".join(f"{name} = {place}\n" for name, place in folders.items())
        + f"\n{main.read_text()}\n[options](+)\nsystemname = {site.name}\n"
    )
    include = folder.configuration / "site"
    include.mkdir(exist_ok=True)
    for name, text in render(site).items():
        file = include / name
        file.touch(mode=0o600)
        file.write_text(text)
    _lay_out_sounds(folder.path / "data", installation.data, prompts)


def _lay_out_sounds(data: Path, shipped: Path, prompts: Path) -> None:
    """Ours beside the package's own: sounds/LANGUAGE/ivr, and the music on hold."""
    sounds = data / "sounds"
    (sounds / "en").mkdir(parents=True, exist_ok=True)
    (data / "documentation").symlink_to(shipped / "documentation")
    for sound in sorted((shipped / "sounds/en_US_f_Allison").glob("*")):
        (sounds / "en" / sound.name).symlink_to(sound)
    for language in sorted(prompts.iterdir()):
        if language.name != "hold":
            (sounds / language.name).mkdir(exist_ok=True)
            (sounds / language.name / "ivr").symlink_to(language)
    (data / "ivr-hold").symlink_to(prompts / "hold")
