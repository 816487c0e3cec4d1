"""Tests definitions without hardware: recordings, simulators and pytest files."""

from .replaying import replay

__all__ = ["replay"]
