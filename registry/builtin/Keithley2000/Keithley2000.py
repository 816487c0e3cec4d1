# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy", "pyvisa"]
#
# [tool.pybirch]
# display-name = "Keithley 2000 Multimeter"
# category = "Multimeters"
# manufacturer = "Keithley"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.function]
# enum = [
#   "DC voltage", "AC voltage", "DC current", "AC current", "resistance", "four-wire resistance",
#   "temperature",
# ]
# description = "Quantity to measure, in V, A, Ohm or degC"
#
# [tool.pybirch.settings-schema.properties.nplc]
# type = "number"
# minimum = 0.01
# maximum = 10
# description = "Integration time in power line cycles"
#
# [tool.pybirch.settings-schema.properties.points]
# type = "integer"
# minimum = 1
# maximum = 1024
# description = "Readings in a measurement"
# ///
"""Model 2000 multimeter, Keithley, over GPIB or RS-232."""

import logging
import math

import numpy as np
from pybirch.Instruments.base import VisaBaseMeasurementInstrument
from pyvisa.errors import VisaIOError

log = logging.getLogger(__name__)

FUNCTIONS = {
    "DC voltage": "VOLT:DC",
    "AC voltage": "VOLT:AC",
    "DC current": "CURR:DC",
    "AC current": "CURR:AC",
    "resistance": "RES",
    "four-wire resistance": "FRES",
    "temperature": "TEMP",
}
UNITS = {
    "DC voltage": "V",
    "AC voltage": "V",
    "DC current": "A",
    "AC current": "A",
    "resistance": "Ohm",
    "four-wire resistance": "Ohm",
    "temperature": "degC",
}

# Each setting with its command, and its choices or type. The function comes first, because NPLC is set per function.
COMMANDS = {
    "function": (":SENS:FUNC", FUNCTIONS),
    "nplc": (":SENS:{function}:NPLC", float),
    "points": (":SAMP:COUN", int),
}


class Keithley2000(VisaBaseMeasurementInstrument):
    """Keithley 2000 6.5-digit multimeter with autoranging.

    A row for each of `points` readings of the chosen function, in V, A, Ohm or degC.

    Manual: "Model 2000 Multimeter User's Manual", section 5, SCPI Command Reference.
    """

    def __init__(self, name: str = "Keithley 2000", adapter: str = ""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["reading"])
        self.data_units = np.array(["V"], dtype="U4")
        self._define_settings(
            {
                "function": "DC voltage",
                "nplc": 1.0,
                "points": 1,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument identifies itself as Model 2000; logs the reason if not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        try:
            identity = self.instrument.query("*IDN?").strip()
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if "MODEL 2000" not in identity:
            log.error("%s: %s is not a Model 2000: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Resets the instrument, sets single triggers and plain readings, sends every setting."""
        wanted = super().settings
        self.instrument.write("*RST")
        self.instrument.write("*CLS")
        self.instrument.write(":INIT:CONT OFF")
        self.instrument.write(":FORM:ELEM READ")
        self.settings = wanted

    def _perform_measurement_impl(self) -> np.ndarray:
        # A reading takes up to three conversions. AC readings settle for about a second.
        self.instrument.timeout = 5000 + 1000 * self._points * (3 * self._nplc / 50 + 1)
        values = self.instrument.query(":READ?").split(",")
        return np.array([[float(value)] for value in values])

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
        self.data_units[0] = UNITS[self._function]

    def _command(self, key: str) -> str:
        return COMMANDS[key][0].format(function=FUNCTIONS[self._function])

    def _read(self, key: str):
        return decode(COMMANDS[key][1], self.instrument.query(f"{self._command(key)}?"))

    def _write(self, key: str, value):
        code = encode(COMMANDS[key][1], value)
        if key == "function":
            code = f"'{code}'"
        self.instrument.write(f"{self._command(key)} {code}")


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
