"""A pytest plugin for PyBirch's own tests. In these tests, PyBirch's database service is the service object,
which passes calls on to PyBirch's own service.
"""

import functools
import tempfile
from pathlib import Path
from typing import Any

import database.services

from fake_registry import TOKEN, FakeRegistry
from pybirch_registry import Registry
from pybirch_registry.home import Enrolment, Home
from pybirch_registry.service import Service
from sources import measurement

made: list[Service] = []


def pytest_configure(config: Any) -> None:
    folder = Path(tempfile.mkdtemp())
    (folder / "server").mkdir()
    server = FakeRegistry(folder / "server")
    config.add_cleanup(server.close)
    home = Home(folder / "home")
    home.save_enrolment(Enrolment(server.url, TOKEN, "LABPC-77", "123456", {"id": 1, "lab_id": 1}, [server.key.listed]))
    for name in ("Alpha", "Beta", "Gamma"):
        server.land(name, measurement(name))
    server.bind(1, "Alpha", "GPIB::1")
    registry = Registry.open(home.root)
    assert len(registry.sync().came) == 3
    own = database.services.DatabaseService

    @functools.wraps(own)
    def service(*arguments: Any, **options: Any) -> Service:
        made.append(registry.service(own(*arguments, **options)))
        return made[-1]

    database.services.DatabaseService = service


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.write_line(f"{len(made)} times through the service")
