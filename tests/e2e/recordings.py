"""Recorded prompts that are silent and short: for tests that look at ways, not at words."""

import wave
from pathlib import Path

from ruamel.yaml import YAML

from loadtest.run_folder import CONFIGURATION

PROMPT = 0.1
"""Seconds of silence in place of each prompt."""


def recorded(folder: Path) -> Path:
    """The folder, with a recording of each prompt in each language."""
    script = YAML(typ="safe").load(CONFIGURATION / "prompts/prompts.yaml")
    for language in script["voices"]:
        (folder / language).mkdir(parents=True)
        for name in script["prompts"]:
            with wave.open(str(folder / language / f"{name}.wav"), "wb") as sound:
                sound.setnchannels(1)
                sound.setsampwidth(2)
                sound.setframerate(8000)
                sound.writeframes(bytes(round(2 * 8000 * PROMPT)))
    return folder
