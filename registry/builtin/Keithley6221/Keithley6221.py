# /// script
# requires-python = ">=3.9"
# dependencies = ["pyvisa"]
#
# [tool.pybirch]
# display-name = "Keithley 6221 Current Source"
# category = "Source Meters"
# manufacturer = "Keithley"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.compliance]
# type = "number"
# minimum = 0.1
# maximum = 105
# description = "Voltage limit in V"
#
# [tool.pybirch.settings-schema.properties.analog_filter]
# type = "boolean"
# description = "Slows the output down to lower its noise"
#
# [tool.pybirch.settings-schema.properties.inner_shield]
# enum = ["output low", "guard"]
# description = "Connection of the inner shield of the triaxial connector (the output must be off to change it)"
#
# [tool.pybirch.settings-schema.properties.output_low]
# enum = ["floating", "earth"]
# description = "Connection of the output's low side (the output must be off to change it)"
#
# [tool.pybirch.settings-schema.properties.settle]
# type = "number"
# minimum = 0
# maximum = 3600
# description = "Time to wait after a new current, in s"
# ///
"""Model 6221 AC and DC current source, Keithley, over GPIB, RS-232 or Ethernet."""

import logging
import math
import time

from pybirch.Instruments.base import VisaBaseMovementInstrument
from pyvisa.errors import VisaIOError

log = logging.getLogger(__name__)

LIMIT = 0.105  # A, of either sign

# Each setting with its command, and its choices or type.
COMMANDS = {
    "compliance": ("SOUR:CURR:COMP", float),
    "analog_filter": ("SOUR:CURR:FILT", {False: "0", True: "1"}),
    "inner_shield": ("OUTP:ISH", {"output low": "OLOW", "guard": "GUAR"}),
    "output_low": ("OUTP:LTE", {"floating": "0", "earth": "1"}),
}


class Keithley6221(VisaBaseMovementInstrument):
    """Keithley 6221 as a DC current source: the position is the current in A, to 105 mA.

    Setting the position turns the output on. The shutdown sets zero current and turns it off.

    Manual: "Model 6220 DC Current Source, Model 6221 AC and DC Current Source Reference Manual".
    """

    def __init__(self, name: str = "Keithley 6221", adapter: str = ""):
        super().__init__(name, adapter)
        self.position_column = "current"
        self.position_units = "A"
        self._define_settings(
            {
                "compliance": 10.0,
                "analog_filter": False,
                "inner_shield": "output low",
                "output_low": "floating",
                "settle": 0.0,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument identifies itself as Model 6221; logs the reason if not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        try:
            identity = self.instrument.query("*IDN?").strip()
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if "MODEL 6221" not in identity:
            log.error("%s: %s is not a Model 6221: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Resets the instrument (output off), sets an automatic range, and sends every setting."""
        wanted = super().settings
        self.instrument.write("*RST")
        self.instrument.write("*CLS")
        self.instrument.write("SOUR:CURR:RANG:AUTO ON")
        self.settings = wanted

    def _shutdown_impl(self):
        """Sets the current to zero and turns the output off."""
        if self.status:
            self.instrument.write("SOUR:CURR 0")
            self.instrument.write("OUTP OFF")

    @property
    def position(self) -> float:
        """The current that is set, in A."""
        return float(self.instrument.query("SOUR:CURR?"))

    @position.setter
    def position(self, value: float):
        """Sets the current in A and turns the output on. Raises ValueError beyond 105 mA."""
        if abs(value) > LIMIT:
            raise ValueError(f"{self.name}: {value} A is beyond {LIMIT} A")
        self.instrument.write(f"SOUR:CURR {float(value)}")
        self.instrument.write("OUTP ON")
        # The instrument replies when the commands above are done, or the query times out.
        self.instrument.query("*OPC?")
        time.sleep(self._settle)

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
        return decode(kind, self.instrument.query(f"{command}?"))

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
