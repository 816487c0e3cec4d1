"""A signature is valid only for the version that was asked for. The attack is "wrong software" in The Update
Framework: a registry sends something that it signed under another name.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from dulwich.repo import Repo

from fake_registry import FakeRegistry
from pybirch_registry import RefusedError, Registry
from pybirch_registry.home import Home
from sources import measurement

HELPER = {"Victim.py": measurement("Victim", 666)}
"""A second file of a harmless definition, with the code that the attacker wants to run instead of the victim's code."""


def as_victim(server: FakeRegistry, **said: Any) -> None:
    """Lists the history of `Harmless`, with its own signatures, under the name `Victim`."""
    server.repos["Victim"] = server.repos["Harmless"]
    server.definitions["Victim"] = {**server.definitions.pop("Harmless"), "name": "Victim", **said}


def test_a_history_under_the_name_of_another_definition_is_refused(server: FakeRegistry, registry: Registry) -> None:
    server.land("Harmless", measurement("Harmless"), HELPER)
    as_victim(server)
    report = registry.sync()
    assert report.came == [] and "belongs to 'Harmless'" in report.refused["Victim v1"]
    with pytest.raises(Exception, match="Victim"):
        registry.create("Victim")


def test_a_definition_with_the_id_of_another_is_refused(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha"))
    server.definitions["Alpha"]["id"] = 99
    assert "not to Alpha (99)" in registry.sync().refused["Alpha v1"]


def test_a_tag_of_another_version_is_refused(server: FakeRegistry, registry: Registry) -> None:
    commit = server.land("Alpha", measurement("Alpha")).encode()
    record = {"id": 1, "name": "Alpha", "version": 1, "commit": commit.decode()}
    repo = server.repos["Alpha"]
    repo.refs[b"refs/tags/v1"] = server.add_tag(repo, "v2", commit, record)
    assert "has the name 'v2'" in registry.sync().refused["Alpha v1"]


def test_old_versions_without_signed_names_run_if_they_are_attested(server: FakeRegistry, registry: Registry) -> None:
    server.names_in_tags = False
    server.land("Old", measurement("Old", 1))
    server.land("Old", measurement("Old", 2))
    assert "does not name its definition" in registry.sync().refused["Old v2"]
    server.attest("Old")
    assert registry.sync().came == ["Old v2"], "although the history was here before the attestation"
    assert registry.create("Old", version=1).perform_measurement()[0][0] == 1
    server.names_in_tags = True
    server.land("Old", measurement("Old", 3))
    assert registry.sync().came == ["Old v3"]


def test_a_version_without_a_signed_name_is_not_sealed_without_an_attestation(
    server: FakeRegistry, registry: Registry, home: Home
) -> None:
    """A version without a seal is compared with the history on this computer by the same rules as when it was
    fetched.
    """
    server.names_in_tags = False
    server.land("Old", measurement("Old", 1))
    server.attest("Old")
    assert registry.sync().ok
    installed = registry.resolve("Old")
    for path in home.root.glob("seal.json*"):
        path.unlink()
    Repo(str(home.repository("Old"))).refs.remove_if_equals(b"refs/tags/attested", None)
    assert "was edited" in str(registry.store.fault("Old", installed.commit))


def _of_another_name(server: FakeRegistry) -> None:
    server.attest("Harmless")


def _forged(server: FakeRegistry) -> None:
    server.attest("Harmless", as_name="Victim")
    repo = server.repos["Harmless"]
    raw = repo[repo.refs[b"refs/tags/attested"]].as_raw_string()
    del repo.refs[b"refs/tags/attested"]
    forged = type(repo[repo.refs[b"refs/tags/v1"]]).from_string(raw.replace(b"Victim", b"Vittim", 1))
    repo.object_store.add_object(forged)
    repo.refs[b"refs/tags/attested"] = forged.id


def _of_other_tags(server: FakeRegistry) -> None:
    server.attest("Harmless", as_name="Victim")
    server.land("Harmless", measurement("Harmless", 2), HELPER)


@pytest.mark.parametrize("list_of", [_of_another_name, _forged, _of_other_tags])
def test_an_attestation_counts_only_for_the_versions_in_it(
    server: FakeRegistry, registry: Registry, list_of: Callable[[FakeRegistry], None]
) -> None:
    server.names_in_tags = False
    server.land("Harmless", measurement("Harmless"), HELPER)
    list_of(server)
    as_victim(server)
    report = registry.sync()
    assert report.came == [] and len(report.refused) == 1


def test_an_older_version_of_another_definition_s_history_is_refused(server: FakeRegistry, registry: Registry) -> None:
    server.land("Harmless", measurement("Harmless", 1), HELPER)
    server.land("Victim", measurement("Victim", 1))
    server.land("Victim", measurement("Victim", 2))
    registry.sync()
    home = registry.home
    for name in ("Harmless", "Victim"):
        assert home.repository(name).is_dir()
    shutil.rmtree(home.repository("Victim"))
    shutil.copytree(home.repository("Harmless"), home.repository("Victim"))
    with pytest.raises(RefusedError, match="belongs to 'Harmless'"):
        registry.create("Victim", version=1)


def test_a_version_that_an_older_client_installed_under_another_name_does_not_run(
    server: FakeRegistry, registry: Registry
) -> None:
    """An older client installed this version in the folder, because its signature was valid."""
    server.land("Harmless", measurement("Harmless"), HELPER)
    registry.sync()
    store, harmless = registry.store, registry.store.versions("Harmless")[0]
    contents = {path: (store.folder("Harmless", harmless.commit) / path).read_bytes() for path in harmless.files}
    store.install(replace(harmless, name="Victim"), contents)
    shutil.copytree(registry.home.repository("Harmless"), registry.home.repository("Victim"))
    with pytest.raises(RefusedError, match="belongs to 'Harmless'"):
        registry.create("Victim")
    assert registry.create("Harmless")


def test_a_version_that_is_no_longer_listed_is_verified_by_its_tag(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha", 1))
    registry.sync()
    server.land("Alpha", measurement("Alpha", 2))
    registry.sync()
    server.close()
    assert registry.create("Alpha", version=1)._definition["version"] == 1
