"""Policies: YAML that operations staff write, compiled to functions that decide."""
