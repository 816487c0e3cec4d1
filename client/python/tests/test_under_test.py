"""Definitions under test run in a process of their own, which can neither judge itself nor outlive its limits."""

import json
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench_definitions import HEAD, LOCK_IN, STEPS, definition, recorded
from pybirch_registry.cli import main
from pybirch_registry.testing.items import Item
from pybirch_registry.testing.process import Limits, Process, ProcessError
from pybirch_registry.testing.pytest_files import run_pytest_files
from pybirch_registry.testing.running import run_tests
from pybirch_registry.testing.subjects import Subject

HOSTILE = '''
import sys
import threading
import time


class Hostile:
    def fine(self):
        return "fine"

    def endless(self):
        threading.Event().wait()

    def print_much(self):
        while True:
            print("x" * 100000)

    def take_memory(self):
        return len(bytearray(1 << 40))

    def answer_much(self):
        return "x" * (1 << 25)

    def leave(self):
        raise SystemExit(0)

    def say_done(self):
        """Looks for the pipe to the parent, and answers for itself."""
        answer = b'{"done": {"gives": "green"}}\\n'
        frame = sys._getframe()
        while frame is not None:
            for value in list(frame.f_locals.values()):
                stream = getattr(getattr(value, "_parent", value), "_answers", None)
                if stream is not None:
                    stream.write(answer)
                    stream.flush()
            frame = frame.f_back
        return "red"

    def read_answers(self):
        import pathlib
        return [path.name for path in pathlib.Path(__file__).parent.rglob("*.jsonl")]

    def connect_out(self, port):
        import pyvisa
        return pyvisa.ResourceManager("@py").open_resource(f"TCPIP::127.0.0.1::{port}::SOCKET").query("hello")

    def start(self):
        import subprocess
        subprocess.run(["true"])
'''

CALLS = ["endless", "print_much", "take_memory", "answer_much", "leave", "read_answers", "start"]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that nobody may reach. Fails the test if somebody does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reached = threading.Event()

        def accept() -> None:
            try:
                listener.accept()
                reached.set()
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        assert not reached.is_set()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, port: int) -> dict[str, Item]:
    """The items of a definition that tries everything, by the names of its methods."""
    folder = definition(tmp_path_factory.mktemp("hostile"), "Hostile", HOSTILE)
    head = {**HEAD, "class": "Hostile", "args": {}}
    for name in CALLS:
        recorded(folder, [{"call": name, "gives": "green"}], head, name)
    recorded(folder, [{"call": "connect_out", "args": [port], "gives": "green"}], head, "connect_out")
    recorded(folder, [{"call": "say_done"}, {"call": "fine", "gives": "fine"}], head, "say_done")
    recorded(folder, [{"call": "fine", "gives": "fine"}], head, "zz_last")
    (folder / "tests" / "test_endless.py").write_text(
        "def test_a(): pass\ndef test_b():\n    import threading\n    threading.Event().wait()\n"
    )
    scratch = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(scratch))
        items = list(run_tests(Subject(folder, "Hostile"), Limits(seconds=6, memory=2 << 30)))
    assert list(scratch.iterdir()) == [], "nothing is left behind"
    return {Path(item.name).stem if item.name.endswith("jsonl") else item.name: item for item in items}


# The tests of one fixture run in one process, because the fixture starts ten.
in_one_process = pytest.mark.xdist_group("hostile")


@in_one_process
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("endless", "it did not end within its time limit"),
        ("print_much", "it printed more than 67108864 bytes"),
        ("take_memory", "raised MemoryError"),
        ("answer_much", "it sent a message of more than 16777216 bytes"),
        ("leave", "raised SystemExit: 0"),
        ("read_answers", "it is [] instead of 'green'"),
        ("start", "raised BannedImportError: Hostile imports subprocess"),
        ("connect_out", 'sent "hello\\r\\n"; expected: no more traffic'),
        ("tests/test_endless.py::test_b", "it did not end within its time limit"),
    ],
)
def test_a_hostile_definition_fails_at_its_limit(hostile: dict[str, Item], name: str, says: str) -> None:
    assert hostile[name].state == "failed"
    assert says in (hostile[name].message or "")


@in_one_process
def test_what_comes_after_a_hostile_recording_still_runs(hostile: dict[str, Item]) -> None:
    assert hostile["zz_last"].state == "passed"
    assert hostile["tests/test_endless.py::test_a"].state == "passed"


@in_one_process
def test_an_answer_that_was_not_asked_for_turns_nothing_green(hostile: dict[str, Item]) -> None:
    """The definition answers twice, so that the next call would get the first answer."""
    assert "it sent an answer that was not asked for" in (hostile["say_done"].message or "")


def test_a_process_that_never_stops_asking_ends_at_its_time_limit(tmp_path: Path) -> None:
    process = Process(["-c", "while True: print('{}', flush=True)"], tmp_path)
    deadline = time.monotonic() + 0.5
    try:
        with pytest.raises(ProcessError, match="it did not end within its time limit"):
            while time.monotonic() < deadline + 5:
                process.receive(deadline)
    finally:
        process.stop()


