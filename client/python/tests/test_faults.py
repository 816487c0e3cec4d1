"""After any fault, the versions of the last sync still work, and the lab user reads what to do."""

import hashlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import pybirch_registry
from fake_registry import TOKEN, FakeRegistry
from pybirch_registry import (
    AnswerError,
    FolderError,
    NotEnrolledError,
    RefusedError,
    Registry,
    UnreachableError,
    files,
    snapshot,
)
from pybirch_registry.api import Http, describe
from pybirch_registry.approved import package_name
from pybirch_registry.home import Enrolment, Home
from sources import measurement


@pytest.fixture
def good(server: FakeRegistry, registry: Registry) -> Registry:
    """A registry that has version 2, while the disk has version 1."""
    server.land("Alpha", measurement("Alpha", 1))
    registry.sync()
    server.land("Alpha", measurement("Alpha", 2))
    return registry


def stands(home: Home, version: int = 1) -> None:
    """A program that starts now uses version `version`."""
    assert Registry.open(home.root).create("Alpha").perform_measurement()[0][0] == version


def test_a_server_killed_in_mid_clone(server: FakeRegistry, good: Registry, home: Home) -> None:
    server.git_fault = "cut"
    original, server._snapshot = server._snapshot, lambda environ, start: server._send(start, 503, {"title": "Down"})  # type: ignore[method-assign]
    report = good.sync()
    assert "Alpha v2" in report.refused
    stands(home)
    server.git_fault = None
    server._snapshot = original  # type: ignore[method-assign]
    assert good.sync().came == ["Alpha v2"]
    stands(home, 2)


SERVES = """
import json, sys
from pathlib import Path
from fake_registry import FakeRegistry
from sources import measurement
server = FakeRegistry(Path(sys.argv[1]))
server.land("Alpha", measurement("Alpha", 1))
print(json.dumps([server.url, server.key.listed]), flush=True)
sys.stdin.readline()
server.land("Alpha", measurement("Alpha", 2))
server.git_fault = "die"
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_server_whose_process_is_killed_in_mid_pack(tmp_path: Path, home: Home, program: Any) -> None:
    (tmp_path / "other").mkdir()
    serving = program(SERVES, str(tmp_path / "other"))
    url, key = json.loads(serving.stdout.readline())
    place = Home(tmp_path / "client")
    place.save_enrolment(Enrolment(url, TOKEN, "LABPC-01", "1", {"id": 1, "lab_id": 1}, [key]))
    registry = Registry.open(place.root)
    assert registry.sync().came == ["Alpha v1"]
    serving.stdin.write("go\n")
    serving.stdin.flush()
    assert serving.stdout.readline() == "ready\n"
    report = registry.sync()
    assert serving.wait() == -signal.SIGKILL
    assert report.retry == ["Alpha v2"] and "cannot be reached" in report.refused["Alpha v2"]
    stands(place)
    assert "Using the versions of the last sync" in registry.sync().warnings[0]
    assert registry.create("Alpha", version=1) and not list(place.root.rglob(".partial-*"))


def test_a_registry_that_is_down(server: FakeRegistry, good: Registry, home: Home) -> None:
    server.down = True
    report = good.sync()
    assert not report.online and "Using the versions of the last sync" in report.warnings[0]
    stands(home)


def test_a_proxy_that_answers_html(server: FakeRegistry, good: Registry, home: Home) -> None:
    server.html = True
    report = good.sync()
    assert not report.online and "a proxy, or a sign-in page" in report.warnings[0]
    stands(home)


FULL = """
import resource, sys
from pybirch_registry import *
registry = Registry.open()
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
try:
    print(registry.sync().refused)
except FolderError as error:
    print(error)
print(registry.create("Alpha")._definition["version"])
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of files")
@pytest.mark.parametrize("limit", [0, 600, 2500])
def test_a_disk_that_is_full(
    server: FakeRegistry, good: Registry, home: Home, environment: dict[str, str], limit: int
) -> None:
    """No file can grow beyond `limit` bytes. The list, git's objects or a file of the definition therefore do
    not fit on the disk.
    """
    server.land("Alpha", measurement("Alpha", 3) + "# " + "x" * 4000)
    done = subprocess.run([sys.executable, "-c", FULL, str(limit)], capture_output=True, text=True, env=environment)
    assert "the disk is full" in done.stdout, done.stdout + done.stderr
    assert done.stdout.endswith("\n1\n"), done.stdout + done.stderr
    assert "Alpha v3" in good.sync().came
    stands(home, 3)


