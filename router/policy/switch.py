"""What the switch has, read from its configuration, and what queues.yaml names beyond that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from router.errors import PolicyError, Problem
from router.policy.check import instead
from router.policy.names import Duration
from router.policy.source import Source, read
from router.policy.switch_conf import Section, parse_conf, setting

FOLDER = "asterisk_conf"
"""Where it is looked for, beside the folder of policies."""
QUEUES = "queues.conf"
DIALPLAN = "extensions.conf"
PROMPTS = "prompts/prompts.yaml"
MENU = "ivr-menu-"
"""Before a menu's name in the name of its context."""
RENAMED = {"general": "general-queue"}
"""Queues that cannot have their own name there: [general] is the settings of the whole file (app_queue.c)."""


_DURATION: TypeAdapter[int] = TypeAdapter(Duration)
_OURS = {there: ours for ours, there in RENAMED.items()}


def our_name(queue: str) -> str:
    """The name that policies and metrics have for a queue of the switch."""
    return _OURS.get(queue, queue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """What a switch has, by the names that policies write; None where its files do not say."""

    folder: Path
    queues: Mapping[str, int | None]
    """And how long agents write after a call of each, in seconds (wrapuptime)."""
    menus: frozenset[str]
    prompts: frozenset[str] | None
    absent: tuple[str, ...]
    """Files that are included and not there: a site's own, that may have more names."""


def read_switch(folder: Path) -> Switch:
    """Read the configuration of a switch.

    Raises:
        PolicyError: queues.conf or extensions.conf cannot be read.
    """
    absent: list[str] = []
    queues = _sections(folder, QUEUES, absent)
    contexts = {section.name for section in _sections(folder, DIALPLAN, absent) if section.is_own}
    return Switch(
        folder=folder,
        queues={
            our_name(section.name): _wrap_up(queues, section.name)
            for section in queues
            if section.is_own and section.name != "general"
        },
        menus=frozenset(name.removeprefix(MENU) for name in contexts if name.startswith(MENU)),
        prompts=_prompts(folder / PROMPTS),
        absent=tuple(dict.fromkeys(absent)),
    )


def strangers(switch: Switch, queues: Source) -> Iterator[Problem]:
    """What queues.yaml names and the switch has not, or has otherwise; each at its place."""
    told = switch.folder
    for name in _names(queues, "queues") & switch.queues.keys():
        theirs, ours = switch.queues[name], _seconds(queues.value["queues"][name])
        if None not in (theirs, ours) and theirs != ours:
            message = f"wrap_up is {ours} s, and {told / QUEUES} has wrapuptime = {theirs}"
            yield queues.problem(("queues", name), message, at_key=True)
    for name in _names(queues, "queues") - switch.queues.keys():
        renamed = f': "{name}" is called "{RENAMED[name]}" there' if name in RENAMED else ""
        message = f"{told / QUEUES} has no such queue{renamed or instead(name, switch.queues)}"
        yield queues.problem(("queues", name), message, at_key=True)
    for name in _names(queues, "menus") - switch.menus:
        message = f"{told / DIALPLAN} has no context {MENU}{name}{instead(name, switch.menus)}"
        yield queues.problem(("menus", name), message, at_key=True)
    if switch.prompts is not None:
        for name in _names(queues, "prompts") - switch.prompts:
            message = f"{told / PROMPTS} has no such prompt{instead(name, switch.prompts)}"
            yield queues.problem(("prompts", name), message, at_key=True)


def unread(switch: Switch) -> Iterator[Problem]:
    """Files of the switch that could not be looked into."""
    for name in switch.absent:
        yield Problem(
            str(switch.folder / name), 0, 0, "", "is included and not there; its names are not known"
        )


def _wrap_up(queues: Sequence[Section], name: str) -> int | None:
    value = setting(queues, name, "wrapuptime") or "0"  # app_queue's own
    return int(value) if value.isascii() and value.isdigit() else None


def _seconds(entry: Any) -> int | None:
    try:
        return 0 if "wrap_up" not in entry else _DURATION.validate_python(entry["wrap_up"])
    except (TypeError, ValidationError):  # told by who reads the file
        return None


def _sections(folder: Path, name: str, absent: list[str]) -> list[Section]:
    """The sections of a file and of all that it includes; paths are from the folder, as in Asterisk."""
    found: list[Section] = []
    left, seen = [folder / name], {folder / name}
    while left:
        conf = parse_conf(_text(left.pop()))
        found += conf.sections
        for include in conf.includes:
            files = sorted(folder.glob(include)) if not Path(include).is_absolute() else [Path(include)]
            there = [file for file in files if file.is_file()]
            absent += [] if there else [include]
            left += [file for file in there if file not in seen]
            seen.update(there)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PolicyError([Problem(str(path), 0, 0, "", f"cannot be read: {reason}")]) from error


def _prompts(path: Path) -> frozenset[str] | None:
    return _names(read(path), "prompts") if path.exists() else None


def _names(source: Source, key: str) -> frozenset[str]:
    names: Any = source.value.get(key) if isinstance(source.value, dict) else None
    return frozenset(names) if isinstance(names, dict) else frozenset()
