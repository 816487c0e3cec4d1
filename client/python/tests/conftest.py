"""The fixtures of all tests: a registry, a lab computer that is enrolled with the registry, and programs of
that computer.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from computers import enrol, environment_of
from fake_registry import FakeRegistry
from pybirch_registry import Registry, instances
from pybirch_registry.home import Home


@pytest.fixture(autouse=True)
def nothing_in_use() -> None:
    """Forgets instruments of earlier tests. The garbage collector may not have deleted an old instrument yet,
    and this test may make the same commit.
    """
    for instrument in instances.list_live():
        instances.forget(instrument)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeRegistry]:
    folder = tmp_path / "server"
    folder.mkdir()
    found = FakeRegistry(folder)
    yield found
    found.close()


@pytest.fixture
def home(tmp_path: Path, server: FakeRegistry, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The data folder of an enrolled computer, LABPC-01."""
    place = enrol(tmp_path / "home", server)
    monkeypatch.setenv("PYBIRCH_REGISTRY_HOME", str(place.root))
    return place


@pytest.fixture
def registry(home: Home) -> Registry:
    return Registry.open(home.root)


@pytest.fixture
def environment(home: Home) -> dict[str, str]:
    return environment_of(home)


@pytest.fixture
def program(environment: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python code as a program of its own. The program ends at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", code, *arguments]
        one = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        started.append(one)
        return one

    yield start
    for one in started:
        one.kill()
        one.communicate()
