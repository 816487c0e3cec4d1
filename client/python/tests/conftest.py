"""What the tests share: a registry, a lab computer enrolled with it, and sources of definitions."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fake_registry import TOKEN, FakeRegistry
from pybirch_registry import Registry, instances
from pybirch_registry.home import Enrolment, Home


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
    place = Home(tmp_path / "home")
    monkeypatch.setenv("PYBIRCH_REGISTRY_HOME", str(place.root))
    keys = [server.key.listed]
    computer = {"id": 1, "lab_id": 1}
    place.save_enrolment(Enrolment(server.url, TOKEN, "LABPC-01", "123456", computer, keys))
    return place


@pytest.fixture
def registry(home: Home) -> Registry:
    return Registry.open(home.root)


@pytest.fixture
def environment(home: Home) -> dict[str, str]:
    """Of a program on that computer: this package and PyBirch's base classes can be imported."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYBIRCH_REGISTRY_HOME": str(home.root)}


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
