"""Scripted instruments that answer according to their manufacturers' manuals.

Each instrument stores its settings and records every message. It ignores commands that are not in its manual, and an
unknown query times out, as on a real instrument.
"""

import re
import struct

import numpy as np
from pyvisa.constants import StatusCode
from pyvisa.errors import VisaIOError

SWITCH = {"ON": "1", "OFF": "0"}


class Scripted:
    """A message-based instrument. `state` maps a command to its stored value, `answers` maps a
    query to its reply.

    A float in `state` is formatted as instruments do, `+1.000000E+00`. An int or a text is returned
    as it is.
    """

    IDENTITY = "*IDN?"

    def __init__(self, identity, state, answers=None, commands=()):
        self.identity = identity
        self.state = dict(state)
        self.answers = dict(answers or {})
        self.commands = set(commands)
        self.sent = []
        self.timeout = 2000

    def write(self, message):
        self.sent.append(message)
        self.handle(message)

    def query(self, message):
        self.sent.append(message)
        reply = self.handle(message)
        if reply is None:
            raise VisaIOError(StatusCode.error_timeout)
        return f"{reply}\n"

    def handle(self, message):
        if message == self.IDENTITY:
            return self.identity
        if message in self.answers:
            return self.answers[message]
        if message in self.commands:
            return None
        key, value = self.parse(message)
        if key in self.state:
            if value is None:
                return self.show(key)
            self.hold(key, value)
        return None

    def parse(self, message):
        """Returns the key in `state` and the value. The value of a query is None."""
        if message.endswith("?"):
            return message[:-1], None
        key, _, value = message.partition(" ")
        return key, value

    def show(self, key):
        value = self.state[key]
        return f"{value:+.6E}" if isinstance(value, float) else str(value)

    def hold(self, key, value):
        kind = type(self.state[key])
        value = SWITCH.get(value, value).strip("'\"")
        self.state[key] = kind(float(value)) if kind is int else kind(value)


class ChannelList(Scripted):
    """Commands that end with a list of channels, such as `VOLT 5,(@2)` and `VOLT? (@2)`."""

    def parse(self, message):
        query = re.fullmatch(r"(\S+)\? \(@(\d)\)", message)
        if query:
            return f"{query[1]}@{query[2]}", None
        command = re.fullmatch(r"(\S+) (\S+),\(@(\d)\)", message)
        return (f"{command[1]}@{command[3]}", command[2]) if command else (message, None)


class Numbered(Scripted):
    """Commands whose first argument selects an input, output or channel, such as `PID 1,50,20,0`
    and `LAMP?1`.
    """

    def parse(self, message):
        query = re.fullmatch(r"(\w+)\? ?(\w*)", message)
        if query:
            return f"{query[1]} {query[2]}".strip(), None
        command = re.fullmatch(r"(\w+) (\w+),(.+)", message)
        if command:
            return f"{command[1]} {command[2]}", command[3]
        return super().parse(message)


class Acknowledging(Scripted):
    """The 7270. A command without a value is a query. Every command is answered, even if with an
    empty text.
    """

    IDENTITY = "ID"

    def handle(self, message):
        if message == "ADF 1":
            return ""
        key, _, value = message.partition(" ")
        if value and key in self.state:
            self.hold(key, value)
            return ""
        return super().handle(message if key not in self.state else f"{message}?")


class Newport(Scripted):
    """The ESP301. A message has an axis, a command, and a value or question mark. A motion is done
    at the second query.
    """

    def __init__(self, identity):
        axis = {"VA": 2.0, "AC": 8.0, "AG": 8.0, "SL": -10.0, "SR": 10.0, "SN": 1, "MO": 0}
        state = {f"{n}{key}": value for n in (1, 2, 3) for key, value in axis.items()}
        super().__init__(identity, state)
        self.positions = {"1": 0.0, "2": 0.0, "3": 0.0}
        self.looks = 0

    def handle(self, message):
        if message == "TB?":
            return "0, 451322, NO ERROR DETECTED"
        parts = re.fullmatch(r"(\d)([A-Z]{2})(\?|[-+.\de]*)", message)
        if not parts:
            return super().handle(message)
        axis, command, value = parts.groups()
        if command == "TP":
            return f"{self.positions[axis]:.4f}"
        if command == "MD":
            self.looks += 1
            return str(int(self.looks % 2 == 0))
        if command in ("PA", "OR"):
            self.positions[axis] = float(value or 0)
            return None
        if command in ("ST", "MO"):
            return None
        if value == "?":
            return self.show(axis + command)
        self.hold(axis + command, value)
        return None


class Oscilloscope(Scripted):
    """The DS1054Z. The oscilloscope sends a ramp of 1200 bytes, after the trigger state has been WAIT once."""

    def handle(self, message):
        if message == ":SING":
            self.state["waiting"] = 1
            return None
        if message == ":TRIG:STAT?":
            self.state["waiting"] -= 1
            return "STOP" if self.state["waiting"] < 0 else "WAIT"
        if message.startswith(":CHAN") and message.endswith(":DISP ON"):
            return None
        return super().handle(message)

    def query_binary_values(self, message, datatype, container):
        self.sent.append(message)
        return container([n % 256 for n in range(1200)], dtype=np.uint8)


class AptController:
    """The KDC101. Messages are binary: six bytes, then data. The stage moves at once.

    Before each answer the controller sends an unsolicited message, as real controllers may.
    """

    def __init__(self, model="KDC101"):
        self.model = model
        self.profile = (1, 0, 100, 100000)
        self.counts = 0
        self.bits = 0x80000000
        self.sent = []
        self._out = b""

    def write_raw(self, message):
        number, first, second, destination, source = struct.unpack("<HBBBB", message[:6])
        data = message[6:]
        self.sent.append(number)
        if (destination & 0x7F, source) != (0x50, 0x01):
            return
        if number == 0x0005:
            name = self.model.encode().ljust(8, b"\0")
            self._answer(0x0006, struct.pack("<I8sH", 27000001, name, 44).ljust(84, b"\0"))
        elif number == 0x0414 and first == 1:
            self._answer(0x0415, struct.pack("<Hiii", *self.profile))
        elif number == 0x0413 and len(data) == first == 14:
            self.profile = struct.unpack("<Hiii", data)
        elif number == 0x0490 and first == 1:
            self._answer(0x0491, struct.pack("<HiHhI", 1, self.counts, 0, 0, self.bits))
        elif number == 0x0453 and len(data) == first == 6:
            self.counts = struct.unpack("<Hi", data)[1]
        elif number == 0x0443:
            self.bits |= 0x400
            self.counts = 0

    def read_bytes(self, count):
        if len(self._out) < count:
            raise VisaIOError(StatusCode.error_timeout)
        taken, self._out = self._out[:count], self._out[count:]
        return taken

    def _answer(self, number, data):
        unasked = struct.pack("<HBBBB", 0x0444, 1, 0, 0x01, 0x50)
        header = struct.pack("<HHBB", number, len(data), 0x01 | 0x80, 0x50)
        self._out += unasked + header + data
