"""Tests and logs of other packages become recordings that replay."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench_definitions import MOTOR, definition
from fake_registry import FakeRegistry
from pybirch_registry import Registry
from pybirch_registry.cli import main
from pybirch_registry.guard import Policy
from pybirch_registry.testing import replay
from pybirch_registry.testing.importing import ImportedError, convert, file_name, read_sessions
from pybirch_registry.testing.loading import load_class
from pybirch_registry.testing.recording import Entry, RecordingError, write

SUPPLY = """
from enum import Enum
import pyvisa


class Speed(Enum):
    SLOW = "s"


class Supply:
    class Mode(Enum):
        FAST = 1

    def __init__(self, adapter, limit=None):
        self.connection = adapter if hasattr(adapter, "ask") else Session(adapter)
        if limit is not None:
            self.connection.write(f"LIM {limit}")

    @property
    def channels(self):
        return [Channel(self, 1)]

    @property
    def voltage(self):
        return float(self.connection.ask("VOLT?"))

    @voltage.setter
    def voltage(self, value):
        if value > 10:
            raise ValueError("too high")
        self.connection.write(f"VOLT {value}")

    def set_range(self, limits):
        self.connection.write("RANG %d,%d" % limits)

    def switch(self, mode):
        self.connection.write(f"MODE {mode.value}")


class Channel:
    def __init__(self, supply, number):
        self.supply, self.number = supply, number

    def measure(self):
        return self.supply.connection.ask(f"MEAS{self.number}?")


class Session:
    def __init__(self, address):
        self.resource = pyvisa.ResourceManager().open_resource(address, write_termination="\\n")
        self.resource.read_termination = "\\r\\n"
        self.write, self.ask = self.resource.write, self.resource.query
"""

# A small stand-in for pymeasure's module, with the same interface.
PYMEASURE = """
import contextlib


class Pairs:
    def __init__(self, pairs):
        self.left = list(pairs)

    def write(self, text):
        assert self.left and self.left[0][0] == text, text
        reply = self.left.pop(0)[1]
        self.reply = reply

    def ask(self, text):
        self.write(text)
        return self.reply


@contextlib.contextmanager
def expected_protocol(cls, comm_pairs, connection_attributes=None, connection_methods=None, **kwargs):
    pairs = Pairs(comm_pairs)
    yield cls(pairs, **kwargs)
    assert not pairs.left
"""

TESTS = """
import pytest
from pymeasure.test import expected_protocol
from Supply import Speed, Supply


@pytest.mark.parametrize("value", [1.5, 2])
def test_voltage(value):
    with expected_protocol(Supply, [(f"VOLT {value}", None), ("VOLT?", str(value))]) as inst:
        inst.voltage = value
        assert inst.voltage == pytest.approx(value)


def test_channel():
    with expected_protocol(Supply, [("LIM 3", None), ("MEAS1?", "0.25")], limit=3) as inst:
        assert inst.channels[0].measure() == "0.25"


def test_mode_and_error():
    with expected_protocol(Supply, [("RANG 1,5", None), ("MODE 1", None), ("MODE s", None)]) as inst:
        inst.set_range((1, 5))
        inst.switch(inst.Mode.FAST)
        inst.switch(Speed.SLOW)
        with pytest.raises(ValueError):
            inst.voltage = 11


def test_object():
    with expected_protocol(Supply, [("MODE x", None)]) as inst:
        inst.switch(type("Other", (), {"value": "x"})())


def test_fails():
    with expected_protocol(Supply, [("VOLT?", "1")]) as inst:
        assert inst.voltage == 2
