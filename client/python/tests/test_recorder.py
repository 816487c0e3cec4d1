"""What is recorded with a real session is replayed. pyvisa-sim and a pseudo-terminal are the instruments."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench_definitions import MOTOR, definition
from fake_registry import FakeRegistry
from pybirch_registry import Registry
from pybirch_registry.cli import main
from pybirch_registry.guard import Policy
from pybirch_registry.testing import record, replay
from pybirch_registry.testing.loading import load_class
from pybirch_registry.testing.masking import find_serials, mask
from pybirch_registry.testing.recording import Entry, Recording, RecordingError, Step, Terminators, read

SIMULATED = """
spec: "1.1"
devices:
  meter:
    eom:
      GPIB INSTR: {q: "\\r\\n", r: "\\n"}
      USB INSTR: {q: "\\r\\n", r: "\\n"}
      TCPIP SOCKET: {q: "\\r\\n", r: "\\n"}
      ASRL INSTR: {q: "\\r\\n", r: "\\n"}
    error: ERROR
    dialogues:
      - {q: "*IDN?", r: "ACME,METER,SN1234567,2.0"}
      - {q: "READ?", r: "+1.23400000E-03"}
      - {q: "SILENT"}
    properties:
      range:
        default: 1
        getter: {q: "RANG?", r: "{:d}"}
        setter: {q: "RANG {:d}"}
        specs: {min: 1, max: 100, type: int}
resources:
  GPIB::9::INSTR: {device: meter}
  USB::0x1111::0x2222::SN1234567::0::INSTR: {device: meter}
  TCPIP::10.0.0.7::5025::SOCKET: {device: meter}
  ASRL4::INSTR: {device: meter}
"""

METER = """
import numpy as np
from pybirch.Instruments.base import VisaBaseMeasurementInstrument
from pyvisa.errors import VisaIOError


class Meter(VisaBaseMeasurementInstrument):
    def __init__(self, name="meter", adapter=""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["V"])
        self.data_units = np.array(["V"])
        self._define_settings({"range": 1})
        self.channels = [Channel(self)]

    def _connect_impl(self):
        self.instrument.read_termination = "\\n"
        self.instrument.timeout = 50
        self.identity = self.instrument.query("*IDN?")
        return True

    def _initialize_impl(self):
        self.settings = {"range": 10}

    def _perform_measurement_impl(self):
        return np.array([[1000 * float(self.instrument.query("READ?"))]])

    @property
    def settings(self):
        return {"range": int(self.instrument.query("RANG?"))}

    @settings.setter
    def settings(self, settings):
        self.instrument.write(f"RANG {settings['range']}")

    def silent(self):
        self.instrument.write("SILENT")
        self.instrument.read()


class Channel:
    def __init__(self, meter):
        self._meter = meter

    @property
    def voltage(self):
        return self._meter.perform_measurement()[0][0]
