"""More attacks on the files that a lab computer accepts: bombs in every kind of file, a revocation that two old
USB sticks would undo, and permissions that nobody granted. The tests use the real client, real git and real zip
files.
"""

import contextlib
import io
import json
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dulwich.objects import Blob, Tree

from fake_registry import FakeRegistry, make_bundle
from pybirch_registry import RefusedError, Registry, RegistryError
from pybirch_registry.archives import DAMAGED, read_entry
from pybirch_registry.bundle import import_bundle
from pybirch_registry.home import Home
from pybirch_registry.packs import OBJECT_BYTES, check_pack
from pybirch_registry.state import copy_of
from sources import measurement

MIB = 1024 * 1024


@contextlib.contextmanager
def costs_at_most(size: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


# ------------------------------------------------------------------ zips


def lying_zip(method: int, content: bytes, says: int) -> bytes:
    """A zip file with one entry. The entry declares that it has `says` bytes, but contains all of `content`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("Alpha.py", content)
        archive.infolist()[0].file_size = says
    return file.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_entry_takes_no_more_memory_than_it_declares(method: int) -> None:
    """The flaw: `ZipFile.read` unpacks the whole entry first, and then cuts it to the declared size."""
    bomb = lying_zip(method, bytes(25 * MIB), 100)
    with zipfile.ZipFile(io.BytesIO(bomb)) as archive, costs_at_most(10 * MIB), contextlib.suppress(*DAMAGED):
        assert len(read_entry(archive, archive.infolist()[0])) <= 100


def encrypted() -> bytes:
    raw = bytearray(lying_zip(zipfile.ZIP_STORED, b"x" * 100, 100))
    raw[6] |= 1
    raw[raw.index(b"PK\1\2") + 8] |= 1
    return bytes(raw)


def twice() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("Alpha.py", b"good")
        archive.writestr("Alpha.py", b"evil")
    return file.getvalue()


SNAPSHOTS: dict[str, Callable[[], bytes]] = {
    "lies about its size": lambda: lying_zip(zipfile.ZIP_DEFLATED, bytes(MIB), 100),
    "bzip2": lambda: lying_zip(zipfile.ZIP_BZIP2, b"x", 1),
    "lzma": lambda: lying_zip(zipfile.ZIP_LZMA, b"x", 1),
    "encrypted": encrypted,
    "cut off": lambda: lying_zip(zipfile.ZIP_DEFLATED, b"x" * 500, 500)[:-30],
    "a name twice": twice,
    "no zip": lambda: b"PK\3\4" + bytes(50),
}


@pytest.mark.parametrize("kind", SNAPSHOTS)
def test_an_unusual_zip_is_refused_as_a_snapshot_and_the_sync_continues(
    server: FakeRegistry, registry: Registry, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The flaw: a zip file with another compression method or with encryption raised an error that nobody
    caught, and the sync stopped.
    """
    server.git_fault = "blocked"
    server.land("Alpha", measurement("Alpha"))
    content = SNAPSHOTS[kind]()

    def snapshot(_environ: Any, start: Any) -> Any:
        start("200 OK", [("Content-Type", "application/zip")])
        return [content]

    monkeypatch.setattr(server, "_snapshot", snapshot)
    assert "snapshot is damaged" in registry.sync().refused["Alpha v1"]


@pytest.mark.parametrize("kind", SNAPSHOTS)
def test_an_unusual_zip_is_refused_as_a_bundle(home: Home, tmp_path: Path, kind: str) -> None:
    (tmp_path / "b.zip").write_bytes(SNAPSHOTS[kind]().replace(b"Alpha.py", b"manifest.json"[:8]))
    with pytest.raises(RegistryError, match=r"not a bundle|is not signed"):
        import_bundle(home, tmp_path / "b.zip")


# ------------------------------------------------------------------ packs of git


def number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def entry(kind: int, size: int, content: bytes, base: bytes = b"") -> bytes:
    first = kind << 4 | size & 15
    head = bytes([first | 0x80]) + number(size >> 4) if size >> 4 else bytes([first])
    return head + base + zlib.compress(content)


def pack_of(*entries: bytes) -> bytes:
    return b"PACK" + struct.pack(">LL", 2, len(entries)) + b"".join(entries) + bytes(20)


def delta(base: int, result: int, copies: int = 0) -> bytes:
    return number(base) + number(result) + b"\xf0\xff\xff\xff" * copies


LARGE = OBJECT_BYTES + 1
PACKS: dict[str, bytes] = {
    "an object that says it is huge": pack_of(entry(3, 2**40, b"x")),
    "a delta whose result is huge": pack_of(entry(3, 4, b"base"), entry(7, 7, delta(4, 2**40), bytes(20))),
    "more objects than any history": b"PACK" + struct.pack(">LL", 2, 2**32 - 1),
    "many large results": pack_of(
        *[entry(7, len(delta(4, OBJECT_BYTES)), delta(4, OBJECT_BYTES), bytes(20)) for _ in range(40)]
    ),
}
BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "an object larger than it says": pack_of(entry(3, 4, bytes(MIB))),
    "an object smaller than it says": pack_of(entry(3, 50, b"x")),
    "a size without an end": pack_of(b"\xb0" + b"\xff" * 40),
    "cut off": pack_of(entry(3, 4, b"base"))[:14],
    "fewer objects than it says": b"PACK" + struct.pack(">LL", 2, 5) + entry(3, 4, b"base"),
}


@pytest.mark.parametrize("kind", PACKS)
def test_a_pack_that_unpacks_to_more_than_any_definition_is_refused(kind: str) -> None:
    with costs_at_most(4 * MIB), pytest.raises(RefusedError, match="more than any definition has"):
        check_pack(PACKS[kind])


