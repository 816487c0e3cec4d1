"""Definitions are fetched by git, checked, and kept."""

import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from dulwich.objects import Tag

from fake_registry import TOKEN, FakeRegistry, SigningKey
from pybirch_registry import RefusedError, Registry, RegistryError
from pybirch_registry.enrol import enrol
from pybirch_registry.home import Home
from pybirch_registry.sync import THE_LIST
from sources import measurement


def test_a_first_sync_fetches_every_definition_and_the_next_makes_one_request(
    server: FakeRegistry, registry: Registry
) -> None:
    server.land("Alpha", measurement("Alpha"))
    server.land("Beta", measurement("Beta"), {"tables/cal.csv": "1,2\n", "helper.py": "X = 1\n"})
    report = registry.sync()
    assert report.ok and sorted(report.came) == ["Alpha v1", "Beta v1"]
    server.requests.clear()
    again = registry.sync()
    assert again.unchanged and again.came == [] and sorted(again.stayed) == ["Alpha v1", "Beta v1"]
    assert server.requests == ["GET /api/sync"]
    assert server.reports[-1]["installed"] == {"Alpha": 1, "Beta": 1}


def test_a_new_version_is_installed_beside_the_old_one(server: FakeRegistry, registry: Registry) -> None:
    first = server.land("Alpha", measurement("Alpha", 1))
    registry.sync()
    second = server.land("Alpha", measurement("Alpha", 2))
    assert registry.sync().came == ["Alpha v2"]
    assert [i.commit for i in registry.store.versions("Alpha")] == [second, first]
    assert registry.create("Alpha").perform_measurement()[0][0] == 2
    assert registry.create("Alpha", version=1).perform_measurement()[0][0] == 1


def test_offline_everything_works_from_the_last_sync(server: FakeRegistry, home: Home) -> None:
    server.land("Alpha", measurement("Alpha"))
    Registry.open(home.root).sync()
    server.close()
    registry = Registry.open(home.root)
    report = registry.sync()
    assert not report.online and report.stayed == ["Alpha v1"]
    assert registry.create("Alpha").name == "The Alpha"


def test_an_older_version_is_installed_from_the_history_without_the_network(server: FakeRegistry, home: Home) -> None:
    for value in (1, 2, 3):
        server.land("Alpha", measurement("Alpha", value))
    Registry.open(home.root).sync()
    server.close()
    old = Registry.open(home.root).create("Alpha", version=2)
    assert old.perform_measurement()[0][0] == 2 and old._definition["version"] == 2


