"""Who goes by the policies of a folder: the router, the observer, the candidate beside the live version."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from metrics.kpis import CallKpis, RoutingKpis
from metrics.service import PolicyMetrics, RouterMetrics, ShadowMetrics
from router.decision import Decision
from router.live.archive import Archive
from router.live.files import place
from router.live.following import Aside, Outcome, Result
from router.live.verdict import Good
from router.live.yardsticks import yardsticks
from router.policy.decide import Policies
from router.policy.hours import known_until
from router.policy.shadow import Shadow, Tally
from router.routing import Routing

log = structlog.get_logger()

_SHOWN = 5
"""Problems in a line of the log; `ivr reload` and `ivr lint` print them all."""
PAIRS = 200
"""Series of calls decided otherwise; what goes beyond is counted under "other"."""
_NO_HOTLINE = "(no hotline)"
_OTHER = ("other", "other", "other")


@dataclass(slots=True, kw_only=True)
class Live:
    """Replaces the version that decides, counts and keeps each one."""

    routing: Routing
    kpis: RoutingKpis
    metrics: RouterMetrics
    archive: Archive
    aside: Aside
    wall: Callable[[], float]
    """Seconds since the epoch."""
    others: Callable[[bytes], None] = lambda _: None
    """Told the pickled rulebook of the version that is live."""
    folder: Path | None = None
    loaded_at: float = 0.0
    last: tuple[float, Outcome] | None = None
    """What came of the last attempt, and when."""

    def state(self) -> dict[str, Any]:
        """What is live and what came of the last attempt, as JSON."""
        at, outcome = self.last or (None, None)
        return {
            "version": self.routing.policies.version,
            "folder": self.folder and place(self.folder),
            "loaded_at": self.loaded_at,
            "shadow": self.routing.shadow and self.routing.shadow.policies.version,
            "tried_at": at,
            "result": outcome and outcome.result,
            "problems": [] if outcome is None else list(outcome.problems),
        }

    def start(self) -> None:
        """Say which version decides, once it does."""
        self.loaded_at = self.wall()
        _show(self.metrics.policies, self.routing.policies, self.loaded_at)
        self.metrics.policies_proved.set(0)  # nobody has looked yet

    def follows(self, folder: Path) -> None:
        """Say so to who asks: a rollback writes into it."""
        self.folder = folder

    def take(self, policies: Policies) -> None:
        """Swap; its series are there before its first call."""
        self.kpis.expect(policies.decisions)
        self.routing.go_live(policies)
        self.start()

    async def confirm(self, good: Good) -> None:
        """Say whether it is proved, and which one it is."""
        self.others(good.book)
        self.metrics.policies_proved.set(good.proved)
        if good.doubts:
            log.warning("not all of the policies is proved", version=good.version, **_shown(good.doubts))

    async def keep(self, good: Good) -> bool:
        """Keep it for a rollback, as live since it was loaded."""
        try:
            await self.aside(self.archive.went_live, good.version, good.files, self.loaded_at)
        except OSError as wrong:
            self.metrics.keep_errors.inc()
            log.warning("a version cannot be kept for a rollback", version=good.version, why=str(wrong))
            return False
        return True

    def told(self, outcome: Outcome) -> None:
        """Count it and log why; nothing else changes when files are refused."""
        self.last = self.wall(), outcome
        self.metrics.policies.looked(outcome.result, good=outcome.good)
        _log(outcome)


@dataclass(slots=True, kw_only=True)
class Observed:
    """The policies that the observer goes by: they decide nothing there."""

    policies: Policies
    kpis: CallKpis
    metrics: PolicyMetrics
    wall: Callable[[], float]
    """Seconds since the epoch."""

    def follows(self, folder: Path) -> None:
        """Nobody asks the observer."""

    def take(self, policies: Policies) -> None:
        """Go by another version; the series of its queues are there before their first call."""
        self.policies = policies
        self.kpis.measure(yardsticks(policies))
        _show(self.metrics, policies, self.wall())

    async def confirm(self, good: Good) -> None:
        """Whether it is proved is the router's to say."""

    async def keep(self, good: Good) -> bool:  # noqa: ARG002  the protocol's
        """So is keeping it the router's."""
        return True

    def told(self, outcome: Outcome) -> None:
        """Count it and log why."""
        self.metrics.looked(outcome.result, good=outcome.good)
        _log(outcome)


@dataclass(slots=True, kw_only=True)
class Candidate:
    """Has a candidate decide beside the live version, as long as its files are good."""

    routing: Routing
    metrics: ShadowMetrics
    soon: Callable[[Callable[[], None]], object]
    tally: Tally = field(default_factory=Tally)
    _series: set[tuple[str, str, str]] = field(default_factory=set)

    def follows(self, folder: Path) -> None:
        """Nobody writes into a candidate's."""

    def take(self, policies: Policies) -> None:
        """Put it beside the live version."""
        self.routing.shadow = Shadow(policies, self.routing.policies.needs, soon=self.soon, tally=self.tally)
        self.metrics.version.info({"version": policies.version})
        self.metrics.on.set(1)

    async def confirm(self, good: Good) -> None:
        """Nothing more is to be known of a candidate."""

    async def keep(self, good: Good) -> bool:  # noqa: ARG002  the protocol's
        """It never was live."""
        return True

    def told(self, outcome: Outcome) -> None:
        """Switch it off when its files are no good: what it last was is not what will go live."""
        if outcome.version is None and self.routing.shadow is not None:
            self.routing.shadow = None
            self.metrics.on.set(0)
            self.metrics.version.info({})
        if outcome.result is Result.LOADED:
            log.info("shadow policies beside the live ones", version=outcome.version)
        elif not outcome.good:
            log.error("shadow policies not loaded", shadow=outcome.version, **_shown(outcome.problems))

    def count(self) -> None:
        """Move the metrics by what was tallied; to be called by a timer."""
        pairs, failed = self.tally.taken()
        self.metrics.calls.labels("failed").inc(failed)
        for (decision, other), calls in pairs.items():
            if other is not None and other.action == decision.action:
                self.metrics.calls.labels("same").inc(calls)
            else:
                self.metrics.calls.labels("different").inc(calls)
                self.metrics.decisions.labels(*self._labels(decision, other)).inc(calls)

    def _labels(self, decision: Decision, other: Decision | None) -> tuple[str, str, str]:
        labels = decision.hotline, decision.rule, _NO_HOTLINE if other is None else other.rule
        if labels not in self._series and len(self._series) >= PAIRS:
            return _OTHER
        self._series.add(labels)
        return labels


def _log(outcome: Outcome) -> None:
    if outcome.result is Result.LOADED:
        log.info("policies live", version=outcome.version)
    elif not outcome.good:
        log.error("policies not loaded", live=outcome.version, **_shown(outcome.problems))


def _show(metrics: PolicyMetrics, policies: Policies, at: float) -> None:
    """Say which version is gone by since a time."""
    metrics.went_live(policies.version, at, known_until(policies.book.hours.values()))


def _shown(problems: tuple[str, ...]) -> dict[str, object]:
    return {"problems": len(problems), "first": list(problems[:_SHOWN])}