"""


@pytest.fixture
def tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A test file as pymeasure's, which pytest can run."""
    (tmp_path / "pymeasure").mkdir()
    (tmp_path / "pymeasure" / "__init__.py").touch()
    (tmp_path / "pymeasure" / "test.py").write_text(PYMEASURE)
    (tmp_path / "Supply.py").write_text(SUPPLY)
    (tmp_path / "test_supply.py").write_text(TESTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:cacheprovider --disable-plugin-autoload")
    return tmp_path / "test_supply.py"


def test_tests_with_expected_pairs_become_recordings_that_replay(
    tests: Path, server: FakeRegistry, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    server.land("Supply", SUPPLY)
    registry.sync()
    to = tests.parent / "clone" / "tests"
    arguments = ["record", "Supply", "--from", str(tests), "--adapter", "GPIB::3::INSTR", "--to", str(to)]
    assert main([*arguments, "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    states = {item["name"]: item["state"] for item in value["items"]}
    assert states == {
        "voltage_1.5.jsonl": "passed",
        "voltage_2.jsonl": "passed",
        "channel.jsonl": "passed",
        "mode_and_error.jsonl": "passed",
        "test_object": "skipped",
    }
    lines = [json.loads(line) for line in (to / "channel.jsonl").read_text().splitlines()]
    assert (lines[0]["terminators"], lines[0]["io"]) == ({"write": "\n", "read": "\r\n"}, [["w", "LIM 3"]])
    assert lines[1] == {
        "call": "channels[0].measure",
        "gives": "0.25",
        "io": [["w", "MEAS1?"], ["r", "0.25"]],
    }
    text = (to / "mode_and_error.jsonl").read_text()
    assert '"args": [{"attribute": "Mode.FAST"}]' in text
    assert '"args": [{"attribute": "Speed.SLOW"}]' in text


def converted(folder: Path, name: str, source: str, adapter: str, file: Path, *calls: str) -> list[Any]:
    cls = load_class(definition(folder, name, source), name, Policy())
    found = [convert(session, cls, adapter) for session in read_sessions(file, calls)]
    for i, recording in enumerate(found):
        to = folder / "tests" / f"{i}.jsonl"
        to.write_text(write(recording))
        replay(to)
    return found


PLAIN_MOTOR = MOTOR.replace("def status(self)", "def go(self):\n        return self.move(7)\n\n    def status(self)")


def test_a_log_of_pytest_reserial_becomes_a_recording(tmp_path: Path) -> None:
    log = tmp_path / "test_motor.jsonl"
    texts = {"rx": "OK\n", "tx": "M7\r", "rx_encoding": "utf-8", "tx_encoding": "utf-8"}
    log.write_text(f"{json.dumps({'test_a': texts})}\n{json.dumps({'test_b': {'rx': 'T0sK', 'tx': 'TTcN'}})}\n")
    for found in converted(tmp_path / "Motor", "Motor", PLAIN_MOTOR, "COM3", log, "go"):
        assert found.steps[0].io == (Entry("w", b"M7\r"), Entry("r", b"OK\n"))
    with pytest.raises(RecordingError, match="add --calls"):
        read_sessions(log)
    with pytest.raises(ImportedError, match="test_a: sent"):
        converted(tmp_path / "Motor", "Motor", PLAIN_MOTOR.replace('b"M%d', 'b"N%d'), "COM3", log, "go")


def test_a_log_with_messages_becomes_a_recording(tmp_path: Path) -> None:
    log = tmp_path / "session.log"
    log.write_text(
        "DEBUG Adapter WRITE:VOLT?\nDEBUG Adapter READ:2.5\n12:00 other\nDEBUG WRITE:b'VOLT?'\nDEBUG READ:b'3'\n"
    )
    (found,) = converted(tmp_path / "Supply", "Supply", SUPPLY, "GPIB::3::INSTR", log, "voltage", "voltage")
    assert [step.gives for step in found.steps] == [2.5, 3.0]
    assert found.steps[0].io == (Entry("w", b"VOLT?\n"), Entry("r", b"2.5\r\n"))
    log.write_text("viWrite(2, b'VOLT?\\n', 6, 'c_uint(6)') -> 0\nviRead(2, <c_char_Array>, 20480, 'c_uint(3)') -> 0\n")
    with pytest.raises(RecordingError, match=r"session\.log:2: PyVISA's log does not contain what was read"):
        read_sessions(log, ["voltage"])
    log.write_text("nothing\n")
    with pytest.raises(RecordingError, match="has no line with WRITE"):
        read_sessions(log, ["voltage"])


def test_a_session_gets_a_file_name_that_every_system_has() -> None:
    assert file_name("test_range[1-V/Hz]") == "range_1-V_Hz"
    assert file_name("test_") == "session"
