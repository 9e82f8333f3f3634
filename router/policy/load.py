"""A folder of policy files, read whole: either a rulebook, or every mistake in them.

The folder has attributes.yaml, queues.yaml, hours.yaml (if any hours are used), and one file a hotline:
every other ``*.yaml`` in it. Folders in it are not looked into, nor are files whose name begins with a dot.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from router.errors import PolicyError, Problem
from router.policy import attributes as attributes_file
from router.policy.attributes import RESERVED, Attribute, attributes_of
from router.policy.check import check
from router.policy.compile import compiled
from router.policy.consistency import conflicts, inconsistencies
from router.policy.decide import Policies
from router.policy.hours import FILE as HOURS_FILE
from router.policy.hours_file import hours_of
from router.policy.names import Names
from router.policy.reading import hotline_of, menus_of, queues_of
from router.policy.rulebook import Rulebook
from router.policy.schema import HotlineFile, QueuesFile, hotline_model
from router.policy.source import Source, read
from router.policy.version import folder_name, version_of

__all__ = ["Folder", "Policies", "load", "read_folder"]

QUEUES_FILE = "queues.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder without mistakes: what it says, and where it says it."""

    book: Rulebook
    sources: Mapping[str, Source]
    """By the file's name."""


def load(directory: Path) -> Policies:
    """Read, check and compile a folder of policies.

    Raises:
        PolicyError: as `read_folder`.
    """
    return compiled(read_folder(directory).book)


def read_folder(directory: Path) -> Folder:
    """Read and check a folder of policies.

    Raises:
        PolicyError: with every mistake in every file. One on line 0 says that a file or the folder
            cannot be read at all.
    """
    try:
        names = sorted(path.name for path in directory.iterdir() if not path.name.startswith("."))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PolicyError([Problem(str(directory), 0, 0, "", f"cannot be read: {reason}")]) from error
    declared, queues_source = read(directory / attributes_file.FILE), read(directory / QUEUES_FILE)
    own = {attributes_file.FILE, QUEUES_FILE, HOURS_FILE}
    sources = [read(directory / name) for name in names if name.endswith(".yaml") and name not in own]
    # a folder without hours.yaml has no hours
    hours_source = read(directory / HOURS_FILE) if HOURS_FILE in names else None
    problems = [
        Problem(name, 1, 1, "", "is not read; name it .yaml") for name in names if name.endswith(".yml")
    ]
    if not sources:
        problems.append(Problem(str(directory), 1, 1, "", "has no hotline; add a file like 10010.yaml"))

    attributes, found = attributes_of(declared)
    problems += found
    queues, found = check(QueuesFile, queues_source, _names(queues_source))
    problems += found
    hours, found = ({}, []) if hours_source is None else hours_of(hours_source)
    problems += found
    known = replace(
        _names(queues_source), hours=frozenset() if hours_source is None else _keys(hours_source, "hours")
    )
    hotlines, found = _hotlines(sources, _known(attributes, declared), known)
    problems += found
    if problems or attributes is None or queues is None or hours is None:
        raise PolicyError(problems)
    every = [declared, queues_source, *([] if hours_source is None else [hours_source]), *sources]
    book = Rulebook(
        version=version_of(folder_name(directory), ((source.file, source.content) for source in every)),
        attributes=attributes,
        queues=queues_of(queues),
        menus=menus_of(queues),
        hours=hours,
        hotlines=tuple(hotline_of(hotline, file) for file, hotline in hotlines.items()),
    )
    return Folder(book=book, sources={source.file: source for source in every})


def _known(
    attributes: Mapping[str, Attribute] | None, source: Source
) -> Mapping[str, Attribute | None] | None:
    """The attributes; of a file with mistakes their names alone; None when not even those can be read."""
    if attributes is not None:
        return attributes
    names = source.value.get("attributes") if isinstance(source.value, dict) else None
    return dict.fromkeys(set(names) - RESERVED) if isinstance(names, dict) else None


def _hotlines(
    sources: Iterable[Source], attributes: Mapping[str, Attribute | None] | None, known: Names
) -> tuple[Mapping[str, HotlineFile], list[Problem]]:
    problems = list(conflicts(sources))
    hotlines: dict[str, HotlineFile] = {}
    model = None if attributes is None else hotline_model(attributes)
    for source in sources:
        problems += inconsistencies(source)
        if model is None:  # each attribute would seem to be unknown
            problems += source.problems
            continue
        names = replace(known, segments=_keys(source, "segments"))
        hotline, found = check(model, source, names)
        problems += found
        if hotline is not None:
            hotlines[source.file] = hotline
    return hotlines, problems


def _names(queues: Source) -> Names:
    """The names that queues.yaml declares, also when it has mistakes."""
    if not isinstance(queues.value, dict):
        return Names()
    return Names(
        queues=_keys(queues, "queues"), menus=_keys(queues, "menus"), prompts=_keys(queues, "prompts")
    )


def _keys(source: Source, key: str) -> frozenset[str] | None:
    value: Any = source.value.get(key, {}) if isinstance(source.value, dict) else None
    return frozenset(value) if isinstance(value, dict) else None
