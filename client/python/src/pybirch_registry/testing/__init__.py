"""Tests definitions without hardware: recordings, simulators and pytest files."""
