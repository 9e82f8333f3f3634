"""Asterisk's configuration files, as far as sections and their settings go: text in, values out.

The rules are those of main/config.c: ``[name](!)`` is a template, ``[name](+)`` adds to a section that is
elsewhere, ``;`` begins a comment unless a backslash is before it, ``;--`` one that ends with ``--;``.
A section has the settings of its templates, in their order, then its own; the last one of a name counts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_COMMENT = re.compile(r"(?<!\\);(?:--(?!-).*?(?:--;|\Z)|[^\n]*)", re.DOTALL)
_LINE = re.compile(
    r"""^[ \t]*(?:
        \[ (?P<name>[^\]\n]+) \] [ \t]* (?:\( (?P<marks>[^)\n]*) \))?
        | \#(?:try)?include [ \t]+ ["<]? (?P<file>[^">\n]+?) [">]? [ \t]*$
        | (?P<key>\w+) [ \t]* => ? [ \t]* (?P<value>[^\n]*?) \s*$
    )""",
    re.MULTILINE | re.VERBOSE,
)
_TEMPLATE, _ADDED = "!", "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section, or what is added to one."""

    name: str
    marks: tuple[str, ...]
    """What stands in its parentheses: ``!`` a template, ``+`` an addition, else a template's name."""
    settings: dict[str, str]
    """The last value of each name."""

    @property
    def is_own(self) -> bool:
        """It is neither a template nor only added to one that is elsewhere."""
        return _TEMPLATE not in self.marks and _ADDED not in self.marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Conf:
    """What a file of Asterisk's says."""

    sections: tuple[Section, ...]
    includes: tuple[str, ...]
    """Files that it includes, as written."""


def parse_conf(text: str) -> Conf:
    """The sections in a file of Asterisk's."""
    sections: list[Section] = []
    includes: list[str] = []
    for line in _LINE.finditer(_COMMENT.sub("", text.removeprefix("\ufeff"))):
        if line["file"]:
            includes.append(line["file"])
        elif line["name"]:
            marks = tuple(mark.strip() for mark in (line["marks"] or "").split(","))
            sections.append(Section(name=line["name"], marks=marks, settings={}))
        elif sections:
            sections[-1].settings[line["key"]] = line["value"]
    return Conf(sections=tuple(sections), includes=tuple(includes))


def setting(sections: Sequence[Section], name: str, key: str) -> str | None:
    """What a section's setting comes to, with its templates; None where nothing says it."""
    found = None
    for place, section in enumerate(sections):
        if section.name == name:
            for template in section.marks:  # those that stand before it: so no template is its own
                found = setting(sections[:place], template, key) or found
            found = section.settings.get(key, found)
    return found
