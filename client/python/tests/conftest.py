"""What the tests share: a registry, a lab computer enrolled with it, and sources of definitions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_registry import TOKEN, FakeRegistry
from pybirch_registry import Registry
from pybirch_registry.home import Enrolment, Home


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
    computer = {"lab_id": 1}
    place.save_enrolment(Enrolment(server.url, TOKEN, "LABPC-01", "123456", computer, keys))
    return place


@pytest.fixture
def registry(home: Home) -> Registry:
    return Registry.open(home.root)
