"""Tests that stand beside the policies: read, laid out into cases, played, reported."""
