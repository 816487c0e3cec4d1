"""Definitions come by git, are checked, and stay."""

import stat

from fake_registry import FakeRegistry, SigningKey
from pybirch_registry import Registry
from pybirch_registry.home import Home
from sources import measurement


def test_a_first_sync_brings_every_definition_and_an_unchanged_one_asks_once(
    server: FakeRegistry, registry: Registry
) -> None:
    server.land("Alpha", measurement("Alpha"))
    server.land("Beta", measurement("Beta"), {"tables/cal.csv": "1,2\n", "helper.py": "X = 1\n"})
    report = registry.sync()
    assert report.ok and sorted(report.came) == ["Alpha v1", "Beta v1"]
    server.requests.clear()
    again = registry.sync()
    assert again.unchanged and again.came == [] and sorted(again.stayed) == ["Alpha v1", "Beta v1"]
    assert server.requests == ["GET /api/sync", "POST /api/sync/report"]
    assert server.reports[-1]["installed"] == {"Alpha": 1, "Beta": 1}


def test_a_new_version_comes_beside_the_old_one(server: FakeRegistry, registry: Registry) -> None:
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


def test_an_older_version_comes_out_of_the_fetched_history_without_the_network(
    server: FakeRegistry, home: Home
) -> None:
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
    assert "no key of this registry" in report.refused["Foreign v1"]


def test_a_key_that_took_over_is_learnt(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha"))
    registry.sync()
    server.keys.append(SigningKey())
    server.land("Alpha", measurement("Alpha", 2))
    assert registry.sync().came == ["Alpha v2"]
    assert len(registry.home.enrolment().signing_keys) == 2


def test_a_key_counts_only_for_the_time_it_was_in_use(server: FakeRegistry, registry: Registry) -> None:
    late = SigningKey(valid_after="2999-01-01T00:00:00Z")
    server.keys.append(late)
    server.land("Alpha", measurement("Alpha"))
    assert "not in use" in registry.sync().refused["Alpha v1"]


def test_the_snapshot_comes_where_git_does_not(server: FakeRegistry, registry: Registry) -> None:
    server.git_fault = "blocked"
    server.land("Alpha", measurement("Alpha"), {"data/cal.csv": "1\n"})
    report = registry.sync()
    assert report.came == ["Alpha v1"] and "snapshot" in report.warnings[0]
    assert registry.store.versions("Alpha")[0].checked_by == "snapshot"
    assert registry.create("Alpha")._definition["approved_by"] == ["ada"]


def test_a_revoked_version_never_runs_and_the_one_before_does(
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


def test_public_definitions_come_when_asked_for_and_stay_asked_for(server: FakeRegistry, registry: Registry) -> None:
    server.land("SR830", measurement("SR830"), is_builtin=True, is_public=True, lab_id=None)
    assert registry.sync().came == []
    assert registry.sync(["SR830"]).came == ["SR830 v1"]
    assert registry.sync().stayed == ["SR830 v1"]


def test_the_enrolment_is_readable_by_its_account_alone(home: Home) -> None:
    assert stat.S_IMODE((home.root / "enrolment.json").stat().st_mode) == 0o600
