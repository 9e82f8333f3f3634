"""A policy file as plain values that know their place: YAML 1.2, read so that nothing surprises.

What belongs here: bytes, YAML, places. What a policy means belongs in the schema. The tree is built
from ruamel.yaml's parse events (no tags are resolved, no object is ever built), and everything that
two YAML readers understand in two ways is refused with the place and the two ways to write it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from router.errors import Problem
from router.policy.scalars import plain, trapped_key

MAX_BYTES = 256 * 1024
"""The largest file: some 2,000 routes; the YAML reader needs about two seconds for it."""
MAX_DEPTH = 24
"""The deepest nesting; a route's condition starts at 4."""

Plain = Any
"""None, bool, int, float, str, and lists and dicts of these, as written in the file."""
Steps = tuple[str | int, ...]
"""The way to a value: ``("routes", 1, "to", "queue")``."""
Place = tuple[int, int]
"""Line and column, from 1."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that has been read; ``value`` is None where nothing could be made of it."""

    file: str
    """The name that problems are reported under."""
    content: bytes
    value: Plain
    places: Mapping[Steps, Place]
    keys: Mapping[Steps, Place]
    """Where the key of a mapping's value stands."""
    void: frozenset[Steps]
    """Values that could not be read; the problem is told, and None stands in their place."""
    problems: tuple[Problem, ...]

    def problem(self, steps: Steps, message: str, *, at_key: bool = False) -> Problem:
        """A problem with the value at ``steps``, or the nearest value above that is in the file."""
        near = steps
        while near and near not in self.places:
            near = near[:-1]
        places = self.keys if at_key and near in self.keys else self.places
        line, column = places.get(near, (1, 1))
        return Problem(self.file, line, column, shown(steps), message)


def shown(steps: Steps) -> str:
    """Steps as people read them: ``routes[1].to.queue``."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if step.isprintable() and len(step) <= 64 else repr(step[:64])
            text += f".{name}" if text else name
    return text


def read(path: Path, file: str | None = None) -> Source:
    """Read a file; what is wrong with it is in ``problems``.

    A problem on line 0 is one with the file as a whole: it cannot be read.
    """
    name = path.name if file is None else file
    try:
        # nobody may write into a pipe, and a device may never end: neither is opened
        if not S_ISREG(mode := path.stat().st_mode):
            what = "a folder" if S_ISDIR(mode) else "no regular file"
            return _failed(name, b"", Problem(name, 0, 0, "", f"cannot be read: it is {what}"))
        with path.open("rb") as file_:
            content = file_.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return _failed(name, b"", Problem(name, 0, 0, "", f"cannot be read: {reason}"))
    return parse(content, name)


def parse(content: bytes, file: str) -> Source:
    """Read the bytes of a file called ``file``."""
    if len(content) > MAX_BYTES:
        return _failed(file, content, Problem(file, 1, 1, "", f"is larger than {MAX_BYTES // 1024} KiB"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place(content[: error.start].decode("utf-8-sig"))
        message = f"is not UTF-8: byte 0x{content[error.start]:02X}; save the file as UTF-8"
        return _failed(file, content, Problem(file, line, column, "", message))
    if found := _FORBIDDEN.search(text):
        line, column = _place(text[: found.start()])
        message = f"has a control character, U+{ord(found[0]):04X}; remove it"
        return _failed(file, content, Problem(file, line, column, "", message))
    return _parse_text(text, content, file)


def _parse_text(text: str, content: bytes, file: str) -> Source:
    tree = _Tree(file, YAML(typ="safe", pure=True).parse(text))
    value: Plain = None
    try:
        value = tree.document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
        tree.problems.append(Problem(file, line, column, "", f"is not YAML: {_syntax(error)}"))
        tree.void.add(())
    except _TooDeep:
        tree.void.add(())
    except YAMLError as error:
        tree.problems.append(Problem(file, 1, 1, "", f"is not YAML: {error}"))
        tree.void.add(())
    except (ValueError, OverflowError):
        tree.problems.append(Problem(file, 1, 1, "", "is not YAML: an escape names no character"))
        tree.void.add(())
    return Source(
        file=file,
        content=content,
        value=value,
        places=tree.places,
        keys=tree.keys,
        void=frozenset(tree.void),
        problems=tuple(tree.problems),
    )


def _failed(file: str, content: bytes, problem: Problem) -> Source:
    return Source(
        file=file,
        content=content,
        value=None,
        places={},
        keys={},
        void=frozenset({()}),
        problems=(problem,),
    )


def _place(before: str) -> Place:
    """The place of the character after ``before``."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _syntax(error: MarkedYAMLError) -> str:
    problem = " ".join(str(error.problem or "it cannot be read").split())
    if "'\\t'" in problem:
        return "a tab cannot indent; use spaces"
    if error.context is None or error.context_mark is None:
        return problem
    return f"{problem} ({error.context} that begins on line {error.context_mark.line + 1})"


