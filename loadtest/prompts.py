"""Prompts: made once a version of their text and recordings, by the script that stands beside that text."""

import hashlib
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

from ruamel.yaml import YAML

from loadtest.errors import LoadtestError
from loadtest.installation import cache


class PromptsMissing(LoadtestError):
    """The prompts could not be made; the text says why."""


def made_prompts(configuration: Path, recordings: Path | None = None) -> Path:
    """The folder with LANGUAGE/NAME.wav and hold/*.wav, made if it is not there yet (a second or two).

    Args:
        configuration: The folder asterisk_conf.
        recordings: Recorded prompts, LANGUAGE/NAME.wav, that replace made ones; default: in `configuration`.

    Raises:
        PromptsMissing: espeak-ng or sox is not here, or failed.
    """
    scripts = configuration / "prompts"
    recordings = recordings or scripts / "recordings"
    target = cache() / f"prompts-{_digest(scripts, recordings)}"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="making-") as folder:
        made = Path(folder) / "prompts"
        command = (sys.executable, str(scripts / "make.py"), str(made), "--recordings", str(recordings))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PromptsMissing(done.stderr.strip())
        _put(made, target)
    return target


def silence(folder: Path, seconds: float) -> Path:
    """Recordings of every prompt of asterisk_conf, all silent and so many seconds long."""
    scripts = Path(__file__).resolve().parent.parent / "asterisk_conf/prompts"
    script = YAML(typ="safe").load(scripts / "prompts.yaml")
    for language in script["voices"]:
        (folder / language).mkdir(parents=True)
        for name in script["prompts"]:
            with wave.open(str(folder / language / f"{name}.wav"), "wb") as sound:
                sound.setnchannels(1)
                sound.setsampwidth(2)
                sound.setframerate(8000)
                sound.writeframes(bytes(round(2 * 8000 * seconds)))
    return folder


def _digest(scripts: Path, recordings: Path) -> str:
    files = (scripts / "prompts.yaml", scripts / "make.py", *sorted(recordings.rglob("*.wav")))
    found = hashlib.blake2b(digest_size=8)
    for file in files:
        found.update(str(file.name if file.parent == scripts else file.relative_to(recordings)).encode())
        found.update(hashlib.blake2b(file.read_bytes()).digest())
    return found.hexdigest()


def _put(made: Path, target: Path) -> None:
    try:
        made.rename(target)
    except OSError:
        if not target.exists():  # another run made the same in the meantime: theirs is as good
            raise
