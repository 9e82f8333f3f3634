"""Intelligent IVR and call routing for a telecom hotline."""

__version__ = "0.1.0"