class _TooDeep(Exception):
    """Nesting is past the cap; reading stops, so that no file can exhaust the stack."""


@dataclass(slots=True)
class _Tree:
    """The tree while it is built from events."""

    file: str
    events: Iterator[Event]
    places: dict[Steps, Place] = field(default_factory=dict)
    keys: dict[Steps, Place] = field(default_factory=dict)
    void: set[Steps] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def tell(self, event: Event, steps: Steps, message: str) -> None:
        self.problems.append(Problem(self.file, *_start(event), shown(steps), message))

    def refuse(self, event: Event, steps: Steps, message: str) -> None:
        """Tell the problem and let nobody else complain of the same value."""
        self.tell(event, steps, message)
        self.void.add(steps)

    def document(self) -> Plain:
        """The one document of the file."""
        value: Plain = None
        documents = 0
        for event in self.events:
            if isinstance(event, StreamEndEvent):
                break
            if not isinstance(event, DocumentStartEvent):
                continue
            documents += 1
            if event.version or event.tags:
                self.tell(event, (), "has a % line; remove it: the file is read as YAML 1.2")
            if documents > 1:
                self.refuse(event, (), "starts a second document; a file holds one")
                break
            value = self.node(next(self.events), ())
        if not documents:
            self.problems.append(Problem(self.file, 1, 1, "", "is empty"))
            self.void.add(())
        return value

    def node(self, event: Event, steps: Steps) -> Plain:
        """The value that starts with ``event``."""
        if len(steps) > MAX_DEPTH:
            self.refuse(event, steps[:3], f"is nested more than {MAX_DEPTH} deep")
            raise _TooDeep
        self.places[steps] = _start(event)
        if isinstance(event, AliasEvent):
            self.refuse(event, steps, f"*{event.anchor} is an alias; write the value out")
            return None
        if tag := getattr(event, "tag", None):
            self.refuse(event, steps, f"has the tag {_tag(str(tag))}; remove it")
        match event:
            case MappingStartEvent():
                return self.mapping(steps)
            case SequenceStartEvent():
                return self.sequence(steps)
            case ScalarEvent():
                return self.scalar(event, steps)
        raise AssertionError(event)  # the parser yields no other event where a value starts

    def sequence(self, steps: Steps) -> list[Plain]:
        values: list[Plain] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            values.append(self.node(event, (*steps, len(values))))
        return values

    def mapping(self, steps: Steps) -> dict[str, Plain]:
        values: dict[str, Plain] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.key(event, steps)
            if key is None or key in values:
                if key is not None:
                    first = self.keys[*steps, key][0]
                    self.tell(event, (*steps, key), f"is here a second time; the first is on line {first}")
                # the problems inside are told, the places of the first are kept
                again = _Tree(self.file, self.events, problems=self.problems)
                again.node(next(self.events), steps if key is None else (*steps, key))
                continue
            self.keys[*steps, key] = _start(event)
            values[key] = self.node(next(self.events), (*steps, key))
        return values

    def key(self, event: Event, steps: Steps) -> str | None:
        if not isinstance(event, ScalarEvent):
            self.tell(event, steps, "has a key that is not text")
            _Tree(self.file, self.events).node(event, (*steps, ""))  # deeper, as any value below
            return None
        key = str(event.value)
        if event.tag or not key:
            self.tell(event, steps, "has a key with a tag" if event.tag else "has an empty key")
            return None
        if key == "<<":
            self.tell(event, (*steps, key), "merge keys are not used; write the values out")
            return None
        if event.implicit[0] and (advice := trapped_key(key)):
            self.tell(event, (*steps, key), advice)
        return key

    def scalar(self, event: ScalarEvent, steps: Steps) -> Plain:
        text = str(event.value)
        if not event.implicit[0]:  # in quotes
            return text
        if not text:  # an empty value has no place; its key has
            self.places[steps] = self.keys.get(steps, self.places[steps])
        try:
            return plain(text)
        except ValueError as refused:
            self.problems.append(Problem(self.file, *self.places[steps], shown(steps), str(refused)))
            self.void.add(steps)
            return None


def _start(event: Event) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")[:40]