"""


@pytest.fixture
def simulation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meter.yaml").write_text(SIMULATED)
    monkeypatch.setenv("PYVISA_LIBRARY", f"{tmp_path / 'meter.yaml'}@sim")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return definition(tmp_path / "Meter", "Meter", METER)


@pytest.mark.usefixtures("simulation")
@pytest.mark.parametrize(
    "adapter",
    ["GPIB::9::INSTR", "USB::0x1111::0x2222::SN1234567::0::INSTR", "TCPIP::10.0.0.7::5025::SOCKET", "ASRL4::INSTR"],
)
def test_what_was_recorded_with_a_simulator_is_replayed(folder: Path, adapter: str) -> None:
    meter: Any = load_class(folder, "Meter", Policy())("meter", adapter)
    file = folder / "tests" / "session.jsonl"
    with record(meter, file) as recorded:
        assert recorded.connect() is True
        recorded.initialize()
        assert recorded.settings == {"range": 10}
        recorded.settings = {"range": 5}
        assert recorded.perform_measurement().tolist() == [[pytest.approx(1.234)]]
        assert recorded.channels[0].voltage == pytest.approx(1.234)
        assert "SN1234567" in recorded.identity
        with pytest.raises(Exception, match="VI_ERROR_TMO"):
            recorded.silent()
    meter.instrument.close()
    found = read(file)
    assert (found.terminators, found.instrument) == (Terminators("\r\n", "\n"), "METER, 2.0")
    assert [step.label for step in found.steps][3:6] == [
        "set settings",
        "call perform_measurement",
        "call channels[0].voltage",
    ]
    assert (found.steps[-1].raises, found.steps[-1].io[-1].kind) == ("VisaIOError", "timeout")
    assert "1234567" not in file.read_text()
    shown = "*********" if adapter.startswith("USB") else "SN*******"
    assert f'["r", "ACME,METER,{shown},2.0"]' in file.read_text()
    replay(file)
    file.write_text(file.read_text().replace("RANG 5", "RANG 6"))
    with pytest.raises(BaseException, match='sent "RANG 5'):
        replay(file)


@pytest.fixture
def server_address() -> Iterator[str]:
    """A voltmeter on the network, with a range that it rounds up. Yields its VISA address."""

    def answer(line: str, state: dict[str, int]) -> str:
        if line.startswith("RANG "):
            state["range"] = -(-int(line[5:]) // 10) * 10
        return {"*IDN?": "ACME,METER,77001234,2.0", "READ?": "+1.5E-03", "RANG?": str(state["range"])}.get(line, "")

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        state = {"range": 1}
        with connection, connection.makefile("rw", newline="\r\n") as stream:
            for line in stream:
                reply = answer(line.rstrip(), state)
                if reply:
                    connection.sendall(f"{reply}\n".encode())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield f"TCPIP::127.0.0.1::{listener.getsockname()[1]}::SOCKET"
        thread.join()


def test_a_session_with_a_server_on_the_network_is_replayed_and_shows_a_fault(
    folder: Path, server_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYVISA_LIBRARY", "@py")
    meter: Any = load_class(folder, "Meter", Policy())("meter", server_address)
    file = folder / "tests" / "session.jsonl"
    with record(meter, file) as recorded:
        recorded.connect()
        recorded.settings = {"range": 12}
        assert recorded.settings == {"range": 20}
        assert recorded.perform_measurement().tolist() == [[1.5]]
    meter.instrument.close()
    replay(file)
    (folder / "Meter.py").write_text(METER.replace("1000 * float", "float"))
    with pytest.raises(BaseException, match=r"\[0\]\[0\] is 0\.0015 instead of 1\.5"):
        replay(file)


@pytest.fixture
def port() -> Iterator[tuple[str, Callable[[bytes, bytes], None]]]:
    """A serial port that answers, made of a pseudo-terminal."""
    pty = pytest.importorskip("pty")
    tty = pytest.importorskip("tty")
    here, there = pty.openpty()
    tty.setraw(there)
    threads: list[threading.Thread] = []

    def answer(question: bytes, reply: bytes) -> None:
        def run() -> None:
            heard = b""
            while heard != question:
                heard += os.read(here, 1)
            os.write(here, reply)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()

    yield os.ttyname(there), answer
    for thread in threads:
        thread.join()
    os.close(here)
    os.close(there)


def test_a_serial_session_is_recorded_and_replayed(
    tmp_path: Path, port: tuple[str, Callable[[bytes, bytes], None]]
) -> None:
    name, answer = port
    folder = definition(tmp_path / "Motor", "Motor", MOTOR)
    motor: Any = load_class(folder, "Motor", Policy(allowed=frozenset(["open"])))(name)
    motor.adapter = name
    file = folder / "tests" / "session.jsonl"
    with record(motor, file) as recorded:
        answer(b"M7\r", b"OK\n")
        assert recorded.move(7) == b"OK\n"
        answer(b"\x01\x02\xff", b"\x00\xfe\xff\x01")
        assert recorded.status() == b"\x00\xfe\xff\x01"
    motor.port.close()
    steps = read(file).steps
    assert steps[0].io == (Entry("w", b"M7\r"), Entry("r", b"OK\n"))
    assert steps[1].io == (Entry("w", b"\x01\x02"), Entry("w", b"\xff"), Entry("r", b"\x00\xfe\xff\x01"))
    replay(file)


@pytest.mark.usefixtures("simulation")
def test_the_command_records_an_approved_definition_and_replays_it(
    server: FakeRegistry, registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.land("Meter", METER)
    registry.sync()
    file = tmp_path / "session.jsonl"
    arguments = ["record", "Meter", "--adapter", "GPIB::9::INSTR", "--to", str(file), "--json"]
    assert main(arguments) == 0, capsys.readouterr()
    value = json.loads(capsys.readouterr().out)
    assert (value["steps"], value["instrument"], value["replay"]["state"]) == (5, "METER, 2.0", "passed")
    assert [step.attribute for step in read(file).steps] == [
        "connect",
        "initialize",
        "settings",
        "perform_measurement",
        "shutdown",
    ]
    assert main([*arguments, "--calls", "connect, silent"]) == 0
    assert [(step.attribute, step.raises) for step in read(file).steps] == [
        ("connect", None),
        ("silent", "VisaIOError"),
    ]
    assert main(["test", "Meter@1", "--json"]) == 0
    capsys.readouterr()


@pytest.mark.usefixtures("simulation")
def test_nothing_is_written_if_the_instrument_was_also_used_elsewhere(folder: Path) -> None:
    meter: Any = load_class(folder, "Meter", Policy())("meter", "GPIB::9::INSTR")
    file = folder / "tests" / "session.jsonl"
    with pytest.raises(RecordingError, match="was used between two recorded calls"), record(meter, file) as recorded:
        recorded.connect()
        meter.perform_measurement()
        recorded.perform_measurement()
    with pytest.raises(KeyError), record(meter, file) as recorded:
        raise KeyError
    assert not file.exists()


def session(address: str, identity: str, more: str = "") -> Recording:
    step = Step("call", "connect", is_checked=True, gives=f"{identity} {more}", io=(
        Entry("w", b"*IDN?\n"), Entry("r", identity.encode() + b"\n"), Entry("r", more.encode() + b"\n"),
    ))  # fmt: skip
    return Recording("A", {"adapter": address}, Terminators("\n", "\n"), (step,))


@pytest.mark.parametrize(
    ("address", "identity", "more", "masked"),
    [
        ("GPIB::8", "Stanford,SR830,s/n42345,ver1", "42345", ("GPIB::8", "Stanford,SR830,s/n*****,ver1", "*****")),
        ("USB0::1::2::DS1ZA1::INSTR", "R,D,DS1ZA1,1", "", ("USB0::1::2::******::INSTR", "R,D,******,1", "")),
        ("GPIB::8", "HP,34401A,0,11-5-2", "0.5", ("GPIB::8", "HP,34401A,0,11-5-2", "0.5")),
        ("GPIB::8", "A,B,1234,1", "0.1234 91234 1234.5", ("GPIB::8", "A,B,****,1", "0.1234 91234 1234.5")),
        ("GPIB::8", "no commas", "", ("GPIB::8", "no commas", "")),
    ],
)
def test_serial_numbers_are_masked_and_measured_numbers_are_not(
    address: str, identity: str, more: str, masked: tuple[str, str, str]
) -> None:
    whole = session(address, identity, more)
    found = mask(whole, find_serials(whole))
    io = found.steps[0].io
    assert (found.adapter, io[1].data.decode().strip(), io[2].data.decode().strip()) == masked
    assert found.steps[0].gives == f"{masked[1]} {masked[2]}"
    assert mask(found, find_serials(found)) == found
