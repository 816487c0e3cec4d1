"""The command `pybirch-registry`."""

from .program import main

__all__ = ["main"]