@pytest.mark.parametrize("kind", BROKEN)
def test_bytes_that_are_not_a_pack_count_as_damaged(kind: str) -> None:
    with pytest.raises(ValueError):
        check_pack(BROKEN[kind])


def bomb(server: FakeRegistry) -> None:
    """Lands a version with a file of zeros that is larger than any real file, but takes only a few kilobytes in
    the pack.
    """
    server.land("Alpha", measurement("Alpha", 2), {"zeros.bin": "\0" * LARGE})


def test_a_bomb_in_a_fetched_history_is_refused(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", measurement("Alpha", 1))
    assert registry.sync().ok
    bomb(server)
    assert "more than any definition has" in registry.sync().refused["Alpha v2"]
    assert registry.create("Alpha")._definition["version"] == 1


def test_a_bomb_in_a_bundle_is_refused(server: FakeRegistry, home: Home, tmp_path: Path) -> None:
    bomb(server)
    make_bundle(server, tmp_path / "b.zip")
    assert "more than any definition has" in import_bundle(home, tmp_path / "b.zip").refused["Alpha v1"]


def test_a_tree_is_not_read_before_its_tag_is_verified(server: FakeRegistry, registry: Registry) -> None:
    """Ten trees with ten entries each describe ten thousand million files in a thousand bytes. The flaw: a
    version that was requested by number was read from the history before its signature was checked.
    """
    server.land("Alpha", measurement("Alpha", 1))
    assert registry.sync().ok
    repo = server.repos["Alpha"]
    below: Any = Blob.from_string(b"x")
    repo.object_store.add_object(below)
    for depth in range(10):
        tree = Tree()
        for place in b"0123456789":
            tree.add(bytes([place]), 0o040000 if depth else 0o100644, below.id)
        repo.object_store.add_object(tree)
        below = tree
    server._tree = lambda *_: below.id  # type: ignore[method-assign]
    server.land("Alpha", "", signed=False)
    with pytest.raises(RefusedError, match="is not signed"):
        registry.create("Alpha", version=2)


# ------------------------------------------------------------------ revocations


def test_two_old_bundles_do_not_undo_a_revocation(
    server: FakeRegistry, registry: Registry, home: Home, tmp_path: Path
) -> None:
    """v1 was revoked, reinstated and revoked again. The flaw: the bundle with the first revocation made the
    last revocation look old. The bundle with the reinstatement then undid the revocation.
    """
    commit = server.land("Alpha", measurement("Alpha", 1))
    assert registry.sync().ok
    entry = {"name": "Alpha", "version": 1, "commit": commit}
    revoked = {**entry, "reason": "burns samples"}
    at = {"signed_at": "2027-01-01T00:00:00Z", "audience": "bundle:1"}
    make_bundle(server, tmp_path / "revoked.zip", at, revoked=[revoked])
    at = {"signed_at": "2027-02-01T00:00:00Z", "audience": "bundle:2"}
    make_bundle(server, tmp_path / "reinstated.zip", at, reinstated=[entry])
    server.restate = {"signed_at": "2027-03-01T00:00:00Z"}
    server.revoked = [revoked]
    assert registry.sync().ok
    server.restate = {}
    server.revoked = []
    for name in ("revoked.zip", "reinstated.zip"):
        import_bundle(home, tmp_path / name)
    assert registry.sync().ok
    with pytest.raises(RefusedError, match="burns samples"):
        registry.create("Alpha", version=1)


# ------------------------------------------------------------------ permissions

USES = """import ctypes
class Has:
    def length(self):
        return ctypes.CDLL(None).strlen(b"four")
"""


@pytest.mark.parametrize("lost", ["seal", "key"])
def test_a_permission_in_a_record_without_a_seal_is_refused(
    server: FakeRegistry, registry: Registry, home: Home, lost: str
) -> None:
    """A record without a seal is compared with the signed history. The flaw: files and approvals were compared,
    permissions were not.
    """
    commit = server.land("Has", USES)
    assert registry.sync().ok
    record = home.versions / "Has" / f"{commit}.json"
    for path in (record, copy_of(record)):
        value = {**json.loads(path.read_bytes()), "permissions": ["ctypes"]}
        del value["seal"]
        path.write_text(json.dumps(value))
    if lost == "key":
        for path in (home.seal, copy_of(home.seal)):
            path.unlink()
    with pytest.raises(RefusedError, match="was edited on this computer"):
        Registry.open(home.root).create("Has")


def test_a_version_from_the_history_has_the_permissions_of_its_tag(server: FakeRegistry, registry: Registry) -> None:
    server.land("Has", USES, permissions=["ctypes"])
    server.land("Has", USES + "# again\n")
    assert registry.sync().ok
    assert registry.create("Has", version=1).length() == 4


def test_a_snapshot_gets_its_permissions_once_git_works(server: FakeRegistry, registry: Registry, home: Home) -> None:
    """If somebody blocks git once, the version must not lose its permission forever, and its tag must be
    checked later.
    """
    server.land("Has", USES, permissions=["ctypes"])
    server.git_fault = "blocked"
    assert registry.sync().came == ["Has v1"]
    assert registry.sync().ok
    server.git_fault = None
    report = registry.sync()
    assert report.ok and report.stayed == ["Has v1"]
    assert Registry.open(home.root).create("Has").length() == 4


def test_a_snapshot_with_a_forged_tag_is_reported(server: FakeRegistry, registry: Registry) -> None:
    server.land("Has", USES, signed=False)
    server.git_fault = "blocked"
    assert registry.sync().ok
    server.git_fault = None
    assert "is not signed" in registry.sync().refused["Has v1"]
