"""python -m tests.fuzz TARGET CORPUS [libFuzzer's options]: feeds a target until something does not hold."""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["router"]):
    from tests.fuzz.targets import TARGETS


def main(name: str, corpus: Path, *options: str) -> None:
    """Begin with the seeds, beside what was found before in the folder ``corpus``."""
    target = TARGETS[name]
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], str(corpus), *options], target.feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
