"""Asterisk's configuration files, as far as names of sections go: text in, names out.

The rules are those of main/config.c: ``[name](!)`` is a template, ``[name](+)`` adds to a section that is
elsewhere, ``;`` begins a comment unless a backslash is before it, ``;--`` one that ends with ``--;``.
"""

import re
from dataclasses import dataclass

_COMMENT = re.compile(r"(?<!\\);(?:--(?!-).*?(?:--;|\Z)|[^\n]*)", re.DOTALL)
_LINE = re.compile(
    r"""^[ \t]*(?:
        \[ (?P<name>[^\]\n]+) \] [ \t]* (?:\( (?P<marks>[^)\n]*) \))?
        | \#(?:try)?include [ \t]+ ["<]? (?P<file>[^">\n]+?) [">]? [ \t]*$
    )""",
    re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conf:
    """What a file of Asterisk's says by its sections."""

    sections: frozenset[str]
    """Their names, without templates and without those that are only added to."""
    includes: tuple[str, ...]
    """Files that it includes, as written."""


def parse_conf(text: str) -> Conf:
    """The names in a file of Asterisk's."""
    sections: set[str] = set()
    includes: list[str] = []
    for line in _LINE.finditer(_COMMENT.sub("", text.removeprefix("\ufeff"))):
        marks = {mark.strip() for mark in (line["marks"] or "").split(",")}
        if line["file"]:
            includes.append(line["file"])
        elif not marks & {"!", "+"}:
            sections.add(line["name"])
    return Conf(sections=frozenset(sections), includes=tuple(includes))
