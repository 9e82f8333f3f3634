"""A folder of policy files, read whole: either policies that decide, or every mistake in them.

The folder has attributes.yaml, queues.yaml, and one file a hotline: every other ``*.yaml`` in it.
Folders in it are not looked into, nor are files whose name begins with a dot.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Any

from router.errors import PolicyError, Problem
from router.facts import Caller
from router.policy import attributes as attributes_file
from router.policy.attributes import KNOWN, RESERVED, Attribute, attributes_of
from router.policy.check import check
from router.policy.compile import compile_hotline
from router.policy.consistency import conflicts, inconsistencies
from router.policy.decide import Hotline, Policies, Queue
from router.policy.names import Names
from router.policy.nodes import Contacts, InSegment, leaves
from router.policy.schema import HotlineFile, QueuesFile, hotline_model
from router.policy.source import Source, read

__all__ = ["Policies", "load"]

QUEUES_FILE = "queues.yaml"


def load(directory: Path) -> Policies:
    """Read, check and compile a folder of policies.

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
    own = {attributes_file.FILE, QUEUES_FILE}
    sources = [read(directory / name) for name in names if name.endswith(".yaml") and name not in own]
    problems = [
        Problem(name, 1, 1, "", "is not read; name it .yaml") for name in names if name.endswith(".yml")
    ]
    if not sources:
        problems.append(Problem(str(directory), 1, 1, "", "has no hotline; add a file like 10010.yaml"))

    attributes, found = attributes_of(declared)
    problems += found
    queues, found = check(QueuesFile, queues_source)
    problems += found
    hotlines, found = _hotlines(sources, _known(attributes, declared), queues_source)
    problems += found
    if problems or attributes is None or queues is None:
        raise PolicyError(problems)
    version = _version(directory, [declared, queues_source, *sources])
    return _policies(version, attributes, queues, hotlines)


def _known(
    attributes: Mapping[str, Attribute] | None, source: Source
) -> Mapping[str, Attribute | None] | None:
    """The attributes; of a file with mistakes their names alone; None when not even those can be read."""
    if attributes is not None:
        return attributes
    names = source.value.get("attributes") if isinstance(source.value, dict) else None
    return dict.fromkeys(set(names) - RESERVED) if isinstance(names, dict) else None


def _hotlines(
    sources: Iterable[Source], attributes: Mapping[str, Attribute | None] | None, queues: Source
) -> tuple[list[HotlineFile], list[Problem]]:
    problems = list(conflicts(sources))
    hotlines: list[HotlineFile] = []
    model = None if attributes is None else hotline_model(attributes)
    for source in sources:
        problems += inconsistencies(source)
        if model is None:  # each attribute would seem to be unknown
            problems += source.problems
            continue
        names = replace(_names(queues), segments=_keys(source, "segments"))
        hotline, found = check(model, source, names)
        problems += found
        if hotline is not None:
            hotlines.append(hotline)
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


def _version(directory: Path, sources: Iterable[Source]) -> str:
    digest = blake2b(digest_size=6)
    for source in sources:
        digest.update(f"{source.file}\n{len(source.content)}\n".encode() + source.content)
    name = re.sub("[^A-Za-z0-9_.-]+", "-", directory.resolve().name, flags=re.ASCII)
    return f"{name[:27]}@{digest.hexdigest()}"


def _policies(
    version: str, attributes: Mapping[str, Attribute], queues: QueuesFile, files: Iterable[HotlineFile]
) -> Policies:
    hotlines = [compile_hotline(file, version) for file in files]
    asked = [leaf for hotline in hotlines for leaf in _asked(hotline)]
    # "known" always: a lookup of no field at all is an error to Redis
    looked_at = {KNOWN} | {leaf.attribute for leaf in asked if not isinstance(leaf, Contacts | InSegment)}
    return Policies(
        version=version,
        attributes=attributes,
        queues=MappingProxyType(
            {name: Queue(name=name, **entry.model_dump()) for name, entry in queues.queues.items()}
        ),
        needs=tuple(attribute for name, attribute in attributes.items() if name in looked_at),
        unknown=Caller(
            customer={name: attribute.missing for name, attribute in attributes.items()}, contacts=()
        ),
        longest_window=max((leaf.within for leaf in asked if isinstance(leaf, Contacts)), default=0),
        hotlines={number: hotline for hotline in hotlines for number in hotline.numbers},
        decisions=tuple(
            decision
            for hotline in hotlines
            for branch in hotline.branches
            for decision in (*(choice for _, choice in branch.open), branch.settled)
        ),
    )


def _asked(hotline: Hotline) -> Iterable[Any]:
    for condition in (*hotline.segments.values(), *(route.when for route in hotline.routes)):
        if condition is not None:
            yield from leaves(condition)
