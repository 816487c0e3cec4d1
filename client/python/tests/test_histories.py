"""Many new definitions come in one answer, which is not trusted."""

import hashlib
import io
import logging
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from dulwich.objects import Blob
from dulwich.pack import write_pack_objects

from fake_registry import TOKEN, FakeRegistry, bundle_of, join_histories, part
from pybirch_registry import Registry
from pybirch_registry.api import Http
from pybirch_registry.errors import RefusedError, UnreachableError
from pybirch_registry.histories import LARGEST, HeldHistory, fetch_histories
from pybirch_registry.home import Home
from pybirch_registry.store import Store
from pybirch_registry.wire import ANSWER_BYTES
from sources import measurement

MOST_OBJECTS = 20_000
NAMES = ["Alpha", "Beta", "Delta", "Epsilon", "Gamma"]
END = b'{"end": true}\n'
Parts = list[tuple[str, bytes]]


@pytest.fixture
def landed(server: FakeRegistry) -> FakeRegistry:
    for name in NAMES:
        server.land(name, measurement(name, 1))
        server.land(name, measurement(name, 2), {"tables/cal.csv": "1,2\n"})
    return server


def asked(server: FakeRegistry, path: str) -> int:
    return sum(path in request for request in server.requests)


def test_many_new_definitions_come_in_one_answer_with_their_histories(landed: FakeRegistry, home: Home) -> None:
    report = Registry.open(home.root).sync()
    assert report.ok and sorted(report.came) == [f"{name} v2" for name in NAMES]
    assert asked(landed, "/api/sync/histories") == 1 and asked(landed, "/definitions/") == 0
    registry = Registry.open(home.root)
    assert [i.checked_by for i in registry.store.versions("Alpha")] == ["signature"]
    path = home.repository("Alpha")
    subprocess.run(["git", "-C", path, "fsck", "--strict"], check=True, capture_output=True)
    landed.land("Alpha", measurement("Alpha", 3))
    assert registry.sync().came == ["Alpha v3"] and asked(landed, "/api/sync/histories") == 1
    landed.close()
    offline = Registry.open(home.root)
    for version in (1, 2, 3):
        assert offline.create("Alpha", version=version).perform_measurement()[0][0] == version


def test_a_few_new_definitions_are_fetched_by_git(server: FakeRegistry, registry: Registry) -> None:
    for name in NAMES[:3]:
        server.land(name, measurement(name))
    assert registry.sync().ok and asked(server, "/api/sync/histories") == 0


def test_from_an_older_registry_definitions_are_fetched_by_git(landed: FakeRegistry, registry: Registry) -> None:
    landed.histories = None
    report = registry.sync()
    assert report.ok and len(report.came) == 5 and report.warnings == []


def test_a_history_that_the_answer_lacks_is_fetched_by_git(landed: FakeRegistry, registry: Registry) -> None:
    landed.histories = lambda parts: join_histories([(n, b"" if n == "Beta" else c) for n, c in parts])
    assert len(registry.sync().came) == 5
    assert asked(landed, "/definitions/Beta.git/git-upload-pack") > 0 and asked(landed, "/definitions/Alpha.git") == 0


def test_a_refused_definition_does_not_block_the_others(landed: FakeRegistry, registry: Registry) -> None:
    landed.land("Beta", measurement("Beta", 3), signed=False)
    report = registry.sync()
    assert len(report.came) == 4 and "not signed" in report.refused["Beta v3"]
    assert registry.store.versions("Beta") == []


def foreign(parts: Parts) -> bytes:
    """An attacker sends each history under the name of the next definition."""
    return join_histories([(name, parts[at - 1][1]) for at, (name, _) in enumerate(parts)])


LIES: dict[str, Callable[[Parts], bytes]] = {
    "nothing": lambda parts: b"",
    "no line": lambda parts: b"\xff" * 5000,
    "no object": lambda parts: b"[1]\n",
    "broken off in a history": lambda parts: join_histories(parts)[:-1500],
    "broken off behind a history": lambda parts: b"".join(part(*one) for one in parts[:2]),
    "no end": lambda parts: b"".join(part(*one) for one in parts),
    "more behind the end": lambda parts: join_histories(parts) + b"more",
    "longer than it says": lambda parts: part(*parts[0], len(parts[0][1]) - 7) + part(*parts[1]) + END,
    "shorter than it says": lambda parts: part(*parts[0], len(parts[0][1]) + 7) + part(*parts[1]) + END,
    "a size that is too large": lambda parts: part(*parts[0], LARGEST + 1),
    "a size that is none": lambda parts: b'{"name": "Alpha", "size": -1}\n' + END,
    "another order": lambda parts: join_histories(parts[::-1]),
    "a definition that nobody asked for": lambda parts: join_histories([("Omega", parts[0][1]), *parts]),
    "no bundles": lambda parts: join_histories([(name, b"# v2 git bundle\n\nnothing") for name, _ in parts]),
    "bundles without refs": lambda parts: join_histories(
        [(name, b"# v2 git bundle\n\n" + content.partition(b"\n\n")[2]) for name, content in parts]
    ),
    "bundles with other bytes": lambda parts: join_histories(
        [(name, content[:-100] + bytes([content[-100] ^ 1]) + content[-99:]) for name, content in parts]
    ),
    "histories of other definitions": foreign,
}


