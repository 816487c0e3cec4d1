"""What the tests share: a registry, a lab computer enrolled with it, and sources of definitions."""

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
    """One of an earlier test may still wait for the garbage collector, at a commit that this test makes too."""
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
    """Of an enrolled computer, LABPC-01."""
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
    """Starts Python code as a program of its own, which has ended when the test has."""
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
