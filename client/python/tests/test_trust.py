"""The attacks that The Update Framework names (its specification, 1.5.2). In each test, a hostile server
attacks the real client. The attacker has everything that the registry ever signed, and controls the network
between the registry and the computer. The attacker does not have the registry's key.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fake_registry import FakeRegistry, SigningKey, make_bundle, sha
from pybirch_registry import RefusedError, Registry, RegistryError
from pybirch_registry.bundle import import_bundle
from pybirch_registry.doctor import examine
from pybirch_registry.enrol import enrol, short_fingerprint, tls_warning
from pybirch_registry.home import Home
from pybirch_registry.sync import THE_LIST
from pybirch_registry.trust import STALE_S, Trust
from sources import measurement

DAY = 24 * 3600.0


@pytest.fixture
def revoked(server: FakeRegistry, registry: Registry) -> str:
    """Prepares a computer that has v2 of `Alpha` and knows that v1 was revoked. Returns the commit of v1."""
    first = server.land("Alpha", measurement("Alpha", 1))
    assert registry.sync().ok
    server.land("Alpha", measurement("Alpha", 2))
    server.revoked = [{"name": "Alpha", "version": 1, "commit": first, "reason": "burns samples"}]
    assert registry.sync().ok
    return first


def stands(registry: Registry) -> None:
    """The attack has changed nothing: the computer uses v2, and v1 is revoked."""
    assert registry.create("Alpha")._definition["version"] == 2
    with pytest.raises(RefusedError, match="burns samples"):
        registry.create("Alpha", version=1)


def refused(registry: Registry, why: str) -> None:
    report = registry.sync()
    assert not report.ok and why in report.refused[THE_LIST], report.refused
    stands(registry)


# ------------------------------------------------------------------ rollback


def test_an_old_list_undoes_nothing(server: FakeRegistry, registry: Registry, revoked: str) -> None:
    server.replay = server.sent[0]
    refused(registry, "older than what this computer has seen")
    assert "registry confirm-restore" in registry.sync().refused[THE_LIST], "it says what to do"
    server.replay = None
    assert registry.sync().ok


def test_the_newest_list_is_remembered_by_every_program_and_after_its_loss(
    server: FakeRegistry, registry: Registry, home: Home, revoked: str
) -> None:
    for path in home.root.glob("manifest.json*"):
        path.unlink()
    server.replay = server.sent[0]
    fresh = Registry.open(home.root)
    assert "older" in fresh.sync().refused[THE_LIST]
    with pytest.raises(RefusedError, match="burns samples"):
        fresh.create("Alpha", version=1)


def test_a_revocation_ends_only_when_a_later_list_reinstates_the_version(
    server: FakeRegistry, registry: Registry, revoked: str
) -> None:
    entry = server.revoked[0]
    server.revoked = []
    assert registry.sync().ok
    stands(registry)
    server.reinstated = [{key: entry[key] for key in ("name", "version", "commit")}]
    assert registry.sync().ok
    assert registry.create("Alpha", version=1)._definition["version"] == 1


def test_an_older_bundle_undoes_nothing(server: FakeRegistry, registry: Registry, home: Home, tmp_path: Path) -> None:
    first = server.land("Alpha", measurement("Alpha", 1))
    make_bundle(server, tmp_path / "old.zip")
    server.land("Alpha", measurement("Alpha", 2))
    server.revoked = [{"name": "Alpha", "version": 1, "commit": first, "reason": "burns samples"}]
    server.number += 1
    make_bundle(server, tmp_path / "new.zip")
    assert import_bundle(home, tmp_path / "new.zip").came == ["Alpha v2"]
    with pytest.raises(RefusedError, match="older than what this computer has seen"):
        import_bundle(home, tmp_path / "old.zip")
    stands(registry)


# ------------------------------------------------------------------ arbitrary lists, and none


def _unsigned(server: FakeRegistry) -> None:
    server.signs = False


def _by_another_key(server: FakeRegistry) -> None:
    server.keys = [SigningKey()]


def _changed(server: FakeRegistry) -> None:
    content, statement = server.sent[-1]
    server.replay = (content.replace(b"burns samples", b"burns samplez"), statement)


def _mixed(server: FakeRegistry) -> None:
    server.replay = (server.sent[0][0], server.sent[-1][1])


def _of_another_computer(server: FakeRegistry) -> None:
    server.restate = {"audience": "computer:2"}


def _of_a_bundle(server: FakeRegistry) -> None:
    server.restate = {"audience": "bundle:1"}


def _a_tag_s_signature(server: FakeRegistry) -> None:
    content, statement = server.sent[-1]
    text = statement.partition(".")[0]
    signature = server.key.sign(b"x").decode().split("-----")[2].replace("\n", "")
    server.replay = (content, f"{text}.{signature}")


def _too_far(server: FakeRegistry) -> None:
    server.restate = {"number": 2**63}


def _no_number(server: FakeRegistry) -> None:
    server.restate = {"number": True}


def _endless_header(server: FakeRegistry) -> None:
    server.replay = (server.sent[-1][0], "A" * 20_000 + ".A")


ATTACKS: list[tuple[Callable[[FakeRegistry], None], str]] = [
    (_unsigned, "it is not signed"),
    (_by_another_key, "is not the key that the registry signs with now"),
    (_changed, "not the list that the registry signed"),
    (_mixed, "not the list that the registry signed"),
    (_of_another_computer, "made for computer:2"),
    (_of_a_bundle, "made for bundle:1"),
    (_a_tag_s_signature, "is not valid"),
    (_too_far, "its number is 9223372036854775808"),
    (_no_number, "its number is True"),
    (_endless_header, "not in a form"),
]


@pytest.mark.parametrize(("attack", "why"), ATTACKS, ids=[attack.__name__[1:] for attack, _ in ATTACKS])
def test_a_list_that_the_registry_did_not_sign_for_this_computer_is_refused(
    server: FakeRegistry, registry: Registry, revoked: str, attack: Callable[[FakeRegistry], None], why: str
) -> None:
    server.warnings = ["what is new"]  # so that the answer is not 304
    registry.sync()
    server.warnings = []
    attack(server)
    refused(registry, why)


def test_an_answer_to_another_request_is_refused(server: FakeRegistry, registry: Registry, revoked: str) -> None:
    """The list is new and signed for this computer, but answers another request: the requested name would be
    missing.
    """
    registry.sync(["SR830"])
    server.replay = server.sent[-1]
    server.replay = (server.sent[-2][0], server.keys[-1].state(_stated(server, server.sent[-2][0])))
    assert "a different request" in registry.sync(["SR860"]).refused[THE_LIST]


def _stated(server: FakeRegistry, content: bytes) -> dict[str, Any]:
    value = {"audience": "computer:1", "number": server.number, "timeline": server.timeline, "digest": sha(content)}
    return {**value, "signed_at": "2027-01-01T00:00:00Z"}


def test_an_unsigned_answer_that_nothing_has_changed_is_refused(
    server: FakeRegistry, registry: Registry, revoked: str
) -> None:
    server.signs = False
    refused(registry, "it is not signed")


@pytest.mark.parametrize("key", [False, True], ids=["unsigned", "another key"])
def test_a_bundle_s_list_and_revocations_must_be_signed(
    server: FakeRegistry, registry: Registry, home: Home, tmp_path: Path, revoked: str, key: bool
) -> None:
    """Somebody who swaps the USB stick could revoke every definition."""
    entry = {"name": "Alpha", "version": 2, "commit": server.definitions["Alpha"]["commit"], "reason": "x"}
    if key:
        server.keys = [SigningKey()]
    else:
        server.signs = False
    make_bundle(server, tmp_path / "b.zip", revoked=[entry])
    with pytest.raises(RefusedError, match=r"not signed|is not the key"):
        import_bundle(home, tmp_path / "b.zip")
    stands(registry)


# ------------------------------------------------------------------ mix and match


def test_files_from_another_time_than_the_list_are_refused(
    server: FakeRegistry, registry: Registry, revoked: str
) -> None:
    """An attacker sends the present list and an old state of git. The list and the state of git do not match."""
    repo = server.repos["Alpha"]
    main, tag = repo.refs[b"refs/heads/main"], repo.refs[b"refs/tags/v2"]
    server.land("Alpha", measurement("Alpha", 3))
    repo.refs[b"refs/heads/main"] = main
    repo.refs[b"refs/tags/v3"] = tag
    assert "Alpha v3" in registry.sync().refused
    stands(registry)


def test_a_refused_history_does_not_block_the_registry_s_own(
    server: FakeRegistry, registry: Registry, revoked: str, tmp_path: Path
) -> None:
    """The attacker adds versions to the history. The registry's next version then does not follow from the
    fetched history.
    """
    repo, real = server.repos["Alpha"], dict(server.definitions["Alpha"])
    before = dict(repo.get_refs())
    server.keys = [SigningKey()]
    server.land("Alpha", measurement("Alpha", 666))
    server.keys = [server.key]
    assert "not a key of this registry" in registry.sync().refused["Alpha v3"]
    for ref in set(repo.get_refs()) - set(before):
        del repo.refs[ref]
    repo.refs[b"refs/heads/main"] = before[b"refs/heads/main"]
    server.definitions["Alpha"] = real
    server.land("Alpha", measurement("Alpha", 3))
    assert registry.sync().came == ["Alpha v3"]


# ------------------------------------------------------------------ freeze


def test_old_lists_that_are_sent_again_and_again_are_noticed(
    server: FakeRegistry, registry: Registry, home: Home, revoked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attacker sends the newest list of last week again and again. Only the date of the list's statement
    shows this attack.
    """
    assert Trust(home).warning() is None
    content, statement = server.sent[-1]
    server.replay = (content, statement)
    now = time.time()
    monkeypatch.setattr("pybirch_registry.trust.time.time", lambda: now + STALE_S + DAY)
    report = registry.sync()
    assert report.ok and any("8 days ago" in text for text in report.warnings)
    assert any(check.name == "lists" and check.level == "warning" for check in examine(home))
    server.replay = None
    monkeypatch.setattr("fake_registry.time.time", lambda: now + STALE_S + DAY)
    assert not any("days ago" in text for text in registry.sync().warnings)