def test_a_process_that_does_not_read_what_it_asked_for_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pybirch_registry.testing.process.READS_WITHIN_S", 0.2)
    deaf = Process(["-c", "import time; time.sleep(600)"], tmp_path)
    with pytest.raises(ProcessError, match="does not read the answers"):
        for _ in range(100):
            deaf.send({"answer": "x" * 65536})
    deaf.stop()


def test_pytest_files_that_pytest_cannot_run_fail(tmp_path: Path) -> None:
    folder = definition(tmp_path / "LockIn", "LockIn", LOCK_IN)
    (folder / "tests").mkdir(exist_ok=True)
    (folder / "tests" / "test_none.py").write_text("def test_a(): pass")
    (folder / "tests" / "conftest.py").write_text("raise RuntimeError('broken')")
    [item] = run_pytest_files(Subject(folder, "LockIn"))
    assert (item.name, item.state) == ("tests/test_none.py", "failed")
    assert "broken" in (item.difference or "")


def test_a_child_replays_as_this_process_does_and_tells_the_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = definition(tmp_path / "LockIn", "LockIn", LOCK_IN)
    recorded(folder, STEPS, name="green")
    recorded(folder, [STEPS[0], {**STEPS[4], "io": [["w", "SNAP? 1"]]}], name="red")
    recorded(folder, [STEPS[0], {"call": "send", "args": ["reset"], "io": [["w", "*RES"]]}], name="table")
    (folder / "tests" / "broken.jsonl").write_text("{\n")
    (folder / "tests" / "test_lock_in.py").write_text(PYTEST)
    junit = tmp_path / "junit.xml"
    assert main(["--home", str(tmp_path / "none"), "test", str(folder), "--json", "--junit", str(junit)]) == 1
    value = json.loads(capsys.readouterr().out)
    assert value["state"] == "failed"
    assert value["environment"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert value["environment"]["packages"]["numpy"]
    states = {item["name"]: item["state"] for item in value["items"]}
    assert states == {
        "tests/broken.jsonl": "failed",
        "tests/green.jsonl": "passed",
        "tests/red.jsonl": "failed",
        "tests/table.jsonl": "failed",
        "tests/test_lock_in.py::test_name": "passed",
        "tests/test_lock_in.py::test_replay": "passed",
        "tests/test_lock_in.py::test_red": "failed",
        "tests/test_lock_in.py::test_later": "skipped",
        "tests/test_lock_in.py::test_writes": "failed",
    }
    items = {item["name"]: item for item in value["items"]}
    line = LOCK_IN.splitlines().index('        reply = self.instrument.query("SNAP? 1,2")') + 1
    for name in ("tests/red.jsonl", "tests/test_lock_in.py::test_red"):
        assert items[name]["difference"].splitlines()[:4] == [
            "at       step 2, call perform_measurement (tests/red.jsonl:3)",
            'expected to send "SNAP? 1\\r\\n"',
            'but      sent "SNAP? 1,2\\r\\n"',
            f'in       LockIn.py:{line}  reply = self.instrument.query("SNAP? 1,2")',
        ]
    table = LOCK_IN.splitlines().index('COMMANDS = {"reset": "*RST"}') + 1
    assert items["tests/table.jsonl"]["difference"].splitlines()[4:] == [
        f'text in  LockIn.py:{table}  COMMANDS = {{"reset": "*RST"}}'
    ]
    assert f"LockIn.py:{table})" in items["tests/table.jsonl"]["message"]
    assert items["tests/broken.jsonl"]["message"].startswith("tests/broken.jsonl:1: this is not JSON")
    assert "tried to write" in items["tests/test_lock_in.py::test_writes"]["message"]
    suite = ElementTree.parse(junit).getroot()[0]
    assert (suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("skipped")) == (
        "LockIn",
        "9",
        "5",
        "1",
    )


PYTEST = """
from pathlib import Path
import pytest
from LockIn import LockIn
from pybirch_registry.testing import replay

TESTS = Path(__file__).parent

def test_name():
    assert LockIn("a").name == "a"

def test_replay():
    assert replay(TESTS / "green.jsonl").status is False

def test_red():
    replay(TESTS / "red.jsonl")

@pytest.mark.skip("later")
def test_later():
    pass

def test_writes(tmp_path):
    (tmp_path / "x").write_text("x")
"""


def test_a_folder_without_a_definition_is_told_from_one_with_several(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for source, says in ((None, "it has none"), ("B", "it has several: A, C")):
        folder = tmp_path / str(source)
        folder.mkdir()
        if source:
            (folder / "A.py").write_text("class A: pass")
            (folder / "C.py").write_text("class C: pass")
        assert main(["--home", str(tmp_path / "none"), "test", str(folder)]) == 1
        assert says in capsys.readouterr().err
