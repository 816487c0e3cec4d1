"""Simulated instruments: the devices of a `simulator.yaml`.

pyvisa-sim answers what it can answer. Computed dialogues (computed.py) come first: they may compute replies from
several properties, change properties, and exchange binary messages.
"""

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pyvisa.rname import to_canonical_name
from pyvisa_sim.component import NoResponse
from pyvisa_sim.devices import Devices
from pyvisa_sim.parser import get_device

from .computed import Binary, Dialogue, Fields, SimulatorError
from .device import Device, DeviceFinder, DeviceTimeoutError, Reading
from .expressions import ExpressionError, Value
from .simulator_file import FILE, DeviceFile, channel_ids, read_simulator, read_text

LONGEST_QUERY: Final = 1 << 16
"""The most bytes that a definition may send without a terminator."""
MOST_WAITING: Final = 1 << 24
"""The most bytes of replies that nobody has read."""
MESSAGE_AVAILABLE: Final = 0x10
"""The bit of the status byte that says that a reply can be read (IEEE 488.2)."""


class Simulator:
    """One simulated instrument. It answers at once: a read without a reply times out without waiting."""

    def __init__(self, file: DeviceFile) -> None:
        """Raises `SimulatorError` if pyvisa-sim refuses its part of the file."""
        self.resource = file.resource
        self.unknown: list[str] = []
        """What the definition sent and the simulator does not know or refuses, in order."""
        self._state = _State(file)
        self._sim = self._state.device
        self._sim._match = self._answer
        self._pyvisa_sim = type(self._sim)._match
        self._binary = [one for one in file.computed if isinstance(one[2].query, Binary)]
        self._texts = [one for one in file.computed if not isinstance(one[2].query, Binary)]
        if self._binary and (self._texts or file.description.get("dialogues")):
            raise SimulatorError(f"device {file.device} has binary messages and others; it must have one kind")
        self._input = bytearray()
        self._output: deque[bytearray] = deque()

    def write(self, data: bytes, end: bool) -> None:
        """Takes what the session sends. Raises `SimulatorError` if the file's own answer fails."""
        if self._binary:
            self._input += data
            self._take_binary()
        else:
            if len(self._sim._input_buffer) + len(data) > LONGEST_QUERY:
                raise SimulatorError(f"the definition sent {LONGEST_QUERY} bytes without a terminator")
            self._sim.write(bytes(data))
            # `Device.read` gives single bytes, each in a time that grows with the length of the reply.
            self._output.extend(one for one in self._sim._output_buffers if one)
            self._sim._output_buffers.clear()
        if self.waiting() > MOST_WAITING:
            raise SimulatorError(f"the definition left {MOST_WAITING} bytes of replies unread")

    def read(self, count: int, stop: int | None = None) -> Reading:
        """Gives bytes of the oldest reply."""
        if not self._output:
            raise DeviceTimeoutError("the simulator has nothing to send")
        message = self._output[0]
        data = bytes(message[:count])
        if stop is not None and (at := data.find(stop)) >= 0:
            data = data[: at + 1]
        del message[: len(data)]
        if not message:
            self._output.popleft()
        return Reading(data, not message)

    def status_byte(self) -> int:
        return MESSAGE_AVAILABLE if self._output else 0

    def clear(self) -> None:
        self._input.clear()
        self._sim._input_buffer.clear()
        self._output.clear()

    def waiting(self) -> int:
        return sum(map(len, self._output))

    def _answer(self, query: bytes) -> Any:
        """Answers one query for pyvisa-sim, which has removed the terminator. None stands for a command error."""
        try:
            message = query.decode()
        except UnicodeDecodeError:
            self.unknown.append(repr(query))
            return None
        for channels, channel, dialogue in self._texts:
            fields = dialogue.query.match(message)  # type: ignore[arg-type]
            if fields is not None:
                answer = self._state.run(dialogue, fields, channels, channel)
                break
        else:
            answer = self._pyvisa_sim(self._sim, query)
        if answer is None:
            self.unknown.append(message)
        return answer

    def _take_binary(self) -> None:
        while self._input:
            for channels, channel, dialogue in self._binary:
                query = dialogue.query
                assert isinstance(query, Binary)
                fields = query.match(bytes(self._input[: query.size]))
                if fields is not None:
                    del self._input[: query.size]
                    answer = self._state.run(dialogue, fields, channels, channel)
                    if isinstance(answer, bytes) and answer:
                        self._output.append(bytearray(answer))
                    break
            else:
                data = bytes(self._input)
                if any(len(data) < one.query.size and one.query.may_match(data) for _, _, one in self._binary):  # type: ignore[union-attr]
                    return
                self.unknown.append(data.hex(" "))
                self._input.clear()


