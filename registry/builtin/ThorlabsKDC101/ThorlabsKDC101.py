# /// script
# requires-python = ">=3.9"
# dependencies = ["pyvisa"]
#
# [tool.pybirch]
# display-name = "KDC101 Stage"
# category = "Motion Controllers"
# manufacturer = "Thorlabs"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.velocity]
# type = "number"
# exclusiveMinimum = 0
# maximum = 2.6
# description = "Highest velocity in mm/s: at most 2.4 (MTS) or 2.6 (Z8 actuators)"
#
# [tool.pybirch.settings-schema.properties.acceleration]
# type = "number"
# exclusiveMinimum = 0
# maximum = 4.5
# description = "Acceleration in mm/s^2"
#
# [tool.pybirch.settings-schema.properties.home]
# type = "boolean"
# description = "Home when initialised if not homed since power-on (the stage moves)"
#
# [tool.pybirch.settings-schema.properties.timeout]
# type = "number"
# exclusiveMinimum = 0
# maximum = 3600
# description = "Longest wait for a motion, in s"
# ///
"""KDC101 brushed motor controller, Thorlabs, over its USB serial port (APT protocol)."""

import logging
import struct
import time

from pybirch.Instruments.base import VisaBaseMovementInstrument
from pyvisa.constants import ControlFlow, SerialTermination
from pyvisa.errors import VisaIOError

log = logging.getLogger(__name__)

# The names of messages in the protocol, and their numbers.
HW_REQ_INFO, HW_GET_INFO = 0x0005, 0x0006
HW_NO_FLASH_PROGRAMMING = 0x0018
MOD_SET_CHANENABLESTATE = 0x0210
MOT_SET_VELPARAMS, MOT_REQ_VELPARAMS, MOT_GET_VELPARAMS = 0x0413, 0x0414, 0x0415
MOT_MOVE_HOME, MOT_MOVE_ABSOLUTE, MOT_MOVE_STOP = 0x0443, 0x0453, 0x0465
MOT_REQ_DCSTATUSUPDATE, MOT_GET_DCSTATUSUPDATE = 0x0490, 0x0491

HOST, UNIT = 0x01, 0x50
CHANNEL = 1
STOP_PROFILED = 2
MOVING = 0x10 | 0x20 | 0x40 | 0x80 | 0x200  # forward, reverse, both jogs, homing
HOMED = 0x400
SAMPLING = 2048 / 6e6  # s, the period of the controller's loop
NEAR = 10  # encoder counts: a position this near to the target counts as reached

# Each stage with its encoder counts per mm and its travel in mm.
STAGES = {
    "MTS25-Z8": (34304.0, 25.0),
    "MTS50-Z8": (34304.0, 50.0),
    "Z812": (34554.96, 12.0),
    "Z825": (34554.96, 25.0),
}


