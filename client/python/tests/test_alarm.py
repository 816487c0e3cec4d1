"""When the sync of one program receives a revocation, every program that has loaded the version warns its user."""

import logging
import os
import subprocess
import warnings
from collections.abc import Callable, Iterator

import pytest

from fake_registry import FakeRegistry
from pybirch_registry import Registry, alarm
from sources import measurement

Start = Callable[..., "subprocess.Popen[str]"]

RUNNING = """
import logging, sys, warnings
logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stdout)
warnings.showwarning = lambda text, kind, *rest: print(kind.__name__, text, flush=True)
from pybirch_registry import Registry, alarm
alarm.INTERVAL_S = 0.05
registry = Registry.open()
{use}
print("ready", flush=True)
sys.stdin.readline()
"""
USES = {
    "an instrument": "kept = registry.create('Alpha', name='Main meter')",
    "a class alone, as PyBirch's tree loads it": "exec(registry.service().get_drivers()[0]['source_code'])",
    "a pickled class": "import importlib; importlib.import_module(registry.load('Alpha').__module__)",
    # Python 3.12 and later warn about a fork while other threads, such as the alarm's, run.
    "a child that was forked": "import os; warnings.simplefilter('ignore', DeprecationWarning); "
    "kept = registry.create('Alpha'); os.fork() and os._exit(0)",
}


@pytest.fixture(autouse=True)
def nothing_said() -> Iterator[None]:
    listeners = list(alarm._listeners)
    yield
    alarm._listeners[:] = listeners


def revoke(server: FakeRegistry, name: str, reason: str = "wrong sign of Y") -> None:
    found = server.definitions[name]
    entry = {"name": name, "version": found["version"], "commit": found["commit"], "reason": reason}
    server.revoked.append(entry)


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_every_program_warns_after_the_sync_of_another_program(
    server: FakeRegistry, registry: Registry, program: Start, use: str
) -> None:
    if "fork" in use and not hasattr(os, "fork"):
        pytest.skip("This system does not fork")
    server.land("Alpha", measurement("Alpha"))
    registry.sync()
    other = program(RUNNING.format(use=use))
    assert other.stdout is not None
    assert other.stdout.readline() == "ready\n"
    revoke(server, "Alpha")
    registry.sync()
    said: list[str] = []
    while len(said) < 2:
        line = other.stdout.readline()
        assert line, "the program ended without a word"
        said += [line] if "revoked" in line else []
    assert said[0].startswith("ERROR Alpha v1 is ") and "revoked: wrong sign of Y" in said[0]
    assert said[1].startswith("RevokedWarning Alpha v1 is ")
    assert ("Main meter" in said[0]) == ("Main meter" in use)


def test_every_listener_gets_each_warning_once(
    server: FakeRegistry, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    server.land("Alpha", measurement("Alpha", 7))
    server.land("Beta", measurement("Beta", 7))
    registry.sync()
    kept = registry.create("Alpha", name="Main \x1b[31mmeter")
    registry.load("Beta")
    heard: list[str] = []

    def fails(text: str) -> None:
        raise RuntimeError(text)

    alarm.on_revoked(fails)
    alarm.on_revoked(heard.append)
    revoke(server, "Alpha")
    with pytest.warns(alarm.RevokedWarning):
        registry.sync()
    revoke(server, "Beta", "burns samples")
    with pytest.warns(alarm.RevokedWarning, match="Beta v1 is loaded and was revoked: burns samples"):
        registry.sync()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        registry.sync()
        alarm.look()
    assert [text.partition(" is ")[0] for text in heard] == ["Alpha v1", "Beta v1"]
    assert "The revoked version is used by: Main \\x1b[31mmeter." in heard[0] and kept.perform_measurement()[0][0] == 7
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2


def test_a_program_that_turns_warnings_into_errors_still_logs_the_revocation(
    server: FakeRegistry, registry: Registry
) -> None:
    server.land("Alpha", measurement("Alpha", 8))
    registry.sync()
    registry.load("Alpha")
    heard: list[str] = []
    alarm.on_revoked(heard.append)
    revoke(server, "Alpha")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        registry.sync()
    assert len(heard) == 1


def test_a_version_that_is_not_loaded_causes_no_warning(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha", 9))
    registry.sync()
    revoke(server, "Alpha")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        registry.sync()


def test_without_changes_only_the_time_of_a_file_is_read(
    server: FakeRegistry, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.land("Alpha", measurement("Alpha", 10))
    registry.sync()
    registry.load("Alpha")
    alarm.look()
    assert alarm.INTERVAL_S <= 30

    def read_again(self: object) -> None:
        raise AssertionError("the list was read again")

    monkeypatch.setattr("pybirch_registry.manifest.ManifestFile._merge", read_again)
    for _ in range(4):
        alarm.look()
