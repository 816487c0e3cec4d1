"""A program that watches checks only what has changed since the last sync. The watching program still notices every
change that a new program would notice.

The flaw: at each event, a lab computer with 200 definitions hashed all of them and read every record five times.
"""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from time import time_ns

import pytest

from fake_registry import FakeRegistry
from pybirch_registry import Registry, remembering, state, store
from pybirch_registry.report import SyncReport
from sources import measurement
from test_seals import ATTACKS, folder_of

NAMES = ("Alpha", "Beta", "Gamma")


@pytest.fixture
def good(server: FakeRegistry, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry with files that have not changed for a while."""
    for name in NAMES:
        server.land(name, measurement(name, 1), {"helper.py": "X = 1\n", "tables/a.csv": "1\n"})
    registry.sync()
    monkeypatch.setattr(remembering, "time_ns", lambda: time_ns() + 10 * remembering.SETTLED_NS)
    return registry


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The definitions whose files were hashed."""
    found: list[str] = []
    real = store.describe_edits

    def note(folder: Path, files: dict[str, str]) -> str | None:
        found.append(folder.parent.name)
        return real(folder, files)

    monkeypatch.setattr(store, "describe_edits", note)
    return found


def watch(server: FakeRegistry, registry: Registry, *between: Callable[[], object]) -> list[SyncReport]:
    """Watches the registry. After each sync, calls one of the functions `between` and then sends an event.
    Returns the reports of all syncs.
    """
    reports: list[SyncReport] = []
    stop = threading.Event()

    def on_sync(report: SyncReport) -> None:
        reports.append(report)
        if len(reports) > len(between):
            stop.set()
            return
        between[len(reports) - 1]()
        server.say("definition.landed", {})

    registry.watch(on_sync, stop=stop)
    return reports


def test_an_event_hashes_only_the_definitions_that_it_concerns(
    server: FakeRegistry, good: Registry, hashed: list[str]
) -> None:
    counts: list[list[str]] = []

    def count() -> None:
        counts.append(sorted(hashed))
        hashed.clear()

    def land() -> None:
        count()
        server.land("Beta", measurement("Beta", 2))

    reports = watch(server, good, count, land, count, count)
    count()
    assert counts[0] == list(NAMES) and counts[1] == [], "the first sync hashes all, an unchanged one nothing"
    assert reports[2].came == ["Beta v2"]
    assert set(counts[2]) <= {"Beta"} and set(counts[3]) == {"Beta"} and counts[4] == []
    assert all(len(report.stayed) + len(report.came) == 3 for report in reports)
    assert server.reports[-1]["installed"] == {"Alpha": 1, "Beta": 2, "Gamma": 1}


def test_everything_is_hashed_again_after_an_hour(
    server: FakeRegistry, good: Registry, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk may lose bytes without a trace."""

    def let_an_hour_pass() -> None:
        hashed.clear()
        later = time.monotonic() + remembering.LONGEST_S + 1
        monkeypatch.setattr(remembering, "monotonic", lambda: later)

    watch(server, good, lambda: None, let_an_hour_pass)
    assert sorted(hashed) == list(NAMES)


def test_files_that_have_just_changed_are_hashed_again(
    server: FakeRegistry, good: Registry, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a file changes twice within the same tick of the disk's clock, both changes leave the same times."""
    monkeypatch.setattr(remembering, "time_ns", time_ns)
    watch(server, good, hashed.clear)
    assert sorted(hashed) == list(NAMES)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_edit_is_undone_at_the_next_event(server: FakeRegistry, good: Registry, attack: str) -> None:
    folder = folder_of(good)
    reports = watch(server, good, lambda: None, lambda: ATTACKS[attack](folder, good.home), lambda: None)
    assert reports[1].came == [] and reports[2].came == ["Alpha v1"] and reports[3].came == []
    assert good.create("Alpha").perform_measurement()[0][0] == 1


def test_an_edit_that_keeps_size_and_date_is_undone(server: FakeRegistry, good: Registry) -> None:
    file = folder_of(good) / "helper.py"

    def edit() -> None:
        before = file.stat()
        file.write_text("X = 2\n")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    reports = watch(server, good, lambda: None, edit)
    assert reports[2].came == ["Alpha v1"] and file.read_text() == "X = 1\n"


def test_a_damaged_record_is_restored_at_the_next_event(server: FakeRegistry, good: Registry) -> None:
    folder = folder_of(good)
    record = folder.with_name(f"{folder.name}.json")
    whole = record.read_bytes()
    reports = watch(server, good, lambda: None, lambda: record.write_bytes(b""), state.copy_of(record).unlink)
    assert any("restored from its copy" in text for text in reports[2].warnings)
    assert record.read_bytes() == whole == state.copy_of(record).read_bytes()


def test_a_version_that_another_program_installed_is_used(server: FakeRegistry, good: Registry) -> None:
    def bring() -> None:
        server.land("Alpha", measurement("Alpha", 2))
        Registry.open(good.home.root).sync()

    reports = watch(server, good, lambda: None, bring)
    assert reports[2].came == [] and "Alpha v2" in reports[2].stayed
    assert server.reports[-1]["installed"]["Alpha"] == 2


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps the names in folders itself")
def test_a_landing_syncs_only_the_necessary_files_to_the_disk(
    server: FakeRegistry, good: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    real = os.fsync

    def land() -> None:
        server.land("Beta", measurement("Beta", 2))
        monkeypatch.setattr(os, "fsync", lambda handle: (waits.append(handle), real(handle)))

    reports = watch(server, good, lambda: None, land)
    assert reports[2].came == ["Beta v2"]
    # Expected syncs to the disk: file, copy and folder for each of trust.json, manifest.json and the record; two refs;
    # the definition's file.
    assert len(waits) == 3 * 3 + 2 + 1