def test_a_clock_that_is_behind_the_newest_list_is_reported(
    server: FakeRegistry, registry: Registry, home: Home, revoked: str
) -> None:
    """If a computer's clock is set back far enough, any list looks new forever."""
    newest = Trust(home).newest()
    assert newest is not None
    assert Trust(home).warning(newest[1] - 60) is None
    assert "in the future by this computer's clock" in str(Trust(home).warning(newest[1] - 365 * DAY))


def test_an_unchanged_list_is_signed_anew_at_every_sync(
    server: FakeRegistry, registry: Registry, home: Home, revoked: str
) -> None:
    before = Trust(home).newest()
    report = registry.sync()
    after = Trust(home).newest()
    assert report.unchanged and before and after and after[1] > before[1] and after[0] == before[0]


# ------------------------------------------------------------------ keys


def test_a_change_of_keys_that_the_previous_key_did_not_sign_is_refused(
    server: FakeRegistry, registry: Registry, revoked: str
) -> None:
    server.rotate()
    server.cuts_chain = True
    refused(registry, "did not sign the change")
    assert "pybirch-registry enrol URL CODE" in registry.sync().refused[THE_LIST]
    server.cuts_chain = False
    assert registry.sync().ok


def test_a_chain_is_followed_over_several_changes_and_not_from_a_key_that_was_replaced(
    server: FakeRegistry, registry: Registry, home: Home, revoked: str
) -> None:
    for _ in range(3):
        server.rotate()
    assert registry.sync().ok and len(home.enrolment().signing_keys) == 4
    server.keys = [server.keys[0], SigningKey(number=2)]
    refused(registry, "is not the key that the registry signs with now")


