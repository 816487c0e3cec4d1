"""How Windows differs, as far as tests on another system can show: files that another program has open, paths,
and consoles.
"""

import errno
import itertools
import os
import pkgutil
import subprocess
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest

import pybirch_registry
from fake_registry import FakeRegistry
from pybirch_registry import FolderError, RefusedError, Registry, files
from pybirch_registry.cli.output import Output
from pybirch_registry.enrol import enrol
from pybirch_registry.files import check_path, check_paths, read_json, remove, try_lock, write_json, write_tree
from pybirch_registry.home import Home
from sources import measurement


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the module `files` believe that it runs on Windows, and removes the waits in it."""
    monkeypatch.setattr(files, "sys", types.SimpleNamespace(platform="win32"))
    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(LK_NBLCK=2, locking=flock))
    clock = types.SimpleNamespace(sleep=lambda seconds: None, monotonic=files.time.monotonic)
    monkeypatch.setattr(files, "time", clock)


def flock(handle: int, mode: int, count: int) -> None:
    """Replaces the file lock of Windows."""
    import fcntl

    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


Hold = Callable[[str, int], list[Path]]


@pytest.fixture
def hold(windows: None, monkeypatch: pytest.MonkeyPatch) -> Hold:
    """`hold(method, times)` makes Windows report that a file is in use, `times` times for each path. Returns
    the affected paths.
    """

    def start(method: str, times: int) -> list[Path]:
        real = getattr(Path, method)
        told: list[Path] = []

        def refuses(self: Path, *args: Any, **options: Any) -> Any:
            if told.count(self) < times and (method != "read_bytes" or self.suffix == ".json"):
                told.append(self)
                raise PermissionError(errno.EACCES, "The process cannot access the file", str(self))
            return real(self, *args, **options)

        monkeypatch.setattr(Path, method, refuses)
        return told

    return start


def test_a_file_that_is_in_use_for_a_moment_is_retried(tmp_path: Path, hold: Hold) -> None:
    """A virus scanner or another process has the file open for a moment. The test calls each of the three
    operations that can fail because of this.
    """
    told = [hold(method, 3) for method in ("replace", "read_bytes", "unlink")]
    write_json(tmp_path / "a.json", {"a": 1})
    assert read_json(tmp_path / "a.json") == {"a": 1}
    remove(tmp_path / "a.json")
    assert read_json(tmp_path / "a.json") is None
    assert all(len(paths) >= 3 for paths in told)


def test_a_file_that_stays_in_use_does_not_count_as_absent(tmp_path: Path, hold: Hold) -> None:
    write_json(tmp_path / "a.json", {"a": 1})
    hold("read_bytes", 1000)
    with pytest.raises(
        FolderError, match=r"Cannot read .*a\.json: this account may not read there, or another program"
    ):
        read_json(tmp_path / "a.json")
    hold("replace", 1000)
    with pytest.raises(FolderError, match=r"Cannot write .*another program has a file open in it\. The previous"):
        write_json(tmp_path / "a.json", {"a": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_text() == '{"a": 1}'


def test_a_sync_succeeds_although_every_file_is_in_use_for_a_moment(
    server: FakeRegistry, home: Home, hold: Hold
) -> None:
    for method in ("replace", "unlink", "read_bytes"):
        hold(method, 1)
    for value in (1, 2):
        server.land("Alpha", measurement("Alpha", value), {"tables/cal.csv": "1\r\n"})
        report = Registry.open(home.root).sync()
        assert report.came == [f"Alpha v{value}"], report.refused
    registry = Registry.open(home.root)
    registry.pin("Alpha", 1)
    instrument = registry.create("Alpha")
    registry.bind(instrument, adapter="GPIB::1")
    assert registry.pins() == {"Alpha": 1} and instrument.perform_measurement()[0][0] == 1
    assert [found.adapter for found in registry.discover()] == ["GPIB::1"] and registry.waiting() == 0


def test_setting_a_pin_while_the_file_is_in_use_keeps_the_other_pins(
    server: FakeRegistry, registry: Registry, hold: Hold
) -> None:
    for name in ("Alpha", "Beta"):
        server.land(name, measurement(name))
    registry.sync()
    registry.pin("Alpha")
    hold("read_bytes", 2)
    registry.pin("Beta")
    assert registry.pins() == {"Alpha": 1, "Beta": 1}


def test_a_lock_of_windows_that_is_held_differs_from_a_failing_one(
    windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[OSError | None] = [None, OSError(errno.EACCES, "held"), OSError(errno.EBADF, "broken")]

    def locking(handle: int, mode: int, count: int) -> None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer

    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(LK_NBLCK=2, locking=locking))
    assert (try_lock(0), try_lock(0)) == (True, False)
    with pytest.raises(OSError, match="broken"):
        try_lock(0)


UNIX_ALONE = ("fcntl", "grp", "posix", "pwd", "resource", "termios", "tty")


def test_every_module_can_be_imported_without_the_modules_of_unix() -> None:
    names = [m.name for m in pkgutil.walk_packages(pybirch_registry.__path__, "pybirch_registry.")]
    # pyserial has modules of its own for Windows, which Python loads there.
    code = "import sys, os, subprocess, getpass, selectors, tempfile, serial\n"
    code += f"for n in {UNIX_ALONE}: sys.modules[n] = None\n"
    code += "".join(f"import {name}\n" for name in names if not name.endswith("__main__"))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr


PARTS = (
    "a",
    "A.py",
    "con",
    "COM1.txt",
    "com¹",
    "conout$",
    "nul .py",
    "x.",
    "x ",
    " x",
    "a:b",
    "..",
    ".",
    "",
    ".GIT",
    "ä",
)


def test_an_accepted_path_is_the_same_path_on_windows() -> None:
    """The path has no drive, no device, no stream beside a file, and nothing that Windows removes from the end
    of a name.
    """
    taken = []
    for parts in itertools.product(PARTS, repeat=2):
        path = "/".join(parts)
        try:
            check_path(path)
        except RefusedError:
            continue
        there = PureWindowsPath("D:/home") / path
        assert there.parts[2:] == parts and not PureWindowsPath(path).is_reserved() and there.drive == "D:"
        taken.append(path)
    assert {"a/A.py", "ä/ x"} <= set(taken) and len(taken) == 16


@pytest.mark.parametrize(
    "paths", [("a.py", "A.py"), ("tools/x.py", "Tools/y.py"), ("a", "A/b"), ("ö.py", "o\u0308.py")]
)
def test_names_that_differ_only_in_case_are_refused(paths: tuple[str, str], tmp_path: Path) -> None:
    check_paths([paths[0], f"other/{paths[1]}"])
    with pytest.raises(RefusedError, match="only in case"):
        write_tree(tmp_path / "x", dict.fromkeys(paths, b""))
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_is_too_long_fails_before_the_folder_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows renames a folder to a longer name without checking the paths in it. Files with too long paths can
    then no longer be opened.
    """
    folder = tmp_path / ("c" * 40)
    real = Path.open
    opened: list[int] = []

    def opens(self: Path, *args: Any, **options: Any) -> Any:
        opened.append(len(str(self)))
        return real(self, *args, **options)

    monkeypatch.setattr(Path, "open", opens)
    write_tree(folder, {"deep/table.csv": b""})
    assert min(opened) >= len(str(folder / "deep" / "table.csv"))


