# /// script
# requires-python = ">=3.9"
# dependencies = ["pyvisa"]
#
# [tool.pybirch]
# display-name = "E36312A Power Supply Channel"
# category = "Power Supplies"
# manufacturer = "Keysight"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.current_limit]
# type = "number"
# minimum = 0
# maximum = 5.15
# description = "Current limit in A: to 5.15 A on channel 1, to 1.03 A on channels 2 and 3"
#
# [tool.pybirch.settings-schema.properties.tolerance]
# type = "number"
# exclusiveMinimum = 0
# maximum = 25
# description = "Distance from the requested voltage that counts as reached, in V"
#
# [tool.pybirch.settings-schema.properties.timeout]
# type = "number"
# exclusiveMinimum = 0
# maximum = 600
# description = "Longest wait for a voltage, in s"
# ///
"""E36312A triple-output power supply, Keysight, over USB, Ethernet or GPIB: one of its channels."""

import logging
import math
import time

from pybirch.Instruments.base import VisaBaseMovementInstrument
from pyvisa.errors import VisaIOError

log = logging.getLogger(__name__)

MAXIMUM = {1: 6.18, 2: 25.75, 3: 25.75}  # V, by channel

# Each setting with its command, and its choices or type.
COMMANDS = {"current_limit": ("CURR", float)}


class KeysightE36312A(VisaBaseMovementInstrument):
    """Keysight E36312A, one channel: the position is its output voltage in V.

    Channel 1 gives 6 V, channels 2 and 3 give 25 V. Setting the position turns the output on and
    waits until the voltage is reached. The shutdown sets zero volts and turns the output off.

    Manual: "Keysight E36300 Series Programming Guide", SCPI commands with a channel list.
    """

    def __init__(self, name: str = "E36312A", adapter: str = "", channel: int = 1):
        super().__init__(name, adapter)
        if channel not in MAXIMUM:
            raise ValueError(f"channel {channel} is not one of {list(MAXIMUM)}")
        self.channel = channel
        self.position_column = "voltage"
        self.position_units = "V"
        self._define_settings(
            {
                "current_limit": 0.1,
                "tolerance": 0.05,
                "timeout": 5.0,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument identifies itself as E36312A; logs the reason if it does not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        try:
            identity = self.instrument.query("*IDN?").strip()
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if "E36312A" not in identity:
            log.error("%s: %s is not an E36312A: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Sends zero volts, output off and every setting. A reset would stop other channels."""
        wanted = super().settings
        self._off()
        self.settings = wanted

    def _shutdown_impl(self):
        """Sets zero volts and turns the output off."""
        if self.status:
            self._off()

    def _off(self):
        self.instrument.write(f"VOLT 0,(@{self.channel})")
        self.instrument.write(f"OUTP OFF,(@{self.channel})")

    @property
    def position(self) -> float:
        """The voltage measured at the output, in V."""
        return float(self.instrument.query(f"MEAS:VOLT? (@{self.channel})"))

    @position.setter
    def position(self, value: float):
        """Sets the voltage in V, turns the output on, and waits until the voltage is reached.

        Raises ValueError beyond the range of the channel, TimeoutError if the voltage is not reached.
        """
        if not 0 <= value <= MAXIMUM[self.channel]:
            limit = MAXIMUM[self.channel]
            raise ValueError(f"{self.name}: {value} V is not between 0 and {limit} V")
        self.instrument.write(f"VOLT {float(value)},(@{self.channel})")
        self.instrument.write(f"OUTP ON,(@{self.channel})")
        deadline = time.monotonic() + self._timeout
        while abs((held := self.position) - value) > self._tolerance:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{self.name}: {held} V instead of {value} V. Is the current limit too low?"
                )
            time.sleep(0.05)

    @property
    def settings(self) -> dict:
        """The settings of the instrument, or those to be sent if it is not connected yet."""
        if self.status:
            for key in COMMANDS:
                self._keep({key: self._read(key)})
        return super().settings

    @settings.setter
    def settings(self, settings: dict):
        """Sends changed settings. Raises ValueError if the instrument refuses a setting."""
        asked = {key: settings[key] for key in COMMANDS if key in settings}
        for key, value in asked.items():
            encode(COMMANDS[key][-1], value)
        self._keep(settings)
        if not self.status:
            return
        for key, value in asked.items():
            if self._read(key) != value:
                self._write(key, value)
        held = self.settings
        for key, value in asked.items():
            if not agree(held[key], value):
                raise ValueError(f"{self.name} has {key} = {held[key]!r}, not {value!r}")

    def _keep(self, settings: dict):
        for key in super().settings.keys() & settings.keys():
            setattr(self, f"_{key}", settings[key])

    def _read(self, key: str):
        command, kind = COMMANDS[key]
        return decode(kind, self.instrument.query(f"{command}? (@{self.channel})"))

    def _write(self, key: str, value):
        command, kind = COMMANDS[key]
        self.instrument.write(f"{command} {encode(kind, value)},(@{self.channel})")


def encode(kind, value):
    """The value as commands send it: the code of a choice, or the number itself."""
    if isinstance(kind, dict):
        if value not in kind:
            raise ValueError(f"{value!r} is not one of {list(kind)}")
        return kind[value]
    return kind(value)


def decode(kind, reply: str):
    """The value that a reply of the instrument means."""
    reply = reply.strip().strip('"')
    if isinstance(kind, dict):
        for value, code in kind.items():
            if code == reply:
                return value
        raise ValueError(f"the instrument reports {reply!r}, not one of {list(kind)}")
    return kind(float(reply))


def agree(held, asked) -> bool:
    """Whether a value read back equals the requested one, apart from the instrument's rounding."""
    if isinstance(held, float):
        return math.isclose(held, asked, rel_tol=0.01, abs_tol=1e-12)
    return held == asked