def test_a_lying_manifest_changes_nothing(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha", 1))
    registry.sync()
    server.land("Alpha", measurement("Alpha", 2))
    server.definitions["Alpha"]["files"]["Alpha.py"] = "0" * 64
    report = registry.sync()
    assert "not those that the registry lists" in report.refused["Alpha v2"]
    assert registry.create("Alpha")._definition["version"] == 1


def test_a_commit_that_is_not_on_main_is_refused(server: FakeRegistry, registry: Registry) -> None:
    first = server.land("Alpha", measurement("Alpha", 1))
    server.land("Alpha", measurement("Alpha", 2))
    repo = server.repos["Alpha"]
    repo.refs[b"refs/heads/main"] = first.encode()
    report = registry.sync()
    assert "not on main" in report.refused["Alpha v2"]


def test_a_rewritten_history_is_refused(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha", 1))
    server.land("Alpha", measurement("Alpha", 2))
    registry.sync()
    del server.definitions["Alpha"]
    server.repos.pop("Alpha").close()
    server.folder = server.folder / "other"
    server.folder.mkdir()
    for value in (7, 8, 9):
        server.land("Alpha", measurement("Alpha", value))
    report = registry.sync()
    assert "rewritten" in report.refused["Alpha v3"]
    assert registry.create("Alpha")._definition["version"] == 2


def test_tags_must_be_signed_by_a_key_of_the_registry(server: FakeRegistry, registry: Registry) -> None:
    server.land("Unsigned", measurement("Unsigned"), signed=False)
    server.keys = [SigningKey()]
    server.land("Foreign", measurement("Foreign"))
    server.keys = [server.key]
    server.land("Good", measurement("Good"))
    report = registry.sync()
    assert report.came == ["Good v1"]
    assert "not signed" in report.refused["Unsigned v1"]
    assert "not a key of this registry" in report.refused["Foreign v1"]


def test_a_new_key_that_the_old_key_signed_is_trusted(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha"))
    registry.sync()
    server.rotate()
    server.land("Alpha", measurement("Alpha", 2))
    assert registry.sync().came == ["Alpha v2"]
    assert len(registry.home.enrolment().signing_keys) == 2


def test_a_key_is_valid_only_for_the_time_when_it_was_in_use(server: FakeRegistry, registry: Registry) -> None:
    late = SigningKey(valid_after="2999-01-01T00:00:00Z", number=2)
    server.keys.append(late)
    server.land("Alpha", measurement("Alpha"))
    assert "not in use" in registry.sync().refused["Alpha v1"]


def test_a_snapshot_is_fetched_if_git_is_blocked(server: FakeRegistry, registry: Registry) -> None:
    server.git_fault = "blocked"
    server.land("Alpha", measurement("Alpha"), {"data/cal.csv": "1\n"})
    report = registry.sync()
    assert report.came == ["Alpha v1"] and "snapshot" in report.warnings[0]
    assert registry.store.versions("Alpha")[0].checked_by == "list"
    assert registry.create("Alpha")._definition["approved_by"] == ["ada"]


def test_a_revoked_version_never_runs_and_the_previous_one_does(
    server: FakeRegistry, registry: Registry, home: Home
) -> None:
    server.land("Alpha", measurement("Alpha", 1))
    registry.sync()
    second = server.land("Alpha", measurement("Alpha", 2))
    registry.sync()
    in_use = registry.create("Alpha")
    server.revoked = [{"name": "Alpha", "version": 2, "commit": second, "reason": "burns samples"}]
    report = registry.sync()
    assert report.revoked == {"Alpha v2": "burns samples"}
    assert any("in use and was revoked" in text for text in report.warnings)
    assert in_use.perform_measurement()[0][0] == 2
    (update,) = [u for u in registry.updates() if u.instrument is in_use]
    assert (update.loaded, update.newest, update.revoked) == (2, 1, "burns samples")
    assert Registry.open(home.root).resolve("Alpha").version == 1


def test_requested_public_definitions_are_fetched_by_every_sync(server: FakeRegistry, registry: Registry) -> None:
    server.land("SR830", measurement("SR830"), is_builtin=True, is_public=True, lab_id=None)
    assert registry.sync().came == []
    assert registry.sync(["sr830"]).came == ["SR830 v1"]  # a name in other case is the same definition
    assert registry.sync().stayed == ["SR830 v1"]


def test_the_enrolment_is_readable_by_its_account_alone(home: Home) -> None:
    assert stat.S_IMODE((home.root / "enrolment.json").stat().st_mode) == 0o600


def test_the_token_is_sent_only_to_the_registry(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        server.definitions["Alpha"]["clone_url"] = f"http://127.0.0.1:{other.getsockname()[1]}/definitions/Alpha.git"
        assert registry.sync().came == ["Alpha v1"]
        other.settimeout(0)
        with pytest.raises(BlockingIOError):
            other.accept()
    assert TOKEN not in repr(registry.enrolment)


def test_signatures_are_required_even_if_the_registry_lists_no_keys(server: FakeRegistry, registry: Registry) -> None:
    server.keys = [SigningKey()]
    server.land("Alpha", measurement("Alpha"))
    server.lists_keys = False
    assert "is not the key" in registry.sync().refused[THE_LIST]
    server.keys = [server.key]
    assert "not a key of this registry" in registry.sync().refused["Alpha v1"]
    assert registry.home.enrolment().signing_keys == [server.key.listed]


def test_a_new_key_is_reported_to_the_user(server: FakeRegistry, registry: Registry) -> None:
    server.rotate()
    server.land("Alpha", measurement("Alpha"))
    assert any("signs with a new key" in text for text in registry.sync().warnings)


def test_a_tag_whose_bytes_were_changed_is_refused(server: FakeRegistry, registry: Registry) -> None:
    """An attacker changes the name of an approver in the version's record. After this change, the signature is
    invalid.
    """
    server.land("Alpha", measurement("Alpha"))
    repo = server.repos["Alpha"]
    raw = repo[repo.refs[b"refs/tags/v1"]].as_raw_string()
    forged = Tag.from_string(raw.replace(b'"ada"', b'"eve"'))
    repo.object_store.add_object(forged)
    repo.refs[b"refs/tags/v1"] = forged.id
    assert "is not valid" in registry.sync().refused["Alpha v1"]


def test_a_name_that_the_registry_does_not_list_is_reported(registry: Registry) -> None:
    report = registry.sync(["Nothing", "no name", "Nothing"])
    assert (report.ok, report.unknown, report.warnings) == (False, ["Nothing", "no name"], [])
    assert registry.sync().unknown == []


def test_a_name_that_is_no_longer_listed_is_reported_when_it_is_requested(
    server: FakeRegistry, registry: Registry
) -> None:
    server.land("Alpha", measurement("Alpha"))
    assert registry.sync(["Alpha"]).unknown == []
    del server.definitions["Alpha"]
    assert registry.sync(["alpha"]).unknown == registry.sync(["alpha"]).unknown == ["alpha"]


def test_warnings_of_the_registry_are_reported_at_every_sync(server: FakeRegistry, registry: Registry) -> None:
    server.warnings = ["Source is pinned to v1, which was revoked: it gets v2"]
    assert registry.sync().warnings == server.warnings == registry.sync().warnings


def test_a_pin_to_a_revoked_version_is_replaced_by_the_newest_version_with_a_warning(
    server: FakeRegistry, registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    first = server.land("Alpha", measurement("Alpha", 1))
    server.land("Alpha", measurement("Alpha", 2))
    registry.sync()
    registry.pin("Alpha", 1)
    server.revoked = [{"name": "Alpha", "version": 1, "commit": first, "reason": "drifts"}]
    registry.sync()
    assert registry.create("Alpha")._definition["version"] == 2
    assert "Alpha is pinned here to v1, which was revoked: drifts" in caplog.text
    with pytest.raises(RefusedError, match="revoked: drifts"):
        registry.pin("Alpha", 1)
    with pytest.raises(RefusedError, match="revoked: drifts"):
        registry.create("Alpha", version=1)


def test_a_version_is_fetched_when_it_is_requested(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha", 1))
    registry.sync()
    server.land("Alpha", measurement("Alpha", 2))
    assert registry.create("Alpha", version=2).perform_measurement()[0][0] == 2
    server.down = True
    with pytest.raises(RegistryError, match=r"v3 is not on this computer"):
        registry.create("Alpha", version=3)


LOADS = """
import sys
from pybirch_registry import Registry
instrument = Registry.open().create("Alpha", version=1)
print("ready", flush=True)
sys.stdin.read()
"""


def test_the_versions_that_running_programs_have_loaded_are_reported(
    server: FakeRegistry, registry: Registry, program: Any
) -> None:
    """A sync by one program reports what another program has loaded, until that program ends in any way."""
    for value in (1, 2):
        server.land("Alpha", measurement("Alpha", value))
    registry.sync()
    other = program(LOADS)
    assert other.stdout.readline() == "ready\n"
    registry.sync()
    assert server.reports[-1]["loaded"] == {"Alpha": 1}
    other.kill()
    other.wait()
    registry.sync()
    assert server.reports[-1]["loaded"] == {}


def test_data_of_two_registries_is_never_mixed(
    server: FakeRegistry, registry: Registry, home: Home, tmp_path: Path
) -> None:
    server.land("Alpha", measurement("Alpha"))
    registry.sync()
    enrol(home, server.url, "CODE")
    assert Registry.open(home.root).store.names() == ["Alpha"]
    server.keys = [SigningKey()]
    enrol(home, server.url, "CODE")
    assert Registry.open(home.root).store.names() == []
    assert list(home.root.glob("before-*/versions/Alpha"))