def test_a_file_with_windows_line_endings_and_a_byte_order_mark_runs(server: FakeRegistry, registry: Registry) -> None:
    server.land("Alpha", "\ufeff" + measurement("Alpha", 3).replace("\n", "\r\n"), {"cal.csv": "1\r\n2\r\n"})
    assert registry.sync().came == ["Alpha v1"]
    folder = registry.store.folder("Alpha", server.definitions["Alpha"]["commit"])
    assert (folder / "cal.csv").read_bytes() == b"1\r\n2\r\n"
    assert registry.create("Alpha").perform_measurement()[0][0] == 3


def test_a_name_in_another_case_is_another_name_on_every_disk(server: FakeRegistry, registry: Registry) -> None:
    """On Windows, the record is found under both spellings of the name. Here, a link to the folder has the same
    effect.
    """
    server.land("SR830", measurement("SR830"))
    registry.sync()
    (registry.home.versions / "sr830").symlink_to(registry.home.versions / "SR830")
    with pytest.raises(pybirch_registry.UnknownDefinitionError, match="SR830"):
        registry.pin("sr830")
    assert registry.pins() == {}


def test_progress_is_shown_without_codes_that_a_console_may_not_know(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    output = Output(as_json=False)
    output.progress(1, 2, "Keithley2400 v12")
    output.progress(2, 2, "X v1")
    text = capsys.readouterr().err
    assert "\x1b" not in text
    first, last = text.strip("\r\n").split("\r")
    assert len(first) == len(last) and last.rstrip().endswith("2/2 X v1")


def test_folders_of_versions_have_the_rights_of_the_folder_that_they_are_in(
    server: FakeRegistry, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows, only one account can read a folder that `tempfile.mkdtemp` made. Other accounts could not
    read versions in such a folder.
    """

    def refuses(*_arguments: Any, **_options: Any) -> str:
        raise AssertionError("a folder for one account alone")

    monkeypatch.setattr("tempfile.mkdtemp", refuses)
    server.land("Alpha", measurement("Alpha", 1))
    assert registry.sync().came == ["Alpha v1"]
    folder = registry.store.folder("Alpha", registry.resolve("Alpha").commit)
    (folder / "Alpha.py").write_text("edited")
    assert registry.sync().came == ["Alpha v1"] and folder.stat().st_mode & 0o777 == 0o755


def test_a_code_is_not_used_while_a_program_has_files_open(
    server: FakeRegistry, registry: Registry, home: Home, tmp_path: Path, hold: Hold
) -> None:
    """Enrolling with another registry moves the data of the first registry. If the move failed after the code
    was used, the code would be lost.
    """
    server.land("Alpha", measurement("Alpha"))
    registry.sync()
    registry.pin("Alpha")
    (tmp_path / "other").mkdir()
    other = FakeRegistry(tmp_path / "other")
    real, refused = Path.replace, home.versions

    def refuses(self: Path, target: Path) -> Path:
        if self == refused:
            raise PermissionError(errno.EACCES, "The process cannot access the file", str(self))
        return real(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", refuses)
        with pytest.raises(FolderError, match="another program has a file open in it"):
            enrol(home, other.url, "CODE", "LABPC-01")
    assert other.requests == ["GET /api/signing-keys"], "the code was not sent"
    assert Registry.open(home.root).pins() == {"Alpha": 1}
    with pytest.raises(pybirch_registry.AnswerError, match="No such code"):
        enrol(home, other.url, "WRONG", "LABPC-01")
    assert Registry.open(home.root).create("Alpha") and not list(home.root.glob("before-*"))
    assert enrol(home, other.url, "CODE", "LABPC-01").url == other.url
    assert Registry.open(home.root).pins() == {} and len(list(home.root.glob("before-*/versions"))) == 1
    other.close()


def test_partial_files_of_a_history_are_deleted_after_a_crash(
    server: FakeRegistry, registry: Registry, home: Home
) -> None:
    for name in ("Alpha", "Alpha2"):
        server.land(name, measurement(name))
    left = [home.root / "repos" / f".partial-{name}.git-abc" for name in ("Alpha", "Alpha2")]
    for folder in left:
        (folder / "it").mkdir(parents=True)
    registry.sync()
    assert not any(folder.exists() for folder in left)
    files = [home.root / ".partial-old", home.root / ".partial-new", home.outbox / ".partial-old"]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text("an enrolment, half written")
    for file in files[::2]:
        os.utime(file, (time.time() - 2 * 3600,) * 2)
    left[0].mkdir()
    server.land("Alpha", measurement("Alpha", 2))
    registry.sync()
    assert not left[0].exists()
    assert [file.exists() for file in files] == [False, True, False], "another program may be writing the new one"


def test_a_record_that_a_crash_left_half_written_is_deleted_by_the_next_sync(
    server: FakeRegistry, registry: Registry, home: Home
) -> None:
    """The version itself is complete, so the sync does not install it again."""
    server.land("Alpha", measurement("Alpha"))
    registry.sync()
    left = home.versions / "Alpha" / ".partial-record.json.copy-abc"
    left.write_text("{")
    assert registry.sync().stayed and not left.exists()
