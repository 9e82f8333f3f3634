"""Prompts are made once a version of their text and recordings."""

import shutil
import wave
from pathlib import Path

import pytest

from loadtest.prompts import PromptsMissing, made_prompts

SCRIPTS = Path("asterisk_conf/prompts")
TEXT = """
voices:
  zh: {voice: cmn-latn-pinyin, speed: 170}
  en: {voice: en-gb, speed: 155}
prompts:
  goodbye: {zh: 再见。, en: Goodbye.}
hold:
  - tones: [440]
"""

speaks = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="there is no espeak-ng")


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with one prompt, and a cache of its own."""
    monkeypatch.setenv("IVR_CACHE", str(tmp_path / "cache"))
    scripts = tmp_path / "conf/prompts"
    scripts.mkdir(parents=True)
    shutil.copy(SCRIPTS / "make.py", scripts)
    (scripts / "prompts.yaml").write_text(TEXT, encoding="utf-8")
    return tmp_path / "conf"


def recorded(file: Path) -> Path:
    """Half a second of silence, in the quality of a studio."""
    file.parent.mkdir(parents=True)
    with wave.open(str(file), "wb") as out:
        out.setparams((2, 2, 44100, 0, "NONE", ""))
        out.writeframes(b"\0" * 4 * 22050)
    return file


@speaks
def test_every_prompt_is_there_in_every_language_at_8_khz(configuration: Path) -> None:
    made = made_prompts(configuration)
    names = sorted(str(file.relative_to(made)) for file in made.rglob("*.*"))
    assert names == ["en/goodbye.wav", "hold/00.wav", "zh/goodbye.wav"]
    for name in names:
        with wave.open(str(made / name)) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
            assert sound.getnframes() > 2000


@speaks
def test_they_are_made_once(configuration: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_prompts(configuration)
    monkeypatch.setenv("PATH", "/nowhere")
    assert made_prompts(configuration) == made


@speaks
def test_another_text_is_another_set(configuration: Path) -> None:
    made = made_prompts(configuration)
    (configuration / "prompts/prompts.yaml").write_text(TEXT.replace("Goodbye.", "Bye."), encoding="utf-8")
    assert made_prompts(configuration) != made


@speaks
def test_a_recording_replaces_the_made_file(configuration: Path, tmp_path: Path) -> None:
    recorded(tmp_path / "recordings/zh/goodbye.wav")
    made = made_prompts(configuration, tmp_path / "recordings")
    with wave.open(str(made / "zh/goodbye.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (8000, 1, 4000)


def test_without_a_speaker_it_says_what_to_install(
    configuration: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PromptsMissing, match="apt install espeak-ng sox"):
        made_prompts(configuration)