@pytest.mark.parametrize("kind", LIES)
def test_after_a_false_answer_definitions_are_fetched_by_git(
    landed: FakeRegistry, registry: Registry, kind: str
) -> None:
    landed.histories = LIES[kind]
    report = registry.sync()
    assert sorted(report.came) == [f"{name} v2" for name in NAMES] and report.refused == {}
    assert report.warnings == []
    for name in NAMES:
        (installed,) = registry.store.versions(name)
        assert registry.store.fault(name, installed.commit) is None
        assert registry.create(name).perform_measurement()[0][0] == 2


def test_a_history_that_the_registry_did_not_sign_is_refused(
    landed: FakeRegistry, registry: Registry, tmp_path: Path
) -> None:
    """Another registry has definitions with the same names, and signs them with its own key."""
    (tmp_path / "other").mkdir()
    other = FakeRegistry(tmp_path / "other")
    for name in NAMES:
        other.land(name, "import os\n" + measurement(name, 1))
    forged = [(name, bundle_of(other.repos[name])) for name in NAMES]
    other.close()
    landed.histories = lambda parts: join_histories(forged)
    assert registry.sync().ok
    for name in NAMES:
        assert [i.commit for i in registry.store.versions(name)] == [landed.definitions[name]["commit"]]


def test_a_bomb_is_not_unpacked(landed: FakeRegistry, registry: Registry) -> None:
    """Each file is within the limit for one object, but all files together exceed the limit for a history."""
    landed.land("Beta", measurement("Beta", 3), {f"{n}.bin": bytes([n]) * 20_000_000 for n in range(3)})
    assert len(bundle_of(landed.repos["Beta"])) < LARGEST
    assert registry.sync().ok
    assert asked(landed, "/definitions/Beta.git") > 0 and asked(landed, "/definitions/Alpha.git") == 0


def test_a_history_without_a_file_of_the_version_leaves_nothing(landed: FakeRegistry, home: Home) -> None:
    repo = landed.repos["Beta"]
    objects = [repo[sha] for sha in repo.object_store]
    kept = [(one, None) for one in objects if not (isinstance(one, Blob) and one.data == b"1,2\n")]
    assert len(kept) == len(objects) - 1
    head, _, _ = bundle_of(repo).partition(b"\n\n")
    pack = io.BytesIO()
    write_pack_objects(pack.write, kept, object_format=repo.object_format)
    content = head + b"\n\n" + pack.getvalue()
    landed.histories = lambda parts: join_histories([(n, content if n == "Beta" else c) for n, c in parts])
    landed.git_fault = "blocked"
    report = Registry.open(home.root).sync()
    assert any("Beta v2 was fetched as a snapshot" in one for one in report.warnings)
    assert list(home.repository("Beta").rglob("*.pack")) == []
    store = Registry.open(home.root).store
    assert [store.versions(name)[0].checked_by for name in ("Alpha", "Beta")] == ["signature", "list"]


def test_a_complete_answer_logs_nothing(landed: FakeRegistry, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert [name for name, _ in fetch_histories(Http(landed.url, TOKEN), NAMES)] == NAMES
    assert caplog.messages == []


def test_the_media_type_of_an_answer_is_compared_as_http_says(landed: FakeRegistry, registry: Registry) -> None:
    landed.histories_kind = "Application/Vnd.PyBirch.Histories ; version=1"
    assert registry.sync().ok and asked(landed, "/definitions/") == 0


def test_an_answer_in_json_may_be_no_larger_than_any_other(
    landed: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    landed.histories = None
    monkeypatch.setattr(landed, "_api", lambda *_: (404, {"detail": "x" * ANSWER_BYTES}))
    with pytest.raises(UnreachableError, match="more than any registry"):
        next(fetch_histories(Http(landed.url, TOKEN), NAMES))


@pytest.mark.parametrize("count", [MOST_OBJECTS, MOST_OBJECTS + 1])
def test_a_history_of_too_many_small_objects_is_not_kept_in_memory(tmp_path: Path, count: int) -> None:
    pack = b"PACK" + struct.pack(">LL", 2, count) + (b"\x31" + zlib.compress(b"x")) * count
    pack += hashlib.sha1(pack).digest()
    refused = "too much to keep in memory" if count > MOST_OBJECTS else "has no version"
    with pytest.raises(RefusedError, match=refused):
        HeldHistory(tmp_path, b"# v2 git bundle\n\n" + pack)


@pytest.mark.parametrize("step", [(HeldHistory, "save"), (Store, "install")])
def test_a_crash_leaves_no_version_without_its_history(
    landed: FakeRegistry, home: Home, monkeypatch: pytest.MonkeyPatch, step: tuple[type, str]
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(*step, crash)
        Registry.open(home.root).sync()
    assert all(Store(home).versions(name) == [] for name in NAMES)
    assert len(Registry.open(home.root).sync().came) == 5
    landed.close()
    offline = Registry.open(home.root)
    assert [offline.create(name, version=1).perform_measurement()[0][0] for name in NAMES] == [1] * 5


def test_a_history_with_other_files_than_the_list_is_not_written(landed: FakeRegistry, home: Home) -> None:
    landed.definitions["Beta"]["files"] = {"Beta.py": "0" * 64}
    landed.git_fault = "blocked"
    report = Registry.open(home.root).sync()
    assert list(report.refused) == ["Beta v2"] and list(home.repository("Beta").rglob("*.pack")) == []