def test_a_list_signed_by_a_replaced_key_is_refused(server: FakeRegistry, registry: Registry, revoked: str) -> None:
    """Whoever stole a replaced key can use dates from the time when the key was in use."""
    server.rotate()
    assert registry.sync().ok
    server.keys = [server.key]
    server.number += 1000
    refused(registry, "is not the key that the registry signs with now")


# ------------------------------------------------------------------ restored registries


def restored(server: FakeRegistry, confirmed: bool) -> None:
    """Restores the registry from a backup that was made before v2 landed."""
    server.number += 10**6
    by = {"by": "Ada", "at": "2026-03-01T00:00:00Z"} if confirmed else None
    server.timeline = {"id": "second", "restored_from": "2026-02-01T00:00:00Z", "confirmed": by}
    server.revoked = []


def test_a_restored_registry_is_trusted_once_somebody_confirms_it(
    server: FakeRegistry, registry: Registry, revoked: str
) -> None:
    restored(server, confirmed=False)
    refused(registry, "nobody has confirmed yet")
    lists = {check.level: check.text for check in examine(registry.home) if check.name == "lists"}
    assert "The registry's list is refused: the registry was restored" in lists["error"]
    restored(server, confirmed=True)
    report = registry.sync()
    assert report.ok and any("Ada confirmed that computers follow it" in text for text in report.warnings)
    assert all(check.level == "ok" for check in examine(registry.home) if check.name == "lists")
    stands(registry)  # a revocation that the backup lacks still counts
    server.replay = server.sent[0]
    refused(registry, "before the registry was restored")


