"""Make the prompts: 8 kHz, 16 bit, one channel, from prompts.yaml with espeak-ng, or from a recording.

    python asterisk_conf/prompts/make.py OUT [--recordings FOLDER]

OUT gets LANGUAGE/NAME.wav and hold/NN.wav. Prompts are made at set-up and are never committed.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).resolve().parent
FORMAT = ("-r", "8000", "-b", "16", "-c", "1")
SLOW = 0.75
"""Speed of a prompt with ``pace: slow``, as a share of the voice's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A voice of espeak-ng."""

    voice: str
    speed: int
    """Words a minute, as espeak-ng counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One sentence or more, in one language."""

    name: str
    language: str
    parts: Mapping[str, str]
    """What is said, by the language of the voice that says it, in this order."""
    slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What prompts.yaml says."""

    voices: Mapping[str, Voice]
    prompts: Sequence[Prompt]
    hold: Sequence[Mapping[str, Any]]


def read(path: Path) -> Script:
    """Read prompts.yaml; every prompt has a text in every voice's language.

    Raises:
        KeyError: a prompt lacks a language; it names prompt and language.
    """
    told = YAML(typ="safe").load(path)
    voices = {language: Voice(**voice) for language, voice in told["voices"].items()}
    prompts = []
    for name, said in told["prompts"].items():
        for language in voices:
            if language not in said:
                raise KeyError(f"{name} has no text in {language}")
            parts = said[language] if isinstance(said[language], dict) else {language: said[language]}
            slow = said.get("pace") == "slow"
            prompts.append(Prompt(name=name, language=language, parts=parts, slow=slow))
    return Script(voices=voices, prompts=prompts, hold=told["hold"])


def speak(voices: Mapping[str, Voice], parts: Mapping[str, str], target: Path, *, slow: bool = False) -> None:
    """Speak the parts of a text, one after the other, into a file."""
    pieces = {language: target.with_suffix(f".{language}.wav") for language in parts}
    for language, text in parts.items():
        _speak_one(voices[language], text, pieces[language], slow=slow)
    _run("sox", *map(str, pieces.values()), str(target))
    for piece in pieces.values():
        piece.unlink()


def _speak_one(voice: Voice, text: str, target: Path, *, slow: bool) -> None:
    speed = int(voice.speed * SLOW) if slow else voice.speed
    raw = target.with_suffix(".raw.wav")
    _run("espeak-ng", "-v", voice.voice, "-s", str(speed), "-w", str(raw), text)
    # A telephone line is loud enough at -3 dB; a hair more for those who hear badly.
    _run("sox", str(raw), *FORMAT, str(target), "norm", "-1" if slow else "-3", "pad", "0.1", "0.2")
    raw.unlink()


def hum(tones: Sequence[int], target: Path) -> None:
    """Soft tones, two seconds each, fading in and out."""
    parts = []
    for number, tone in enumerate(tones):
        part = target.with_suffix(f".{number}.wav")
        shape = ("synth", "2", "sine", str(tone), "fade", "t", "0.4", "2", "0.8", "gain", "-18")
        _run("sox", "-n", *FORMAT, str(part), *shape)
        parts.append(part)
    _run("sox", *map(str, parts), str(target))
    for part in parts:
        part.unlink()


def make(script: Script, out: Path, recordings: Path) -> int:
    """Make every prompt; a recording of the same language and name is taken instead; returns their number."""
    for prompt in script.prompts:
        target = out / prompt.language / f"{prompt.name}.wav"
        target.parent.mkdir(parents=True, exist_ok=True)
        recorded = recordings / prompt.language / f"{prompt.name}.wav"
        if recorded.exists():
            _run("sox", str(recorded), *FORMAT, str(target))
        else:
            speak(script.voices, prompt.parts, target, slow=prompt.slow)
    hold = out / "hold"
    hold.mkdir(parents=True, exist_ok=True)
    for number, piece in enumerate(script.hold):
        target = hold / f"{number:02}.wav"
        if "tones" in piece:
            hum(piece["tones"], target)
        else:
            speak(script.voices, piece["text"], target)
    return len(script.prompts) + len(script.hold)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from a command line; 0 when all prompts are there."""
    parser = argparse.ArgumentParser(description="Make the prompts of prompts.yaml.")
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--recordings", type=Path, default=HERE / "recordings")
    options = parser.parse_args(arguments)
    missing = [tool for tool in ("espeak-ng", "sox") if not shutil.which(tool)]
    if missing:
        print(f"not found: {' and '.join(missing)} (Debian: apt install espeak-ng sox)", file=sys.stderr)
        return 1
    try:
        made = make(read(HERE / "prompts.yaml"), options.out, options.recordings)
    except subprocess.CalledProcessError as failed:
        print(f"{failed.cmd[0]} failed: {failed.stderr.decode(errors='replace')}", file=sys.stderr)
        return 1
    print(f"{made} prompts in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
