"""A bench computer tests what its lab proposes. A proposal can neither reach anything of the bench, nor post its own
result.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import outbreak
from bench_definitions import HEAD
from fake_lab import FakeLab
from fake_registry import TOKEN, FakeRegistry
from pybirch_registry import Registry
from pybirch_registry.bench import Bench, Result, follow
from pybirch_registry.bench.posting import MOST_BYTES, body_of, is_done
from pybirch_registry.cli import main
from pybirch_registry.errors import RegistryError
from pybirch_registry.home import Home
from pybirch_registry.testing.environment import describe_environment
from pybirch_registry.testing.isolation import Isolation, IsolationError
from pybirch_registry.testing.items import Item
from pybirch_registry.testing.process import Limits


def refusal() -> str | None:
    """Why this machine cannot keep a run away from itself, or None if it can."""
    try:
        Isolation(Path(os.devnull).parent / "nothing").check("http://127.0.0.1:9")
    except IsolationError as error:
        return str(error)
    return None


REFUSAL = refusal()
needs_namespaces = pytest.mark.skipif(REFUSAL is not None, reason=f"tests cannot be kept apart here: {REFUSAL}")

METER = """
import pyvisa


class Meter:
    def __init__(self, name="meter", adapter=""):
        self.instrument = pyvisa.ResourceManager().open_resource(adapter)
        self.instrument.read_termination = self.instrument.write_termination = "\\n"

    def volts(self):
        return float(self.instrument.query("VOLT?"))
"""
VOLTS = [{"call": "volts", "gives": 1.5, "io": [["w", "VOLT?"], ["r", "1.5"]]}]

HOSTILE = """
import json
import os
import signal
import subprocess
import sys


def test_red():
    assert False


def test_big():
    bytearray(1 << 40)


def test_forge():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(471200)"], start_new_session=True)
    for number in range(3, 20):
        for line in (dict(name="tests/test_hostile.py::test_red", state="passed", seconds=1), dict(ended=True)):
            try:
                os.write(number, json.dumps(line).encode() + b"\\n")
            except OSError:
                pass
    os.kill(os.getpid(), signal.SIGKILL)
"""
OPEN_TO_ALL = {"banned_imports": ["tkinter"], "allowed_imports": ["os", "signal", "subprocess", "sys"]}


@pytest.fixture
def lab(server: FakeRegistry) -> FakeLab:
    server.land("Meter", METER)
    return FakeLab(server)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def bench(registry: Registry, lab: FakeLab, told: list[str]) -> Bench:
    return Bench(registry, told.append, Limits(seconds=20, memory=3 << 30))


def recording(steps: list[dict[str, Any]], name: str = "Meter") -> str:
    head = {**HEAD, "class": name, "terminators": {"write": "\n", "read": "\n"}}
    return "".join(json.dumps(line) + "\n" for line in (head, *steps))


def items_of(posted: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["state"] for item in posted["details"]["items"]}


@needs_namespaces
def test_a_proposal_is_red_and_after_a_mend_green_and_each_head_is_tested_once(
    home: Home, server: FakeRegistry, lab: FakeLab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tests = {"tests/volts.jsonl": recording(VOLTS)}
    head = lab.propose("Meter", METER.replace("VOLT?", "VOLTS?"), tests)
    assert main(["bench", "--once"]) == 0
    printed = capsys.readouterr()
    assert "failure  Meter, merge request 1: 1 failed. First: tests/volts.jsonl" in printed.out
    assert f"testing Meter, merge request 1 at {head[:12]}" in printed.err
    (check,) = lab.checks
    assert (check["state"], check["head"], check["name"]) == ("failure", head, "tests")
    assert items_of(check) == {"tests/volts.jsonl": "failed"}
    assert 'but      sent "VOLTS?\\n"' in check["details"]["items"][0]["difference"]
    assert check["details"]["environment"] == describe_environment()
    assert main(["bench", "--once"]) == 0
    assert (len(lab.checks), lab.results, capsys.readouterr().out) == (1, [], ""), "all is tested"

    lab.propose("Meter", METER, tests)
    assert main(["bench", "--once", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "tested": "Meter, merge request 1",
        "state": "success",
        "summary": "1 passed",
    }
    lab.propose("Meter", METER)
    assert main(["bench", "--once"]) == 0
    assert "skipped  Meter, merge request 1: The definition has no tests" in capsys.readouterr().out
    monkeypatch.setattr("pybirch_registry.bench.bench.describe_environment", lambda: {"python": "9", "packages": {}})
    assert main(["bench", "--once"]) == 0
    assert len(lab.checks) == 4, "another environment tests again"
    lab.propose("Meter", METER, tests)
    lab.proposals[1]["bench"] = {"may_run": False, "why": "bench_authors do not name ben."}
    assert main(["bench", "--once"]) == 0
    assert len(lab.checks) == 4 and "do not name ben" in capsys.readouterr().err
    lab.is_bench = False
    assert main(["bench", "--once"]) == 1
    assert "LABPC-01 is not a bench computer. A lab admin can make it one" in capsys.readouterr().err


def tried(command: list[str], folder: Path) -> list[str]:
    """The attempts of outbreak.py that succeeded."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    *found, last = done.stdout.split()
    assert last == "tried", done.stderr
    return found


