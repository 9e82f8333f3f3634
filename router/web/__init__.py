"""Prometheus and load balancers as peers: /metrics, /healthz, /readyz."""
