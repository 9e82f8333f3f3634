"""The service's own health as metrics: refused sessions, store errors, lost events, versions."""

from collections.abc import Iterable
from math import inf

from prometheus_client import CollectorRegistry, Counter, Gauge, Info

from metrics.kpis import SECONDS
from metrics.tally import Collected, Spread


class ServiceMetrics:
    """What every process of ours counts, in a registry of the caller's choosing."""

    def __init__(self, registry: CollectorRegistry, version: str) -> None:
        self.store_up = Gauge("ivr_store_up", "The store answers: 1 or 0.", registry=registry)
        self.journal_waiting = Gauge(
            "ivr_journal_waiting", "Events in memory, not yet written to the store.", registry=registry
        )
        self.lines_dropped = Gauge(
            "ivr_log_lines_dropped",
            "Lines of the log lost since the start, because nobody read them.",
            registry=registry,
        )
        self.journal_dropped = Counter(
            "ivr_journal_dropped",
            "Events and contacts lost: the buffer was full, or the store refused them for good.",
            ("reason",),
            registry=registry,
        )
        for why in ("full", "spool_full", "spool_failed"):
            self.journal_dropped.labels(why)
        self.journal_spooled = Gauge(
            "ivr_journal_spooled", "Events on disk, because the store did not take them.", registry=registry
        )
        self.task_errors = Counter(
            "ivr_task_errors", "Errors of ours in what is done again and again.", registry=registry
        )
        Info("ivr_build", "The version of this software.", registry=registry).info({"version": version})


class RouterMetrics:
    """What the decision service counts beside the calls."""

    def __init__(
        self, registry: CollectorRegistry, *, refusals: Iterable[str], store_errors: Iterable[str]
    ) -> None:
        """The series of these reasons and kinds are created, so that a rate starts at zero."""
        self.agi_refused = Counter(
            "ivr_agi_refused",
            "FastAGI sessions that did not run their course, by reason.",
            ("reason",),
            registry=registry,
        )
        self.agi_sessions = Gauge("ivr_agi_sessions", "FastAGI sessions open.", registry=registry)
        self.store_seconds = Spread(
            name="ivr_store_seconds",
            help="A lookup, from the question to the answer or to its deadline.",
            labels=(),
            bounds=SECONDS,
        )
        self.store_seconds.expect(())
        registry.register(Collected(lambda: (self.store_seconds,)))
        self.replica_up = Gauge("ivr_replica_up", "The replica answers: 1 or 0.", registry=registry)
        self.store_errors = Counter(
            "ivr_store_errors",
            "Lookups that the store has not answered: the replica is asked, or the caller counts as unknown.",
            ("kind",),
            registry=registry,
        )
        for reason in refusals:
            self.agi_refused.labels(reason)
        for kind in store_errors:
            self.store_errors.labels(kind)
        self.policies = PolicyMetrics(registry)
        self.policies_proved = Gauge(
            "ivr_policy_proved",
            "Every promise of the version that decides is proved, and every route can be reached: 1 or 0.",
            registry=registry,
        )
        self.keep_errors = Counter(
            "ivr_policy_keep_errors",
            "Versions that went live and could not be kept for a rollback.",
            registry=registry,
        )
        self.shadow = ShadowMetrics(registry)


class QueueLogMetrics:
    """How the observer comes along with the switch's queue_log."""

    def __init__(self, registry: CollectorRegistry, *, troubles: Iterable[str]) -> None:
        """The series of these kinds are created, so that a rate starts at zero."""
        self.lines = Counter("ivr_queue_log_lines", "Lines of queue_log that were read.", registry=registry)
        self.behind = Gauge(
            "ivr_queue_log_behind_bytes", "Bytes of queue_log that have not been read.", registry=registry
        )
        self.errors = Counter(
            "ivr_queue_log_errors", "What went wrong with queue_log.", ("kind",), registry=registry
        )
        for kind in troubles:
            self.errors.labels(kind)


class JournalMetrics:
    """What the observer does for the journal beside writing it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.expired = Counter(
            "ivr_journal_expired", "Events removed from the journal because of their age.", registry=registry
        )


class PolicyMetrics:
    """Which policies a process goes by, and what became of newer ones."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.live = Info("ivr_policy", "The policy version that decides.", registry=registry)
        self.loaded = Gauge(
            "ivr_policy_loaded_timestamp_seconds",
            "When the version that decides was loaded.",
            registry=registry,
        )
        self.holidays_until = Gauge(
            "ivr_policy_holidays_announced_until",
            "The last year whose holidays the policies' hours know; +Inf: they need no announcement.",
            registry=registry,
        )
        self.reload_ok = Gauge(
            "ivr_policy_reload_ok",
            "The folder's files are what decides: 1; the last attempt was refused or failed: 0.",
            registry=registry,
        )
        self.reload_ok.set(1)  # the start was the first time
        self.reloads = Counter(
            "ivr_policy_reloads",
            "Times that the folder was looked at anew, by what came of it.",
            ("outcome",),
            registry=registry,
        )
        for outcome in ("loaded", "unchanged", "refused", "failed"):
            self.reloads.labels(outcome)

    def went_live(self, version: str, at: float, holidays_until: int | None) -> None:
        """Show another version; ``at`` in seconds since the epoch, holidays until a year (None: any)."""
        self.live.info({"version": version})
        self.loaded.set(at)
        self.holidays_until.set(inf if holidays_until is None else holidays_until)

    def looked(self, outcome: str, *, good: bool) -> None:
        """Count what came of looking at the folder; ``good``: its files are what is gone by."""
        self.reloads.labels(outcome).inc()
        self.reload_ok.set(good)


class ShadowMetrics:
    """What a candidate would decide, beside the version that does."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.on = Gauge(
            "ivr_shadow_on", "A candidate decides beside the live version: 1 or 0.", registry=registry
        )
        self.version = Info("ivr_shadow", "The candidate's version.", registry=registry)
        self.calls = Counter(
            "ivr_shadow_calls",
            "Calls that the candidate has decided, too, by how its action compares.",
            ("result",),
            registry=registry,
        )
        for result in ("same", "different", "failed"):
            self.calls.labels(result)
        self.decisions = Counter(
            "ivr_shadow_decisions",
            "Calls with which the candidate would do something else, by its route and the one that decided.",
            ("hotline", "rule", "shadow_rule"),
            registry=registry,
        )