@needs_namespaces
def test_nothing_that_succeeds_in_a_process_succeeds_in_one_kept_apart(
    home: Home, server: FakeRegistry, lab: FakeLab, tmp_path: Path
) -> None:
    Registry.open(home.root).sync()
    folder = tmp_path / "run" / "home"
    folder.mkdir(parents=True)
    shutil.copy(outbreak.__file__, folder.parent / "outbreak.py")
    facts = {"data": str(home.root), "url": server.url, "parent": os.getpid(), "token": TOKEN}
    facts |= {"mark": str(tmp_path / "mark"), "repository": str(home.repository("Meter")), "python": str(tmp_path)}
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as service:
        service.bind(f"{short}/service")
        service.listen()
        facts["socket"] = f"{short}/service"
        command = [sys.executable, str(folder.parent / "outbreak.py"), json.dumps(facts)]
        # Only what a plain process can do shows that the attempts work.
        alone = tried(command, folder)
        impossible = {one.__name__ for one in (*outbreak.WITHOUT_NAMESPACES, outbreak.become_root)}
        assert {one.__name__ for one in outbreak.ATTEMPTS} - set(alone) <= impossible
        for path in (tmp_path / "mark", home.root / "mark", tmp_path / "mark.py", home.repository("Meter") / "mark"):
            path.unlink()
        before = sorted(map(str, tmp_path.rglob("*")))
        ended = len(processes(b"471100"))
        assert tried(Isolation(home.root).wrap(command, folder), folder) == []
    assert sorted(map(str, tmp_path.rglob("*"))) == before
    left = processes(b"471100")
    assert len(left) == ended == 1, "only the plain process has left one"
    os.kill(left[0], signal.SIGKILL)


def processes(mark: bytes) -> list[int]:
    """The processes of this computer that have the mark in their arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if mark in path.read_bytes():
                found.append(int(path.parent.name))
    return found


@needs_namespaces
def test_a_proposal_that_forges_results_is_red_and_leaves_nothing_behind(
    bench: Bench, home: Home, server: FakeRegistry, lab: FakeLab
) -> None:
    server.policy = OPEN_TO_ALL
    lab.propose("Meter", METER, {"tests/test_hostile.py": HOSTILE})
    results = list(bench.work())
    assert [one.state for one in results] == ["failure"]
    (check,) = lab.checks
    assert check["state"] == "failure"
    items = [(item["name"].rpartition("::")[2], item["state"]) for item in check["details"]["items"]]
    assert ("test_red", "failed") in items and ("test_big", "failed") in items
    assert not processes(b"471200")
    assert Registry.open(home.root).sync().ok


@needs_namespaces
def test_the_probe_finds_what_an_open_door_lets_through(server: FakeRegistry, home: Home) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    script = Path(sys.modules[Isolation.__module__].__file__ or "").parent / "probe.py"
    arguments = [str(home.root), host, port, str(os.getpid()), str(home.root)]
    done = subprocess.run([sys.executable, "-I", "-S", script, *arguments], capture_output=True, text=True, check=True)
    said = [line.split()[0] for line in done.stdout.splitlines()]
    assert said == ["read", "write", "write", "reach", "send", "tried"]


def test_a_computer_that_cannot_keep_tests_apart_tests_nothing(
    home: Home, lab: FakeLab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.propose("Meter", METER, {"tests/volts.jsonl": recording(VOLTS)})
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    assert main(["bench", "--once"]) == 1
    assert "has no program setpriv" in capsys.readouterr().err or sys.platform != "linux"
    assert lab.checks == []


@needs_namespaces
def test_endless_files_end_at_a_limit_and_the_bench_goes_on(
    registry: Registry, lab: FakeLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    endless = "import threading\ndef test_endless():\n    threading.Event().wait()\ndef test_next(): pass\n"
    lab.propose("Meter", METER, {"tests/test_endless.py": endless})
    lab.propose("Meter", METER, number=2)
    results = list(Bench(registry, lambda text: None, Limits(seconds=2)).work())
    assert [one.state for one in results] == ["failure", "skipped"]
    (item,) = [one for one in lab.checks[0]["details"]["items"] if "endless" in one["name"]]
    assert item["message"].endswith("it did not end within its time limit")
    assert list((tmp_path / "scratch").iterdir()) == [], "nothing is left behind"


@needs_namespaces
def test_a_bench_follows_events_and_goes_on_after_a_broken_connection(
    bench: Bench, registry: Registry, server: FakeRegistry, lab: FakeLab
) -> None:
    stop = threading.Event()
    troubles: list[RegistryError] = []
    rounds: list[list[Result]] = []

    def work() -> None:
        rounds.append(list(bench.work()))
        if len(rounds) == 1:
            server.fails_on = "/api/merge-requests"
            lab.propose("Meter", METER)
        elif rounds[-1]:
            stop.set()

    def on_trouble(error: RegistryError, wait_s: float) -> None:
        troubles.append(error)
        server.fails_on = ""

    follow(lambda: registry.http, work, on_trouble, stop)
    assert [[one.what for one in done] for done in rounds if done] == [["Meter, merge request 1"]]
    assert [error.code for error in troubles] == ["unreachable"]


def test_results_fit_whatever_the_tests_say() -> None:
    environment = {"python": "3.13.1", "packages": {"numpy": "2.3.0"}}
    for count, length in ((1, 10**5), (300, 2000), (6000, 50)):
        items = [
            Item(f"t{n}\n" * 100, "failed" if n % 7 == 0 else "passed", float("nan"), "x" * length)
            for n in range(count)
        ]
        body = body_of(items, environment)
        assert len(json.dumps(body["details"])) < MOST_BYTES + 2048
        assert body["state"] == "failure" and len(body["details"]["items"]) <= 5000
        assert all("\n" not in one["name"] and one["seconds"] == 0 for one in body["details"]["items"])
    assert body_of([], environment)["state"] == "skipped"
    assert body_of([Item("a", "passed", 1, "\ud800")], environment)["details"]["items"][0]["message"] == "?"
    standing = {"standing": True, "details": {"environment": environment}}
    assert is_done([standing], environment)
    assert not is_done([{**standing, "standing": False}, {"standing": True, "details": None}], environment)