class _State:
    """The properties of one device. Every use of what pyvisa-sim keeps to itself is in this class and `Simulator`."""

    def __init__(self, file: DeviceFile) -> None:
        try:
            self.device = get_device(file.device, file.description, None, file.binding)
            Devices().add_device(to_canonical_name(file.resource), self.device)
        except Exception as error:  # pyvisa-sim raises the type of whatever went wrong.
            raise SimulatorError(f"device {file.device}: {error}") from None
        self._properties: dict[str, tuple[Any, str | None, Any]] = {
            name: (one, None, None) for name, one in self.device._properties.items()
        }
        self._defaults = [
            (one, file.description["properties"][name].get("default", ""))
            for name, one in self.device._properties.items()
        ]
        for channels, description in file.description.get("channels", {}).items():
            group = self.device._channels[channels]
            for name, one in group._properties.items():
                self._defaults.append((one, description["properties"][name].get("default", "")))
                for channel in channel_ids(channels, description, file.binding):
                    self._properties[f"{name}[{channel}]"] = (one, channel, group)
        for _, place, dialogue in file.computed:
            self._check(dialogue, place)

    def _check(self, dialogue: Dialogue, channel: str | None) -> None:
        for name in sorted({*dialogue.names, *(name for name, _ in dialogue.changes)}):
            if self._find(name, channel) is None:
                raise SimulatorError(f"computed dialogue {dialogue.where!r}: there is no property {name!r}")

    def _find(self, name: str, channel: str | None) -> tuple[Any, str | None, Any] | None:
        return self._properties.get(f"{name}[{channel}]") or self._properties.get(name)

    def get(self, name: str, channel: str | None) -> Value:
        """The value of a property. Raises `KeyError` if there is none."""
        found = self._find(name, channel)
        if found is None:
            raise KeyError(name)
        one, of, group = found
        if group is not None:
            group._selected = of
        value = one.get_value()
        return value if isinstance(value, int | float | str) else str(value)

    def run(self, dialogue: Dialogue, fields: Fields, channels: str | None, channel: str | None) -> Any:
        """Makes the changes of a dialogue and gives its reply. None stands for a command error, as in pyvisa-sim."""
        scope = _Scope(self, fields, channel)
        try:
            if dialogue.resets:
                for one, default in self._defaults:
                    one.init_value(default)
            for name, expression in dialogue.changes:
                if not self._set(name, channel, expression.value(scope)):
                    return None
            return NoResponse if dialogue.reply is None else dialogue.reply(scope)
        except (ExpressionError, SimulatorError) as error:
            raise SimulatorError(f"{FILE}, computed dialogue {dialogue.where!r}: {error}") from None

    def _set(self, name: str, channel: str | None, value: Value) -> bool:
        found = self._find(name, channel)
        assert found is not None
        one, of, group = found
        if group is not None:
            group._selected = of
        if one.specs is not None and one.specs.type is int and isinstance(value, float) and value.is_integer():
            value = int(value)
        try:
            one.set_value(str(value))
        except ValueError:
            return False
        return True


class _Scope(dict[str, Value]):
    """The names in the expressions of one dialogue: the query's fields, the channel's properties, the device's."""

    def __init__(self, state: _State, fields: Fields, channel: str | None) -> None:
        super().__init__(fields)
        self._state = state
        self._channel = channel

    def __missing__(self, name: str) -> Value:
        return self._state.get(name, self._channel)


def open_simulators(text: str) -> dict[str, Simulator]:
    """The simulators of a `simulator.yaml` by the canonical name of their resource, in the file's order. Raises
    `SimulatorError`.
    """
    return {to_canonical_name(file.resource): Simulator(file) for file in read_simulator(text)}


def finder(devices: Mapping[str, Device]) -> DeviceFinder:
    """Finds devices by the name of a resource in any spelling. The keys are canonical names."""
    return lambda name: devices[to_canonical_name(name)]


def simulators_of(folder: Path) -> dict[str, Simulator]:
    """The simulators in the folder of a definition. Raises `SimulatorError`, also if there is no file."""
    return open_simulators(read_text(folder))
