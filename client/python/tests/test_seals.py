"""Code that nobody approved does not run, even if somebody edits several files of the data folder together.

The flaw: the hashes of a file were in a record beside it, without a seal. An edit of both files was therefore not
noticed.
"""

import hashlib
import importlib
import importlib.util
import json
import py_compile
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_registry import FakeRegistry
from pybirch_registry import RefusedError, Registry, state
from pybirch_registry.approved import package_name
from pybirch_registry.home import Home
from sources import measurement

EVIL = measurement("Alpha", 666)


@pytest.fixture
def good(server: FakeRegistry, registry: Registry) -> Registry:
    server.land("Alpha", measurement("Alpha", 1), {"helper.py": "X = 1\n", "tables/a.csv": "1\n"})
    server.land("Beta", measurement("Beta", 5))
    registry.sync()
    return registry


def folder_of(registry: Registry, name: str = "Alpha") -> Path:
    return registry.store.folder(name, registry.resolve(name).commit)


def change_record(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    for path in (folder.with_name(f"{folder.name}.json"), folder.with_name(f"{folder.name}.json{state.COPY}")):
        record = json.loads(path.read_bytes())
        change(record)
        path.write_text(json.dumps(record))


def edit(folder: Path, also: Callable[[dict[str, object]], object] = lambda record: None) -> None:
    """Edits a file, and the file's hash in the record."""
    (folder / "Alpha.py").write_text(EVIL)
    digest = hashlib.sha256(EVIL.encode()).hexdigest()

    def change(record: dict[str, object]) -> None:
        record["files"] |= {"Alpha.py": digest}  # type: ignore[operator]
        also(record)

    change_record(folder, change)


def replace_by_link(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


def link_file(folder: Path) -> None:
    (folder / "Alpha.py").rename(folder.parent / "Alpha.py")
    (folder / "Alpha.py").symlink_to(folder.parent / "Alpha.py")


def add_extension(folder: Path) -> None:
    (folder / "helper.so").write_bytes(b"\x7fELF")


def add_cache(folder: Path) -> None:
    """Adds a bytecode cache where Python would look for a module without a source."""
    (folder / "evil.py").write_text(EVIL)
    py_compile.compile(str(folder / "evil.py"), cfile=str(folder / "evil.pyc"))
    (folder / "evil.py").unlink()


ATTACKS: dict[str, Callable[[Path, Home], object]] = {
    "file": lambda folder, home: (folder / "Alpha.py").write_text(EVIL),
    "file and record": lambda folder, home: edit(folder),
    "file and record without its seal": lambda folder, home: edit(folder, lambda record: record.pop("seal")),
    "file and record with a seal of its own": lambda folder, home: edit(
        folder, lambda record: record.update(seal="0" * 64)
    ),
    "file, record, key": lambda folder, home: (edit(folder), [p.unlink() for p in home.root.glob("seal.json*")]),
    "who approved": lambda folder, home: change_record(folder, lambda record: record.update(approved_by=["eve"])),
    "who approved, without the seal": lambda folder, home: change_record(
        folder, lambda record: (record.update(approved_by=["eve"]), record.pop("seal"))
    ),
    "version": lambda folder, home: change_record(folder, lambda record: record.update(version=9)),
    "another module": lambda folder, home: (folder / "evil.py").write_text(""),
    "a module without source": lambda folder, home: add_cache(folder),
    "an extension beside a module": lambda folder, home: add_extension(folder),
    "a file beside": lambda folder, home: (folder / "tables" / "b.csv").write_text("2"),
    "one file less": lambda folder, home: (folder / "tables" / "a.csv").unlink(),
    "a link for the folder": lambda folder, home: replace_by_link(folder),
    "a link for a file": lambda folder, home: link_file(folder),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_edited_version_is_refused_until_a_sync_restores_it(good: Registry, attack: str) -> None:
    ATTACKS[attack](folder_of(good), good.home)
    with pytest.raises(RefusedError, match="Alpha v"):
        Registry.open(good.home.root).create("Alpha")
    report = Registry.open(good.home.root).sync()
    assert report.came == ["Alpha v1"], report
    assert Registry.open(good.home.root).create("Alpha").perform_measurement()[0][0] == 1


def test_a_record_of_another_version_or_definition_is_refused(server: FakeRegistry, good: Registry) -> None:
    """Two versions were sealed here. The record and files of one version replace those of the other."""
    server.land("Alpha", measurement("Alpha", 2))
    good.sync()
    new, old = (good.store.folder("Alpha", i.commit) for i in good.store.versions("Alpha"))
    shutil.rmtree(new)
    shutil.copytree(old, new)
    for end in (".json", f".json{state.COPY}"):
        shutil.copy(old.with_name(old.name + end), new.with_name(new.name + end))
    fresh = Registry.open(good.home.root)
    assert "was edited" in str(fresh.store.fault("Alpha", new.name))
    with pytest.raises(RefusedError, match="was edited on this computer"):
        fresh.library.load("Alpha", new.name)


def test_files_are_not_compared_with_the_list(good: Registry) -> None:
    """The hashes in `manifest.json` are used for fetching. An installed version is compared with its own sealed
    record.
    """
    approved, evil = (hashlib.sha256(text.encode()).hexdigest() for text in (measurement("Alpha", 1), EVIL))
    for path in good.home.root.glob("manifest.json*"):
        path.write_text(path.read_text().replace(approved, evil))
    assert Registry.open(good.home.root).create("Alpha").perform_measurement()[0][0] == 1
    edit(folder_of(good))
    with pytest.raises(RefusedError, match="was edited on this computer"):
        Registry.open(good.home.root).create("Alpha")


def test_a_cache_of_bytecode_is_never_run(good: Registry) -> None:
    """Python writes folders with bytecode when somebody runs a file by hand, so such folders do not count as edits."""
    folder = folder_of(good)
    for name in ("Alpha", "helper"):
        evil = folder.parent / f"{name}.py"
        evil.write_text("raise SystemExit('ran')")
        cached = importlib.util.cache_from_source(str(folder / f"{name}.py"))
        py_compile.compile(str(evil), cfile=cached, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        evil.unlink()
    assert Registry.open(good.home.root).create("Alpha").perform_measurement()[0][0] == 1


def test_a_module_that_is_added_after_the_check_is_not_found(good: Registry) -> None:
    """Python itself searches a package's folder for modules that its finders do not have."""
    good.create("Alpha")
    installed = good.resolve("Alpha")
    folder = folder_of(good)
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    (folder / "tables" / "evil.py").write_text("raise SystemExit('ran')")
    (folder / "__pycache__").mkdir(exist_ok=True)
    (folder / "__pycache__" / "evil.py").write_text("raise SystemExit('ran')")
    importlib.invalidate_caches()
    for module in ("evil", "tables.evil", "__pycache__.evil"):
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(f"{package_name('Alpha', installed.commit)}.{module}")


def test_versions_from_before_there_were_seals_run_offline_and_are_sealed(
    server: FakeRegistry, good: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    folder = folder_of(good)
    change_record(folder, lambda record: record.pop("seal"))
    server.close()
    assert Registry.open(good.home.root).create("Alpha").perform_measurement()[0][0] == 1
    shutil.rmtree(good.home.repository("Alpha"))
    assert Registry.open(good.home.root).create("Alpha").perform_measurement()[0][0] == 1


@pytest.mark.parametrize("damage", ["", "{}", '{"key": "00"}', None])
def test_after_the_loss_of_the_key_versions_are_compared_with_the_history(good: Registry, damage: str | None) -> None:
    for path in good.home.root.glob("seal.json*"):
        path.unlink() if damage is None else path.write_text(damage)
    assert Registry.open(good.home.root).create("Alpha").perform_measurement()[0][0] == 1
    assert {path.stat().st_mode & 0o777 for path in good.home.root.glob("seal.json*")} == {0o600}


def test_after_the_loss_of_the_key_every_version_still_runs(server: FakeRegistry, good: Registry) -> None:
    """The first version that is loaded makes a new key. No other record was sealed with the new key."""
    server.land("Beta", measurement("Beta", 2))
    good.sync()
    for path in good.home.root.glob("seal.json*"):
        path.unlink()
    server.close()
    for name, value in (("Alpha", 1), ("Beta", 2), ("Alpha", 1)):
        assert Registry.open(good.home.root).create(name).perform_measurement()[0][0] == value
