"""Makes lab computers for tests that share one, or that need another computer than the fixture `home`."""

import os
import sys
from pathlib import Path

from fake_registry import TOKEN, FakeRegistry
from pybirch_registry.home import Enrolment, Home


def enrol(root: Path, server: FakeRegistry) -> Home:
    """Enrols a computer, LABPC-01, with this registry. Returns its data folder."""
    home = Home(root)
    computer = {"id": 1, "lab_id": 1}
    home.save_enrolment(Enrolment(server.url, TOKEN, "LABPC-01", "123456", computer, [server.key.listed]))
    return home


def environment_of(home: Home) -> dict[str, str]:
    """The environment variables of a program on a lab computer. The program can import this package and
    PyBirch's base classes.
    """
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYBIRCH_REGISTRY_HOME": str(home.root)}
