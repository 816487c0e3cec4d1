"""Whatever breaks, the last good versions stay and a lab user is told what to do."""

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from fake_registry import FakeRegistry
from pybirch_registry import FolderError, NotEnrolledError, Registry, files
from pybirch_registry.api import Http, describe
from pybirch_registry.home import Home
from pybirch_registry.sync import SyncReport
from sources import measurement


@pytest.fixture
def good(server: FakeRegistry, registry: Registry) -> Registry:
    """Has version 1 on the disk; the registry has version 2."""
    server.land("Alpha", measurement("Alpha", 1))
    registry.sync()
    server.land("Alpha", measurement("Alpha", 2))
    return registry


def stands(home: Home, version: int = 1) -> None:
    """A fresh start runs this version."""
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


def test_a_registry_that_is_down(server: FakeRegistry, good: Registry, home: Home) -> None:
    server.down = True
    report = good.sync()
    assert not report.online and "Working with what came with the last sync" in report.warnings[0]
    stands(home)


def test_a_proxy_that_answers_html(server: FakeRegistry, good: Registry, home: Home) -> None:
    server.html = True
    report = good.sync()
    assert not report.online and "a proxy, or a sign-in page" in report.warnings[0]
    stands(home)


def test_a_full_disk(good: Registry, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_options: object) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.tempfile, "mkdtemp", full)
    report = good.sync()
    assert "the disk is full" in report.refused["Alpha v2"]
    monkeypatch.undo()
    monkeypatch.setenv("PYBIRCH_REGISTRY_HOME", str(home.root))
    stands(home)


def test_a_disk_that_is_full_for_the_list_itself(good: Registry, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(FolderError, match=r"the disk is full.* What was there before is untouched"):
        good.sync()
    monkeypatch.undo()
    stands(home)


@pytest.mark.skipif(os.name == "nt", reason="modes of folders")
def test_a_folder_that_was_made_read_only(good: Registry, home: Home) -> None:
    """In a process of an account without special rights, and in a folder that it may reach."""
    place = Path(tempfile.mkdtemp(prefix="pybirch-read-only-"))
    try:
        shutil.copytree(home.root, place / "home")
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
        path = os.pathsep.join(sys.path)
        env = {**os.environ, "PYTHONPATH": path, "PYBIRCH_REGISTRY_HOME": str(place / "home")}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
        assert "this account may not write there" in done.stdout, done.stderr
        assert done.stdout.endswith("\n1\n")
    finally:
        for folder in [place, *place.rglob("*")]:
            folder.chmod(0o755)
        shutil.rmtree(place)


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


def test_two_processes_may_sync_at_once(server: FakeRegistry, home: Home) -> None:
    for number in range(6):
        server.land(f"D{number}", measurement(f"D{number}"))
    reports: list[SyncReport] = []
    threads = [threading.Thread(target=lambda: reports.append(Registry.open(home.root).sync())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.refused for r in reports] == [{}] * 3 and all(r.ok for r in reports)
    assert len(Registry.open(home.root).store.names()) == 6
    assert not list(home.versions.rglob(".*"))


def test_the_proxy_and_the_certificates_of_the_environment(
    server: FakeRegistry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The proxy is the registry itself here: it is asked for another host's address."""
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(NotEnrolledError):
        Http("http://registry.example").request("GET", "/api/sync")
    assert server.requests == ["GET http://registry.example/api/sync"]
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(Exception, match=r"SSL_CERT_FILE names .*none\.pem"):
        Http("https://registry.example")


def test_an_outbox_file_that_is_damaged_does_not_hold_up_a_sync(good: Registry, home: Home) -> None:
    home.outbox.mkdir()
    (home.outbox / "x.json").write_text("{")
    assert good.sync().ok
    assert json.loads(json.dumps(good.sync().as_dict()))["ok"]
