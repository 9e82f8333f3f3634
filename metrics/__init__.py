"""KPIs as Prometheus metrics, moved by events."""