ENROL = """
import resource, sys
from pybirch_registry.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (2500, resource.RLIM_INFINITY))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of files")
def test_a_code_is_not_used_if_the_disk_is_full(
    server: FakeRegistry, good: Registry, home: Home, environment: dict[str, str]
) -> None:
    """An empty or short file can still be written on this almost full disk."""
    server.requests.clear()
    for command in (["enrol", server.url, "CODE", "--name", "LABPC-01"], ["doctor"]):
        program = [sys.executable, "-c", ENROL, *command]
        done = subprocess.run(program, capture_output=True, text=True, env=environment)
        assert "the disk is full" in done.stdout + done.stderr and done.returncode in (1, 6)
    assert not any("enrol" in request for request in server.requests), "the code was not sent"
    assert good.sync().ok and not (home.root / ".probe").exists()


def test_a_full_disk_does_not_hide_the_result_of_a_sync(good: Registry, home: Home) -> None:
    """A sync writes its report to the registry last. On a full disk, only writing the report may fail."""
    (home.root / "told.json").unlink()
    (home.root / "told.json").mkdir()
    report = good.sync()
    assert report.came == ["Alpha v2"] and any("told.json" in text for text in report.warnings)


SYNCS = """
import os
os.write(1, b"ready\\n")
from pybirch_registry import Registry
Registry.open().sync()
os.write(1, b"done\\n")
"""


def test_a_sync_that_is_killed_at_any_moment_is_completed_by_the_next_one(
    server: FakeRegistry, good: Registry, home: Home, program: Any
) -> None:
    for number in range(5):
        server.land(f"D{number}", measurement(f"D{number}"), {"data/table.csv": "1,2\n" * 2000})
    whole = program(SYNCS)
    started = time.monotonic()
    assert whole.stdout.read() == "ready\ndone\n"
    lasts = time.monotonic() - started
    for part in (0.6, 0.75, 0.9):
        for name in ("versions", "repos"):
            shutil.rmtree(home.root / name)
        one = program(SYNCS)
        assert one.stdout.readline() == "ready\n"
        time.sleep(lasts * part)
        one.kill()
        one.wait()
        report = Registry.open(home.root).sync()
        assert report.ok, report.refused
        assert len(report.came) + len(report.stayed) == 6
        assert not list(home.versions.glob("*/.partial-*"))
        stands(home, 2)


def test_several_processes_may_sync_at_once(server: FakeRegistry, home: Home, program: Any) -> None:
    for number in range(6):
        server.land(f"D{number}", measurement(f"D{number}"))
    code = "from pybirch_registry import Registry\nr = Registry.open().sync()\nprint(r.ok, len(r.came) + len(r.stayed))"
    programs = [program(code) for _ in range(3)]
    assert [one.stdout.read() for one in programs] == ["True 6\n"] * 3
    assert len(Registry.open(home.root).store.names()) == 6


@pytest.mark.skipif(os.name == "nt", reason="modes of folders")
def test_a_folder_that_was_made_read_only(good: Registry, home: Home) -> None:
    """Runs in a process of an account without special rights. The package and the folder are copied to a place
    that the account can read.
    """
    place = Path(tempfile.mkdtemp(prefix="pybirch-read-only-"))
    try:
        shutil.copytree(home.root, place / "home")
        shutil.copytree(Path(pybirch_registry.__file__).parent, place / "package" / "pybirch_registry")
        for path in [place, *place.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        code = (
            "import os, cryptography, numpy, pandas, pybirch.Instruments.base\n"
            "from pybirch_registry import *\n"
            "if os.getuid() == 0: os.seteuid(65534)\n"
            "r = Registry.open()\n"
            "try:\n    r.sync()\nexcept FolderError as e: print(e)\n"
            "print(r.create('Alpha')._definition['version'])\n"
        )
        path = os.pathsep.join([str(place / "package"), *sys.path])
        env = {**os.environ, "PYTHONPATH": path, "PYBIRCH_REGISTRY_HOME": str(place / "home")}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
        assert "this account may not write there" in done.stdout, done.stderr
        assert done.stdout.endswith("\n1\n")
    finally:
        for folder in [place, *place.rglob("*")]:
            folder.chmod(0o755)
        shutil.rmtree(place)


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="modes of files, for an account without special rights")
def test_an_unreadable_enrolment_does_not_count_as_missing(home: Home) -> None:
    (home.root / "enrolment.json").chmod(0)
    with pytest.raises(FolderError, match="this account may not read there"):
        Registry.open(home.root)


def test_a_sync_restores_an_edited_pinned_version(good: Registry, home: Home) -> None:
    """The registry lists only the newest version. The pinned version is restored from the history, with or
    without the network.
    """
    good.pin("Alpha", 1)
    good.sync()
    file = good.store.folder("Alpha", good.resolve("Alpha").commit) / "Alpha.py"
    file.write_text("edited")
    with pytest.raises(RefusedError, match="was edited on this computer"):
        Registry.open(home.root).create("Alpha")
    report = good.sync()
    assert report.came == ["Alpha v1"] and any("was edited" in text for text in report.warnings)
    stands(home)


def test_a_list_in_an_unknown_format_is_fetched_again(server: FakeRegistry, home: Home) -> None:
    """Another version of this package may have written the list. If the registry then answers "unchanged", the
    computer still lacks a readable list.
    """
    server.land("Alpha", measurement("Alpha"))
    Registry.open(home.root).sync()
    kept = json.loads(home.manifest.read_text())
    kept["manifest"]["definitions"] = [{"name": "Alpha"}]
    home.manifest.write_text(json.dumps(kept))
    assert Registry.open(home.root).sync().stayed == ["Alpha v1"]


def test_a_clock_that_is_wrong_by_a_year(server: FakeRegistry, good: Registry, home: Home) -> None:
    server.date_offset_s = 366 * 86400
    report = good.sync()
    assert report.came == ["Alpha v2"]
    assert any("366 days behind" in text for text in report.warnings)
    stands(home, 2)
    text = describe("https://x", Exception("CERTIFICATE_VERIFY_FAILED: certificate is not yet valid"))
    assert "check this computer's date and time" in text


def test_a_half_written_folder(server: FakeRegistry, good: Registry, home: Home) -> None:
    commit = server.definitions["Alpha"]["commit"]
    folder = good.store.folder("Alpha", commit)
    folder.mkdir(parents=True)
    (folder / "Alpha.py").write_text("class Al")
    (folder.parent / ".incoming-x").mkdir()
    stands(home)
    assert good.sync().came == ["Alpha v2"]
    stands(home, 2)


def test_a_record_without_its_folder(server: FakeRegistry, good: Registry, home: Home) -> None:
    good.sync()
    shutil.rmtree(good.store.folder("Alpha", server.definitions["Alpha"]["commit"]))
    stands(home)
    assert good.sync().came == ["Alpha v2"]


@pytest.mark.parametrize("damage", ["pack", "loose", "head", "empty"])
def test_a_corrupted_object(server: FakeRegistry, good: Registry, home: Home, damage: str) -> None:
    good.sync()
    commit = server.definitions["Alpha"]["commit"]
    shutil.rmtree(good.store.folder("Alpha", commit))
    path = home.repository("Alpha")
    for file in path.rglob("*"):
        is_hit = {
            "pack": file.suffix == ".pack",
            "loose": "objects" in file.parts and file.suffix != ".pack",
            "head": file.name == "config",
            "empty": file.suffix in (".pack", ".idx"),
        }[damage]
        if file.is_file() and is_hit:
            file.chmod(0o644)
            content = bytearray(file.read_bytes())
            content[len(content) // 2 :] = b"" if damage == "empty" else b"\x00" * (len(content) - len(content) // 2)
            file.write_bytes(bytes(content))
    report = good.sync()
    assert report.came == ["Alpha v2"], report.refused
    stands(home, 2)


@pytest.mark.parametrize("hit", ["*", "HEAD", "config", "packed-refs", "*.pack", "*.idx"])
def test_a_history_that_a_power_failure_emptied_is_fetched_again(server: FakeRegistry, home: Home, hit: str) -> None:
    """A history that comes in one answer with others is written without waiting for the disk."""
    for name in ("Alpha", "Beta", "Delta", "Epsilon"):
        server.land(name, measurement(name, 1))
        server.land(name, measurement(name, 2))
    Registry.open(home.root).sync()
    emptied = [file for file in home.repository("Alpha").rglob(hit) if file.is_file()]
    assert len(emptied) == (5 if hit == "*" else 1)
    for file in emptied:
        file.write_bytes(b"")
    assert Registry.open(home.root).create("Alpha", version=1).perform_measurement()[0][0] == 1
    server.close()
    Registry.open(home.root).pin("Alpha", 1)
    stands(home)


def test_a_damaged_history_is_kept_where_it_cannot_be_fetched_again(
    server: FakeRegistry, good: Registry, home: Home
) -> None:
    good.sync()
    file = home.repository("Alpha") / "config"
    file.write_bytes(b"\0")
    server.down = True
    with pytest.raises(UnreachableError, match="history of Alpha on this computer is damaged"):
        good.create("Alpha", version=7)
    assert file.read_bytes() == b"\0"
    file.write_bytes(b"")
    server.down = False
    with pytest.raises(RefusedError, match="has no version 7"):
        good.create("Alpha", version=7)


@pytest.mark.parametrize("damage", [{"files": ["Alpha.py"]}, {"files": {}}, {"commit": 7}, {"version": None}])
def test_a_list_with_a_wrong_structure_is_reported_as_damaged(
    server: FakeRegistry, good: Registry, home: Home, damage: dict[str, Any]
) -> None:
    server.definitions["Alpha"] |= damage
    with pytest.raises(AnswerError, match="list of definitions is damaged"):
        good.sync()
    server.definitions.clear()
    server.revoked = [{"name": "../../x", "version": 1, "commit": "0" * 40, "reason": ""}]
    with pytest.raises(AnswerError, match="list of definitions is damaged"):
        good.sync()
    stands(home)


def test_a_damaged_list(good: Registry, home: Home) -> None:
    home.manifest.write_text("{")
    stands(home)
    assert good.sync().came == ["Alpha v2"]


def test_a_list_with_names_that_lead_out_of_the_folder(server: FakeRegistry, good: Registry, home: Home) -> None:
    server.definitions["Alpha"]["files"] |= {"../../evil.py": "0" * 64}
    assert "Alpha v2" in good.sync().refused
    server.definitions["Alpha"]["name"] = "../Alpha"
    with pytest.raises(Exception, match="damaged"):
        good.sync()
    stands(home)


@pytest.mark.parametrize("path", ["NUL.py", "a:b.py", "x./y.py", "../a", "/a", ".git/config", "a\\b", "con"])
def test_names_that_windows_cannot_have(path: str) -> None:
    with pytest.raises(files.RefusedError):
        files.check_path(path)


def test_a_token_that_no_longer_counts(server: FakeRegistry, good: Registry, home: Home) -> None:
    server.refuse_token = True
    with pytest.raises(NotEnrolledError, match="new code"):
        good.sync()
    stands(home)


def test_threads_that_load_at_once_do_not_deadlock(server: FakeRegistry, registry: Registry) -> None:
    """One thread calls `load`. The other thread imports the module, as unpickling does. Each thread could hold
    a lock that the other needs.
    """
    for number in range(5):
        server.land(f"D{number}", measurement(f"D{number}"))
    registry.sync()
    for number in range(5):
        installed = registry.resolve(f"D{number}")
        module = f"{package_name(installed.name, installed.commit)}.{installed.name}"
        threads = [
            threading.Thread(target=registry.load, args=(installed.name,), daemon=True),
            threading.Thread(target=importlib.import_module, args=(module,), daemon=True),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()


@pytest.mark.parametrize("path", ["../evil.py", "/etc/evil.py", "Alpha.py/../../evil.py", "C:evil.py"])
def test_a_snapshot_that_leads_out_of_the_folder_is_refused(
    server: FakeRegistry, registry: Registry, home: Home, path: str
) -> None:
    """The path is the same in the list and in the archive, so no hash reveals the attack."""
    server.git_fault = "blocked"
    server.land("Alpha", measurement("Alpha"))
    server.definitions["Alpha"]["files"][path] = hashlib.sha256(b"evil").hexdigest()
    server.snapshot_extra = {path: b"evil"}
    assert "cannot be a file name" in registry.sync().refused["Alpha v1"]
    assert not list(home.root.parent.rglob("evil.py"))


def test_a_bomb_of_a_snapshot_is_refused(
    server: FakeRegistry, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "MAX_BYTES", 10_000)
    server.git_fault = "blocked"
    server.land("Alpha", measurement("Alpha"), {"zeros.csv": "0" * 20_000})
    assert "larger than any definition" in registry.sync().refused["Alpha v1"]


def test_an_entry_on_which_the_registry_fails_does_not_block_a_sync(server: FakeRegistry, good: Registry) -> None:
    server.fails_on = "/api/instruments/7/"
    good.bind(7, adapter="GPIB::7")
    report = good.sync()
    assert report.came == ["Alpha v2"] and report.online and report.waiting == 1
    assert any("wait for the next sync" in text for text in report.warnings)


def test_the_proxy_and_the_certificates_of_the_environment(
    server: FakeRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The registry itself is the proxy here, and receives requests for the address of another host."""
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(NotEnrolledError):
        Http("http://registry.example").request("GET", "/api/sync")
    assert server.requests == ["GET http://registry.example/api/sync"]
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(Exception, match=r"SSL_CERT_FILE names .*none\.pem"):
        Http("https://registry.example").request("GET", "/api/sync")


def test_a_damaged_outbox_file_does_not_block_a_sync(good: Registry, home: Home) -> None:
    home.outbox.mkdir()
    (home.outbox / "x.json").write_text("{")
    assert good.sync().ok
    assert json.loads(json.dumps(good.sync().as_dict()))["ok"]
