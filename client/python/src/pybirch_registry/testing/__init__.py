"""Tests definitions without hardware: recordings, simulators and pytest files."""

from .recorder import record
from .replaying import replay
from .simulated import simulated

__all__ = ["record", "replay", "simulated"]
