"""How an explanation is printed: as lines, or as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from router.facts import Value
from router.policy.explain import (
    ClockTime,
    ContactCount,
    CustomerValue,
    Draw,
    Explanation,
    QueueMeasure,
    Trace,
)
from router.policy.vocabulary import Language
from router.policy.words import MASK, phrase, worded


class Lang(StrEnum):
    """What to tell an explanation in; both: in English, with the reason in both."""

    EN = "en"
    ZH = "zh"
    BOTH = "both"

    @property
    def reasons(self) -> tuple[Language, ...]:
        """The languages that the reason is told in."""
        return tuple(Language) if self is Lang.BOTH else (Language(self.value),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An explanation, and what has to be said with it."""

    explanation: Explanation
    about: str
    """Whose call it is, and of when."""
    notes: Sequence[str]
    """What a reader must know to take it right."""
    imported: int | None
    """When customers were last imported, in seconds since the epoch."""


def as_text(told: Told, lang: Lang, *, unmask: bool) -> list[str]:
    """Lines of text: the call, the notes, the explanation."""
    language = Language.ZH if lang is Lang.ZH else Language.EN
    return [
        told.about,
        *(f"note: {note}" for note in _notes(told, unmask=unmask)),
        *worded(
            told.explanation,
            language,
            show_sensitive=unmask,
            imported=told.imported,
            reasons=lang.reasons,
        ),
    ]


def as_json(told: Told, lang: Lang, *, unmask: bool) -> str:
    """One JSON object: the decision, and each condition with its words, its value and its parts."""
    explanation, decision = told.explanation, told.explanation.decision
    reasons = explanation.route.reason or {}

    def condition(trace: Trace | None) -> Any:
        return None if trace is None else _condition(trace, lang.reasons, unmask=unmask)

    return orjson.dumps(
        {
            "about": told.about,
            "notes": _notes(told, unmask=unmask),
            "policy": decision.policy,
            "hotline": decision.hotline,
            "rule": decision.rule,
            "segment": decision.segment,
            "destination": decision.destination,
            "reason": {language.value: reasons[language] for language in lang.reasons if language in reasons},
            "owner": explanation.owner,
            "at": _time(explanation.facts.now),
            "data": explanation.facts.data,
            "customers_imported": None if told.imported is None else _time(told.imported),
            "segments": [
                {"name": segment.name, "belongs": segment.belongs, "condition": condition(segment.trace)}
                for segment in explanation.segments
            ],
            "routes": [
                {"name": route.route.name, "matches": route.matches, "condition": condition(route.trace)}
                for route in explanation.routes
            ],
        },
        option=orjson.OPT_INDENT_2,
    ).decode()


def _notes(told: Told, *, unmask: bool) -> list[str]:
    return [*told.notes, *(["sensitive values are shown"] if unmask else [])]


def _condition(trace: Trace, languages: Sequence[Language], *, unmask: bool) -> dict[str, Any]:
    seen: dict[str, Any] = {} if trace.seen is None else {"value": _value(trace, unmask=unmask)}
    if isinstance(trace.seen, CustomerValue):
        seen["source"] = trace.seen.attribute.source
    return {
        "kind": type(trace.node).__name__,
        "text": {language.value: phrase(trace, language, show_sensitive=unmask) for language in languages},
        "holds": trace.holds,
        "asked": trace.asked,
        **seen,
        "parts": [_condition(part, languages, unmask=unmask) for part in trace.parts],
    }


def _value(trace: Trace, *, unmask: bool) -> Value | None:
    """What a leaf looked at; None for the load of a queue without news."""
    match trace.seen:
        case CustomerValue(attribute=attribute, value=value):
            return value if unmask or not attribute.sensitive else MASK
        case ContactCount(count=count):
            return count
        case QueueMeasure(value=measured, is_news=is_news):
            return measured if is_news else None
        case ClockTime(at=at):
            return _time(at)
        case Draw(part=part):
            return part
        case _:
            raise AssertionError("a leaf has looked at something")


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
