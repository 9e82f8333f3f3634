"""The service's own health as metrics: refused sessions, store errors, lost events, versions."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Info


class ServiceMetrics:
    """What every process of ours counts, in a registry of the caller's choosing."""

    def __init__(self, registry: CollectorRegistry, version: str) -> None:
        self.store_up = Gauge("ivr_store_up", "The store answers: 1 or 0.", registry=registry)
        self.journal_waiting = Gauge(
            "ivr_journal_waiting", "Events not yet written to the store.", registry=registry
        )
        self.journal_dropped = Counter(
            "ivr_journal_dropped",
            "Events and contacts lost: the buffer was full, or the store refused them for good.",
            ("reason",),
            registry=registry,
        )
        self.journal_dropped.labels("full")
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
        self.store_errors = Counter(
            "ivr_store_errors",
            "Lookups without an answer: their callers are decided for as unknown.",
            ("kind",),
            registry=registry,
        )
        for reason in refusals:
            self.agi_refused.labels(reason)
        for kind in store_errors:
            self.store_errors.labels(kind)
        self.lines_dropped = Gauge(
            "ivr_log_lines_dropped",
            "Lines of the log lost since the start, because nobody read them.",
            registry=registry,
        )
        self.policy = Info("ivr_policy", "The policy version that decides.", registry=registry)
        self.policy_loaded = Gauge(
            "ivr_policy_loaded_timestamp_seconds", "When the policies were loaded.", registry=registry
        )
