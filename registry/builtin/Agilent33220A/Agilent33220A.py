# /// script
# requires-python = ">=3.9"
# dependencies = ["pyvisa"]
#
# [tool.pybirch]
# display-name = "33220A Function Generator"
# category = "Function Generators"
# manufacturer = "Agilent"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.function]
# enum = ["sine", "square", "ramp", "pulse"]
# description = "Waveform; to 20 MHz for sine and square, 5 MHz for pulse, 200 kHz for ramp"
#
# [tool.pybirch.settings-schema.properties.load]
# enum = ["50 Ohm", "high impedance"]
# description = "Load to which amplitude and offset apply"
#
# [tool.pybirch.settings-schema.properties.amplitude]
# type = "number"
# minimum = 0.01
# maximum = 20
# description = "In V peak to peak: 0.01 to 10 into 50 Ohm, 0.02 to 20 into high impedance"
#
# [tool.pybirch.settings-schema.properties.offset]
# type = "number"
# minimum = -10
# maximum = 10
# description = "In V; |offset| + amplitude/2 is at most 5 V into 50 Ohm, else 10 V"
#
# [tool.pybirch.settings-schema.properties.output]
# type = "boolean"
# description = "Output on"
# ///
"""33220A function and arbitrary waveform generator, Agilent, over GPIB, USB or Ethernet."""

import logging
import math

from pybirch.Instruments.base import VisaBaseMovementInstrument
from pyvisa.errors import VisaIOError

log = logging.getLogger(__name__)

# Each setting with its command, and its choices or type. The load comes before values that it scales.
COMMANDS = {
    "function": ("FUNC", {"sine": "SIN", "square": "SQU", "ramp": "RAMP", "pulse": "PULS"}),
    "load": ("OUTP:LOAD", {"50 Ohm": "50", "high impedance": "INF"}),
    "amplitude": ("VOLT", float),
    "offset": ("VOLT:OFFS", float),
    "output": ("OUTP", {False: "0", True: "1"}),
}


class Agilent33220A(VisaBaseMovementInstrument):
    """Agilent 33220A function generator: the position is the frequency in Hz, 1 uHz to 20 MHz.

    The setting `output` switches the output, which is off at first. The shutdown turns it off.

    Manual: "Agilent 33220A User's Guide", chapter 4, Remote Interface Reference.
    """

    def __init__(self, name: str = "33220A", adapter: str = ""):
        super().__init__(name, adapter)
        self.position_column = "frequency"
        self.position_units = "Hz"
        self._define_settings(
            {
                "function": "sine",
                "load": "50 Ohm",
                "amplitude": 0.1,
                "offset": 0.0,
                "output": False,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument identifies itself as 33220A; logs the reason if it does not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        try:
            identity = self.instrument.query("*IDN?").strip()
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if "33220A" not in identity:
            log.error("%s: %s is not a 33220A: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Resets the instrument, which turns the output off, and sends every setting."""
        wanted = super().settings
        self.instrument.write("*RST")
        self.instrument.write("*CLS")
        self.instrument.write("VOLT:UNIT VPP")
        self.settings = wanted

    def _shutdown_impl(self):
        """Turns the output off."""
        if self.status:
            self.instrument.write("OUTP OFF")

    @property
    def position(self) -> float:
        """The frequency in Hz."""
        return float(self.instrument.query("FREQ?"))

    @position.setter
    def position(self, value: float):
        """Sets the frequency in Hz. Raises ValueError if the instrument refuses the frequency."""
        self.instrument.write(f"FREQ {float(value)}")
        held = self.position
        if not agree(held, value):
            raise ValueError(f"{self.name} has {held} Hz, not {value} Hz")

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
        reply = self.instrument.query(f"{command}?")
        if key == "load":
            # The reply is a number. 9.9E+37 means infinity.
            return "high impedance" if float(reply) > 1e6 else "50 Ohm"
        return decode(kind, reply)

    def _write(self, key: str, value):
        command, kind = COMMANDS[key]
        self.instrument.write(f"{command} {encode(kind, value)}")


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
