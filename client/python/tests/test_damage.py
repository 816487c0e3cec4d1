"""A power cut, a full disk or an editor may damage the files in which a lab computer stores its state.

The flaw: a damaged `pins.json` counted as a file without pins, so the computer silently used the newest version. A
damaged list lost all revocations. Damage must never lose a choice of the user or an answer of the registry.
"""

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from computers import enrol
from fake_registry import FakeRegistry
from pybirch_registry import FolderError, RefusedError, Registry, RegistryError, state
from pybirch_registry.cli import main
from pybirch_registry.home import Home
from pybirch_registry.outbox import Outbox
from sources import measurement


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeRegistry, Home]]:
    """A computer with content in every file, such as a pin, a revoked version, and a setting that was not sent yet."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "server").mkdir()
    server = FakeRegistry(folder / "server")
    home = enrol(folder / "home", server)
    server.land("Alpha", measurement("Alpha", 1))
    gone = server.land("Beta", measurement("Beta"))
    server.bind(7, "Alpha", "GPIB::8::INSTR")
    registry = Registry.open(home.root)
    registry.sync()
    registry.pin("Alpha", 1)
    server.land("Alpha", measurement("Alpha", 2))
    server.revoked = [{"name": "Beta", "version": 1, "commit": gone, "reason": "drifts"}]
    registry.sync()
    server.fails_on = "/api/instruments/7/"
    registry.remember_settings(7, {"gain": 3.0})
    yield server, home
    server.close()


@pytest.fixture
def server(place: tuple[FakeRegistry, Home]) -> FakeRegistry:
    return place[0]


@pytest.fixture
def lived(place: tuple[FakeRegistry, Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A copy of the prepared computer's folder, for one test."""
    shutil.copytree(place[1].root, tmp_path / "home")
    monkeypatch.setenv("PYBIRCH_REGISTRY_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


def remembers(home: Home) -> None:
    """A program that starts now still knows the content of all files."""
    registry = Registry.open(home.root)
    assert registry.enrolment.computer_id == "123456" and len(registry.enrolment.signing_keys) == 1
    assert registry.pins() == {"Alpha": 1} and registry.create("Alpha").perform_measurement()[0][0] == 1
    with pytest.raises(RefusedError, match=r"was revoked \(v1: drifts\)"):
        registry.create("Beta")
    assert [dict(found.last_settings) for found in registry.discover()] == [{"gain": 3.0}]
    assert registry.waiting() == 1


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "a list": lambda path: path.write_text("[1]"),
    "null": lambda path: path.write_text("null"),
    "another object": lambda path: path.write_text('{"key": 1, "url": [], "Alpha": "x", "manifest": 4, "names": {}}'),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "nested": lambda path: path.write_text("[" * 200_000),
}
FILES = [
    "enrolment.json",
    "pins.json",
    "manifest.json",
    "outbox/*.json",
    "versions/Alpha/*.json",
    "seal.json",
]
ELSEWHERE = ["trust.json", "running/*.json"]
"""Files that are read only by a sync. Files in `running/` are not restored, because a file there is only needed
while its program runs.
"""


def test_every_file_with_a_copy_is_damaged_here(lived: Home) -> None:
    kept_twice = {path.with_suffix("") for path in lived.root.rglob(f"*{state.COPY}")}
    tried = {path for pattern in [*FILES, *ELSEWHERE] for path in lived.root.glob(pattern)}
    assert {path.name for path in kept_twice - tried} <= {path.name for path in lived.root.glob("versions/Beta/*.json")}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("pattern", FILES)
def test_damage_to_a_file_is_reported_and_loses_nothing(
    server: FakeRegistry, lived: Home, caplog: pytest.LogCaptureFixture, pattern: str, damage: str
) -> None:
    hit = sorted(lived.root.glob(pattern))
    assert hit
    before = {path: path.read_bytes() for path in hit}
    for path in hit:
        DAMAGE[damage](path)
    caplog.clear()
    remembers(lived)
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert all(any(str(path) in text and "its copy is used" in text for text in said) for path in hit)
    report = Registry.open(lived.root).sync()
    assert all(f"{path} is" in "".join(report.warnings) for path in hit)
    assert {path: path.read_bytes() for path in hit} == before
    remembers(lived)


@pytest.mark.parametrize("pattern", FILES[:4])
def test_an_unreadable_file_does_not_count_as_empty(lived: Home, pattern: str) -> None:
    for path in lived.root.glob(pattern):
        path.unlink()
        path.mkdir()
    with pytest.raises(FolderError, match="Cannot read"):
        remembers(lived)


@pytest.mark.parametrize("pattern", ["pins.json*", "enrolment.json*", "manifest.json*"])
def test_without_a_copy_an_error_says_how_to_repair_the_file(
    server: FakeRegistry, lived: Home, pattern: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in lived.root.glob(pattern):
        path.write_bytes(b"")
    with pytest.raises(RegistryError, match="damaged"):
        Registry.open(lived.root).create("Alpha")
    assert main(["show", "Alpha"]) == FolderError.exit_code
    said = capsys.readouterr().err
    if pattern == "manifest.json*":
        assert "Connect to the network, then run: pybirch-registry sync" in said
        assert main(["sync"]) == 0
    elif pattern == "pins.json*":
        assert "Delete both files to follow the newest versions" in said
        for path in lived.root.glob(pattern):
            path.unlink()
        assert main(["pin", "Alpha@1"]) == 0
    else:
        assert main(["enrol", server.url, "CODE", "--name", "LABPC-01"]) == 0
        shutil.rmtree(lived.outbox)
        return
    remembers(lived)


def test_a_file_from_before_there_were_copies_gets_a_copy_at_the_next_sync(lived: Home) -> None:
    for path in lived.root.rglob(f"*{state.COPY}"):
        path.unlink()
    remembers(lived)
    Registry.open(lived.root).sync()
    lived.pins.write_bytes(b"")
    remembers(lived)


def test_a_damaged_copy_is_restored_and_a_sent_entry_leaves_no_copy(
    server: FakeRegistry, lived: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.copy_of(lived.pins).write_bytes(b"")
    monkeypatch.setattr(server, "fails_on", "")
    Registry.open(lived.root).sync()
    assert json.loads(state.copy_of(lived.pins).read_bytes()) == {"Alpha": 1}
    assert list(lived.outbox.iterdir()) == [] and Outbox(lived).waiting() == []


def test_the_token_is_as_secret_in_the_copy_as_in_the_file(lived: Home) -> None:
    modes = {path.stat().st_mode & 0o777 for path in lived.root.glob("enrolment.json*")}
    assert modes == {0o600}


def test_doctor_names_what_is_damaged(lived: Home, capsys: pytest.CaptureFixture[str]) -> None:
    lived.pins.write_bytes(b"[")
    assert main(["doctor"]) == 1
    assert f"{lived.pins} is damaged; its copy is used" in capsys.readouterr().out
