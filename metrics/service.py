"""The service's own health as metrics: refused sessions, store errors, lost events, versions."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Info


class ServiceMetrics:
    """What every process of ours counts, in a registry of the caller's choosing."""

    def __init__(self, registry: CollectorRegistry, version: str) -> None:
        self.store_up = Gauge("ivr_store_up", "The store answers: 1 or 0.", registry=registry)
        self.journal_waiting = Gauge(
            "ivr_journal_waiting", "Events not yet written to the store.", registry=registry
        )
        self.journal_dropped = Counter(
            "ivr_journal_dropped", "Events lost because the journal's buffer was full.", registry=registry
        )
        Info("ivr_build", "The version of this software.", registry=registry).info({"version": version})


class RouterMetrics:
    """What the decision service counts beside the calls."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.agi_refused = Counter(
            "ivr_agi_refused",
            "FastAGI sessions that ended without a decision applied, by reason.",
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
        self.policy = Info("ivr_policy", "The policy version that decides.", registry=registry)
        self.policy_loaded = Gauge(
            "ivr_policy_loaded_timestamp_seconds", "When the policies were loaded.", registry=registry
        )
