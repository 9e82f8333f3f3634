"""An explanation in words, a line at a time: what `ivr explain` and a failed test of a policy print.

Sensitive values are masked: that a test holds is told, the value is not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from router.decision import ToQueue
from router.facts import Data, Value
from router.policy.attributes import KNOWN, Attribute
from router.policy.explain import (
    ClockTime,
    ContactCount,
    CustomerValue,
    Draw,
    Explanation,
    QueueMeasure,
    Trace,
    traces,
)
from router.policy.nodes import (
    SHARES,
    AllOf,
    AnyOf,
    AtLeast,
    Below,
    Between,
    Contacts,
    InSegment,
    Is,
    Leaf,
    Load,
    Measure,
    Not,
    OneOf,
    Open,
    Prefix,
    Question,
    Share,
)
from router.policy.vocabulary import VOCABULARIES, Language, Need, Vocabulary

MASK = "•••"
"""In place of a sensitive value."""
INDENT = "  "


def worded(
    explanation: Explanation,
    language: str,
    *,
    show_sensitive: bool = False,
    imported: int | None = None,
    reasons: Iterable[str] | None = None,
) -> list[str]:
    """Lines of text, in English ("en") or Chinese ("zh"), indented by two blanks a level.

    The decision, its reason, whom it rings first, the segments, the routes up to the one that took the call,
    and where the data came from. ``imported``: when customers were last imported, in seconds since the epoch;
    None: nothing is said of it. ``reasons``: the languages to tell the route's reason in; None: as all else.
    """
    words = _Words(VOCABULARIES[Language(language)], show_sensitive)
    given = explanation.route.reason or {}
    decision = explanation.decision
    return [
        words.of.decision.format(
            destination=decision.destination,
            rule=decision.rule,
            hotline=decision.hotline,
            segment=decision.segment,
            policy=decision.policy,
        ),
        *(words.of.reason.format(reason=given[each]) for each in reasons or (language,) if each in given),
        *words.owner(explanation),
        *([words.of.segments] if explanation.segments else []),
        *words.segments(explanation),
        words.of.routes,
        *words.routes(explanation),
        *words.data(explanation, imported),
    ]


def phrase(trace: Trace, language: str, *, show_sensitive: bool = False) -> str:
    """A condition alone in one line, without its parts: ``star: 3, needs at least 5``."""
    return _Words(VOCABULARIES[Language(language)], show_sensitive).phrase(trace)


@dataclass(frozen=True, slots=True)
class _Words:
    of: Vocabulary
    show_sensitive: bool

    def owner(self, explanation: Explanation) -> Iterator[str]:
        action = explanation.decision.action
        if isinstance(action, ToQueue) and action.owner is not None:
            template = self.of.owner if explanation.owner else self.of.no_owner
            yield template.format(
                agent=explanation.owner,
                wait=self.duration(action.owner.wait),
                within=self.duration(action.owner.within),
            )

    def segments(self, explanation: Explanation) -> Iterator[str]:
        for segment in explanation.segments:
            yield from self.condition(segment.trace, segment.name, 1)

    def routes(self, explanation: Explanation) -> Iterator[str]:
        for route in explanation.routes:
            name = route.route.name
            if route.trace is None:
                yield INDENT + self.of.answer.format(name=name, answer=self.of.yes, why=self.of.every_call)
            else:
                yield from self.condition(route.trace, name, 1)

    def condition(self, trace: Trace, name: str | None, depth: int) -> Iterator[str]:
        """A condition and, indented below it, its parts."""
        answer = (self.of.yes if trace.holds else self.of.no) if trace.asked else self.of.not_asked
        why = self.phrase(trace)
        line = (
            f"{answer} — {why}" if name is None else self.of.answer.format(name=name, answer=answer, why=why)
        )
        yield INDENT * depth + line
        told, _ = _told(trace)
        if not isinstance(told.node, InSegment):  # what a segment asks is told under its own name
            for part in told.parts:
                yield from self.condition(part, None, depth + 1)

    def phrase(self, trace: Trace) -> str:
        told, wanted = _told(trace)
        match told.node:
            case AllOf():
                return _need(self.of.all_of, wanted)
            case AnyOf():
                return _need(self.of.any_of, wanted)
            case InSegment(segment=segment):
                return _need(self.of.segment, wanted).format(segment=segment)
            case Not():
                raise AssertionError("what is told is never a negation")
            case leaf:
                return self.of.looked.format(
                    subject=self.subject(leaf), value=self.seen(told), need=self.need(leaf, wanted=wanted)
                )

    def subject(self, leaf: Leaf) -> str:
        match leaf:
            case Contacts(within=within, answered=answered):
                template = self.of.answered_contacts if answered else self.of.contacts
                return template.format(within=self.duration(within))
            case Open(hours=hours):
                return self.of.hours.format(hours=hours)
            case Load(queue=queue, measure=measure):
                return self.of.queue.format(queue=queue, measure=self.of.measures[measure])
            case Share(of=of):
                return self.of.share.format(of=of)
            case _:
                return leaf.attribute

    def seen(self, trace: Trace) -> str:
        """The value that a leaf looked at."""
        match trace.seen:
            case CustomerValue(attribute=attribute, value=value):
                return self.of_customer(attribute, value)
            case ContactCount(count=count):
                return str(count)
            case QueueMeasure(value=value, is_news=is_news):
                return self.measured(trace.node, value) if is_news else self.of.no_news
            case ClockTime() as time:
                return self.time(time, is_open=trace.holds)
            case Draw(part=part):
                return self.of.drawn.format(part=_percent(part))
            case None:
                raise AssertionError("a leaf has looked at something")
            case _ as never:
                assert_never(never)

    def of_customer(self, attribute: Attribute, value: Value) -> str:
        if attribute.sensitive and not self.show_sensitive:
            return MASK
        is_missing = value == attribute.missing and attribute.name != KNOWN
        return self.of.missing.format(value=_text(value)) if is_missing else _text(value)

    def measured(self, node: object, value: int) -> str:
        match node:
            case Load(measure=Measure.LONGEST_WAIT):
                return self.duration(value)
            case Load(measure=Measure.KNOWN):
                return self.of.yes if value else self.of.no
            case _:
                return str(value)

    def time(self, time: ClockTime, *, is_open: bool) -> str:
        calendar = time.hours.calendar
        at = datetime.fromtimestamp(time.at, ZoneInfo(calendar.zone))
        day = at.date()
        marks = [
            (day in calendar.holidays, self.of.holiday),
            (day in calendar.worked, self.of.worked),
            (at.year > (calendar.announced_until or at.year), self.of.unannounced.format(year=at.year)),
        ]
        return self.of.local_time.format(
            state=self.of.open if is_open else self.of.closed,
            weekday=self.of.weekdays[at.weekday()],
            at=at,
            zone=calendar.zone,
            marks="".join(mark for is_so, mark in marks if is_so),
        )

    def need(self, leaf: Leaf, *, wanted: bool) -> str:
        match leaf:
            case Contacts(at_least=count):
                return _need(self.of.counted, wanted).format(value=count)
            case Open():
                return _need(self.of.open_needs, wanted)
            case Load(measure=Measure.KNOWN):
                return self.of.yes if wanted else self.of.no
            case Load(at_least=value):
                return _need(self.of.at_least, wanted).format(value=self.measured(leaf, value))
            case Share(below=below):
                return _need(self.of.shared, wanted).format(share=_percent(below))
            case _:
                return self.asked(leaf, wanted=wanted)

    def asked(self, question: Question, *, wanted: bool) -> str:
        """What a question wants of an attribute."""
        match question:
            case Is(value=value):
                return _need(self.of.equal, wanted).format(value=_text(value))
            case OneOf(values=values):
                listed = self.of.comma.join(sorted(map(_text, values)))
                return _need(self.of.one_of, wanted).format(values=listed)
            case Prefix(prefix=prefix):
                return _need(self.of.prefix, wanted).format(prefix=_text(prefix))
            case Between(low=low, high=high):
                return _need(self.of.between, wanted).format(low=_text(low), high=_text(high))
            case AtLeast(value=value):
                return self.bound(value, wanted=wanted)
            case Below(value=value):
                return self.bound(value, wanted=not wanted)
            case _ as never:
                assert_never(never)

    def bound(self, value: Value, *, wanted: bool) -> str:
        need = self.of.at_least_day if isinstance(value, date) else self.of.at_least
        return _need(need, wanted).format(value=_text(value))

    def duration(self, seconds: int) -> str:
        """In the largest unit that leaves no rest; up to four days in hours, as windows are spoken of."""
        for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
            if seconds and seconds % length == 0 and (unit != "d" or seconds > 4 * length):
                return f"{seconds // length}{self.of.units[unit]}"
        return f"{seconds}{self.of.units['s']}"

    def data(self, explanation: Explanation, imported: int | None) -> Iterator[str]:
        """What was known, where from, and how old it was."""
        facts = explanation.facts
        is_customer = facts.customer.get(KNOWN, True)
        known = self.of.known_by[facts.data]
        yield self.of.data.format(
            known=self.of.no_customer if facts.data is Data.FRESH and not is_customer else known
        )
        if not facts.data.is_known:
            return
        for source, names in _sources(explanation):
            yield INDENT + self.of.source.format(names=self.of.comma.join(names), source=source)
        if imported is not None:
            yield INDENT + self.age(facts.now - imported)
        asked = [trace.node for trace in traces(explanation) if trace.asked]
        names = [self.of.contacts_looked] if any(isinstance(node, Contacts) for node in asked) else []
        names += [self.of.loads_looked] if any(isinstance(node, Load) for node in asked) else []
        if names:
            yield INDENT + self.of.as_of_call.format(names=self.of.comma.join(names))

    def age(self, seconds: int) -> str:
        """Without what nobody asks for: two days and an hour are two days."""
        if seconds < 0:
            return self.of.newer
        units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
        unit, length = next((each for each in units if seconds >= 2 * each[1]), units[-1])
        return self.of.aged.format(age=f"{seconds // length}{self.of.units[unit]}")


def _told(trace: Trace) -> tuple[Trace, bool]:
    """What is told of a condition, and whether it is wanted: negations and names of a single leaf undone."""
    wanted = True
    while True:
        match trace.node:
            case Not():
                wanted = not wanted
                trace = trace.parts[0]
            case InSegment() if _is_plain(trace.parts[0]):
                trace = trace.parts[0]
            case _:
                return trace, wanted


def _is_plain(trace: Trace) -> bool:
    told, _ = _told(trace)
    return not told.parts


def _need(need: Need, wanted: bool) -> str:  # noqa: FBT001 - the value, not a switch
    return need.wanted if wanted else need.unwanted


def _text(value: Value) -> str:
    """As a policy file has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case date():
            return value.isoformat()
        case int():
            return str(value)
        case str():
            return (value if value.isprintable() else repr(value)) or '""'
        case _ as never:
            assert_never(never)


def _percent(part: int) -> str:
    """Hundredths of a per cent as per cent: 1250 is 12.5."""
    return f"{part * 100 / SHARES:.2f}".rstrip("0").rstrip(".")


def _sources(explanation: Explanation) -> Iterable[tuple[str, list[str]]]:
    """The attributes that were asked for, by the system that they come from."""
    sources: dict[str, list[str]] = {}
    for trace in traces(explanation):
        if trace.asked and isinstance(trace.seen, CustomerValue):
            attribute = trace.seen.attribute
            names = sources.setdefault(attribute.source, [])
            if attribute.name not in names:
                names.append(attribute.name)
    return sources.items()