class ThorlabsKDC101(VisaBaseMovementInstrument):
    """Thorlabs KDC101 with a DC motor stage: the position in mm.

    The adapter is the serial port of its USB socket (`ASRL3::INSTR`, `ASRL/dev/ttyUSB0::INSTR`).
    The stage is MTS25-Z8, MTS50-Z8, Z812 or Z825. Setting the position waits for the motion. The
    shutdown stops the stage. Positions are right only if the stage was homed after power-on.

    Manual: "Thorlabs Motion Controllers Host-Controller Communications Protocol" (APT), sections
    on generic system control and on motor control messages.
    """

    def __init__(self, name: str = "KDC101", adapter: str = "", stage: str = "MTS25-Z8"):
        super().__init__(name, adapter)
        if stage not in STAGES:
            raise ValueError(f"stage {stage!r} is not one of {list(STAGES)}")
        self._counts, self._travel = STAGES[stage]
        self.position_column = "position"
        self.position_units = "mm"
        self._define_settings(
            {
                "velocity": 2.0,
                "acceleration": 1.5,
                "home": False,
                "timeout": 60.0,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the controller identifies itself as a KDC101; logs the reason if it does not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        self.instrument.baud_rate = 115200
        self.instrument.flow_control = ControlFlow.rts_cts
        # Messages are binary, so no byte marks the end of a message.
        self.instrument.end_input = SerialTermination.none
        try:
            self._send(HW_NO_FLASH_PROGRAMMING)
            information = self._request(HW_REQ_INFO, HW_GET_INFO)
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        model = information[4:12].rstrip(b"\0 ").decode("ascii", "replace")
        if model != "KDC101":
            log.error("%s: %s is not a KDC101: %r", self.name, self.adapter, model)
            return False
        return True

    def _initialize_impl(self):
        """Enables the motor, sends every setting, and homes if `home` is set and still to do."""
        wanted = super().settings
        self._send(MOD_SET_CHANENABLESTATE, CHANNEL, 1)
        self.settings = wanted
        if self._home and not self._state()[1] & HOMED:
            self._send(MOT_MOVE_HOME, CHANNEL)
            self._wait(lambda counts, bits: bits & HOMED)

    def _shutdown_impl(self):
        """Stops the stage."""
        if self.status:
            self._send(MOT_MOVE_STOP, CHANNEL, STOP_PROFILED)

    @property
    def position(self) -> float:
        """The position of the encoder, in mm."""
        return self._state()[0] / self._counts

    @position.setter
    def position(self, value: float):
        """Moves to a position in mm and waits until the motion is done.

        Raises ValueError beyond the travel of the stage, TimeoutError if the stage does not arrive.
        """
        if not 0 <= value <= self._travel:
            raise ValueError(f"{self.name}: {value} mm is not between 0 and {self._travel} mm")
        target = round(value * self._counts)
        self._send_data(MOT_MOVE_ABSOLUTE, struct.pack("<Hi", CHANNEL, target))
        self._wait(lambda counts, bits: abs(counts - target) <= NEAR)

    def _wait(self, arrived):
        """Waits until the motor has stopped and `arrived(counts, status bits)` is true."""
        deadline = time.monotonic() + self._timeout
        while True:
            counts, bits = self._state()
            if arrived(counts, bits) and not bits & MOVING:
                return
            if time.monotonic() > deadline:
                self._send(MOT_MOVE_STOP, CHANNEL, STOP_PROFILED)
                where = f"{counts / self._counts:.4f} mm"
                raise TimeoutError(f"{self.name}: at {where} after {self._timeout} s, stopped")
            time.sleep(0.02)

    def _state(self) -> tuple:
        """The position in encoder counts, and the status bits."""
        data = self._request(MOT_REQ_DCSTATUSUPDATE, MOT_GET_DCSTATUSUPDATE, CHANNEL)
        _, counts, _, _, bits = struct.unpack("<HiHhI", data)
        return counts, bits

    @property
    def settings(self) -> dict:
        """The settings of the controller. Before it is connected, the settings that will be sent."""
        if self.status:
            _, _, acceleration, velocity = self._profile()
            self._keep(
                {
                    "velocity": velocity / self._velocity_unit(),
                    "acceleration": acceleration / self._acceleration_unit(),
                }
            )
        return super().settings

    @settings.setter
    def settings(self, settings: dict):
        """Sends the velocity profile if it has changed. Raises ValueError if it is refused."""
        self._keep(settings)
        if not self.status:
            return
        velocity = round(self._velocity * self._velocity_unit())
        acceleration = round(self._acceleration * self._acceleration_unit())
        wanted = (CHANNEL, 0, acceleration, velocity)
        if self._profile() != wanted:
            self._send_data(MOT_SET_VELPARAMS, struct.pack("<Hiii", *wanted))
        held = self._profile()
        if held != wanted:
            raise ValueError(f"{self.name} has velocity profile {held}, not {wanted}")

    def _profile(self) -> tuple:
        """Channel, lowest velocity, acceleration and highest velocity, in controller units."""
        data = self._request(MOT_REQ_VELPARAMS, MOT_GET_VELPARAMS, CHANNEL)
        return struct.unpack("<Hiii", data)

    def _velocity_unit(self) -> float:
        return self._counts * SAMPLING * 65536

    def _acceleration_unit(self) -> float:
        return self._counts * SAMPLING**2 * 65536

    def _keep(self, settings: dict):
        for key in super().settings.keys() & settings.keys():
            setattr(self, f"_{key}", settings[key])

    def _send(self, message: int, first: int = 0, second: int = 0):
        """Sends a message without data: number, two parameters, destination, source."""
        self.instrument.write_raw(struct.pack("<HBBBB", message, first, second, UNIT, HOST))

    def _send_data(self, message: int, data: bytes):
        """Sends a message with data. The highest bit of the destination announces data."""
        header = struct.pack("<HHBB", message, len(data), UNIT | 0x80, HOST)
        self.instrument.write_raw(header + data)

    def _request(self, request: int, answer: int, first: int = 0) -> bytes:
        """The data of the answer. Messages that the controller sends by itself are ignored."""
        self._send(request, first)
        while True:
            message, length, destination, _ = struct.unpack("<HHBB", self.instrument.read_bytes(6))
            data = self.instrument.read_bytes(length) if destination & 0x80 else b""
            if message == answer:
                return data
