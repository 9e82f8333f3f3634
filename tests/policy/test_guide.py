"""docs/policies.md says what is so: its files are written, its commands given, its examples loaded."""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from loadtest.ports import Ports
from loadtest.stack import Ivr
from router.policy.load import load
from tests.policy.guide import PAGE, ROOT, Command, Write, pattern, run, steps

GUIDE = PAGE.read_text(encoding="utf-8")
STEPS = list(steps(GUIDE))
EXAMPLE = next(step.text for step in STEPS if isinstance(step, Write))
SECTION = GUIDE.split("## Conditions")[1].split("## ")[0]
CONDITIONS = list(re.findall(r"^\| `(.+?)` \|", SECTION, re.MULTILINE))


class Reader:
    """A reader at the keyboard: a folder, and a router on it, started when a command needs one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "IVR_CONTROL": str(folder / "run/control.sock"),
            "IVR_VERSIONS": str(folder / "run/versions"),
        }
        self.ends = ExitStack()
        self.is_running = False

    def start(self) -> None:
        if self.is_running:
            return
        ports = self.ends.enter_context(Ports())
        agi, metrics = (f"127.0.0.1:{ports.take()}" for _ in range(2))
        command = ["serve", "--agi", agi, "--policies", str(self.folder / "mine")]
        command += ["--store", f"embedded:{self.folder / 'run/store'}"]
        log = self.folder / "serve.log"
        self.ends.enter_context(Ivr(command, metrics=metrics, log=log, secrets=self.environment))
        self.is_running = True


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    made = Reader(tmp_path)
    with made.ends:
        yield made


def test_a_reader_who_does_what_the_guide_says_sees_what_it_shows(reader: Reader) -> None:
    for step in STEPS:
        match step:
            case Write(file=file, text=text):
                (reader.folder / file).write_text(text, encoding="utf-8")
            case Command(line=line, output=output):
                if re.match("ivr (reload|rollback)", line):
                    reader.start()
                printed = run(step, reader.folder, reader.environment)
                assert re.fullmatch(pattern(output), printed), f"$ {line}\n{printed}\ninstead of\n{output}"


def test_the_guide_shows_each_command_of_its_trade() -> None:
    given = {step.line.split()[1] for step in STEPS if isinstance(step, Command) and step.line[:4] == "ivr "}
    assert given == {"lint", "explain", "test", "prove", "diff", "reload", "rollback"}


def folder(path: Path, hotline: str) -> Path:
    leave = shutil.ignore_patterns("10010.yaml", "roaming.yaml", "4000010010.yaml")
    shutil.copytree(ROOT / "policies", path, ignore=leave)
    (path / "10010.yaml").write_text(hotline, encoding="utf-8")
    return path


def test_the_conditions_are_found() -> None:
    assert len(CONDITIONS) == 15


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_condition_of_the_guide_is_one(condition: str, tmp_path: Path) -> None:
    more = "segments:\n  vip: {star: {at_least: 5}}\n  truck_driver: {occupation: truck_driver}"
    text = EXAMPLE.replace("segments:", more).replace("when: senior", f"when: {condition}")
    route = load(folder(tmp_path / "policies", text)).trees["10010"].hotline.routes[0]
    assert route.when is not None