def test_the_confirmation_of_a_restored_registry_is_reported_even_if_the_list_is_unchanged(
    server: FakeRegistry, registry: Registry
) -> None:
    """The backup was made after the last change. After the restore, the list is the same, and only its
    signature is new.
    """
    assert not registry.sync().warnings
    server.timeline = {"id": "second", "restored_from": None, "confirmed": {"by": "Ada", "at": "2026-03-01T00:00:00Z"}}
    report = registry.sync()
    assert report.unchanged and any("Ada confirmed that computers follow it" in text for text in report.warnings)
    assert not registry.sync().warnings


def test_a_bundle_of_an_earlier_timeline_is_refused(
    server: FakeRegistry, registry: Registry, home: Home, revoked: str, tmp_path: Path
) -> None:
    """The registry was restored twice, and each time somebody confirmed that computers should follow it."""
    restored(server, confirmed=True)
    assert registry.sync().ok
    old, new = tmp_path / "old", tmp_path / "new"
    make_bundle(server, old)
    server.timeline = {**server.timeline, "id": "third", "restored_from": "2026-04-01T00:00:00Z"}
    server.number += 10**6
    assert registry.sync().ok
    with pytest.raises(RefusedError, match="before the registry was restored"):
        import_bundle(home, old)
    assert Trust(home).read()["timeline"] == "third"
    assert not registry.sync().warnings, "the registry was not restored again"
    make_bundle(server, new)
    report = import_bundle(home, new)
    assert report.ok and not report.warnings
    stands(registry)


def test_a_new_code_also_confirms_a_restored_registry(
    server: FakeRegistry, registry: Registry, home: Home, revoked: str
) -> None:
    restored(server, confirmed=False)
    refused(registry, "nobody has confirmed yet")
    enrol(home, server.url, "CODE")
    assert registry.sync().ok
    stands(registry)


# ------------------------------------------------------------------ enrolment


def fingerprint_letters(key: SigningKey) -> str:
    return "CODE12345678ABCD" + short_fingerprint(key.blob)


def test_a_code_carries_the_fingerprint_of_the_registry_s_key(server: FakeRegistry, home: Home) -> None:
    code = fingerprint_letters(server.key)
    assert enrol(home, server.url, code).keys_by == "code"
    server.requests.clear()
    server.keys = [SigningKey()]
    with pytest.raises(RefusedError, match="does not have the key that this code was made for"):
        enrol(home, server.url, code)
    assert "POST /api/computers/enrol" not in server.requests, "the code was not sent"


def test_a_computer_cannot_enrol_with_a_registry_that_signs_no_lists(server: FakeRegistry, home: Home) -> None:
    server.lists_keys = False
    with pytest.raises(RegistryError, match="update the registry before"):
        enrol(home, server.url, "CODE")


def test_an_answer_to_another_enrolment_is_refused(server: FakeRegistry, home: Home) -> None:
    server.restate = {"code": sha(b"CODE of before")}
    with pytest.raises(RefusedError, match="another enrolment"):
        enrol(home, server.url, "CODE")


@pytest.mark.parametrize(
    ("url", "keys_by", "said"),
    [
        ("https://registry.example.edu", "https", None),
        ("http://127.0.0.1:8080", "http", None),
        ("http://localhost:8080", "http", None),
        ("http://registry.example.edu", "http", "only against changes since"),
        ("http://registry.example.edu", "", "only against changes since"),
        ("http://registry.example.edu", "code", "still protected"),
    ],
)
def test_the_risk_of_plain_http_is_explained(home: Home, url: str, keys_by: str, said: str | None) -> None:
    text = tls_warning(replace(home.enrolment(), url=url, keys_by=keys_by))
    assert text is None if said is None else text is not None and said in text
