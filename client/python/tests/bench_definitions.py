"""Definitions and recordings for the tests of pybirch_registry.testing."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LOCK_IN = '''
import time
import numpy as np
from pybirch.Instruments.base import VisaBaseMeasurementInstrument
from pyvisa.errors import VisaIOError

COMMANDS = {"reset": "*RST"}


class LockIn(VisaBaseMeasurementInstrument):
    """A lock-in amplifier with a status byte and a binary block."""

    def __init__(self, name="lock-in", adapter=""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["X", "Y"])
        self.data_units = np.array(["V", "V"])
        self._define_settings({"gain": 1})

    def _connect_impl(self):
        self.instrument.read_termination = "\\n"
        try:
            return "LOCK" in self.instrument.query("*IDN?")
        except VisaIOError:
            return False

    def _perform_measurement_impl(self):
        time.sleep(100)
        reply = self.instrument.query("SNAP? 1,2")
        return np.array([[float(value) for value in reply.split(",")]])

    @property
    def settings(self):
        return {"gain": int(self.instrument.query("GAIN?"))}

    @settings.setter
    def settings(self, settings):
        self.instrument.write(f"GAIN {settings['gain']}")
        if self.instrument.read_stb() & 4:
            raise ValueError("the gain is refused")

    def trace(self, points, scale=1.0):
        self.instrument.write(f"TRACE {points}")
        return scale * self.instrument.query_binary_values("TRACE?", "h", container=np.array)

    def reset(self):
        self.instrument.clear()
        self.send("reset")

    def send(self, command):
        self.instrument.write(COMMANDS[command])
'''

MOTOR = """
import serial


class Motor:
    def __init__(self, port):
        self.port = serial.Serial(port, 9600, timeout=1)

    def move(self, steps):
        self.port.write(b"M%d\\r" % steps)
        return self.port.readline()

    def status(self):
        self.port.write(b"\\x01\\x02")
        self.port.write(b"\\xff")
        return self.port.read(4)
"""

HEAD: dict[str, Any] = {
    "recording": 1,
    "class": "LockIn",
    "args": {"name": "lock-in", "adapter": "GPIB::8::INSTR"},
    "terminators": {"write": "\r\n", "read": "\n"},
}
STEPS: list[dict[str, Any]] = [
    {"call": "connect", "gives": True, "io": [["w", "*IDN?"], ["r", "ACME,LOCK,***,1.0"]]},
    {"set": "settings", "to": {"gain": 5}, "io": [["w", "GAIN 5"], ["status", 0]]},
    {"call": "settings", "gives": {"gain": 5}, "io": [["w", "GAIN?"], ["r", "5"]]},
    {"raises": "ValueError", "set": "settings", "to": {"gain": 99}, "io": [["w", "GAIN 99"], ["status", 4]]},
    {
        "call": "perform_measurement",
        "gives": [[0.003, -0.004]],
        "relative": 1e-9,
        "io": [["w", "SNAP? 1,2"], ["r", "3.00e-3,-4.00E-03"]],
    },
    {
        "call": "trace",
        "args": [3],
        "kwargs": {"scale": 0.5},
        "gives": [0.5, 5.0, -0.5],
        "io": [
            ["w", "TRACE 3"],
            ["w", "TRACE?"],
            ["r", {"base64": base64.b64encode(b"#16\x01\x00\x0a\x00\xff\xff\n").decode()}],
        ],
    },
    {"call": "reset", "io": [["clear"], ["w", "*RST"]]},
    {"call": "connect", "gives": False, "io": [["w", "*IDN?"], ["timeout"]]},
]


def definition(folder: Path, name: str, source: str) -> Path:
    """A folder with a definition, as git clones it."""
    (folder / "tests").mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(source)
    return folder


def recorded(folder: Path, steps: Sequence[Any] = STEPS, head: Any = HEAD, name: str = "basic") -> Path:
    """Writes a recording into a definition's folder."""
    file = folder / "tests" / f"{name}.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in (head, *steps)))
    return file
