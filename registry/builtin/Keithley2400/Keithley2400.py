# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy", "pyvisa"]
#
# [tool.pybirch]
# display-name = "Keithley 2400 SourceMeter"
# category = "Source Meters"
# manufacturer = "Keithley"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.source]
# enum = ["voltage", "current"]
# description = "Quantity to source; both are measured"
#
# [tool.pybirch.settings-schema.properties.level]
# type = "number"
# minimum = -210
# maximum = 210
# description = "Source level in V (to 210 V), or in A (to 1.05 A)"
#
# [tool.pybirch.settings-schema.properties.compliance]
# type = "number"
# exclusiveMinimum = 0
# maximum = 210
# description = "Limit of the other quantity: in A (to 1.05) for a voltage source, else in V"
#
# [tool.pybirch.settings-schema.properties.nplc]
# type = "number"
# minimum = 0.01
# maximum = 10
# description = "Integration time in power line cycles"
#
# [tool.pybirch.settings-schema.properties.four_wire]
# type = "boolean"
# description = "Sense at the sample with separate leads"
#
# [tool.pybirch.settings-schema.properties.terminals]
# enum = ["front", "rear"]
# description = "Input and output terminals; changing them turns the output off"
#
# [tool.pybirch.settings-schema.properties.points]
# type = "integer"
# minimum = 1
# maximum = 2500
# description = "Readings in a measurement"
# ///
"""Model 2400 SourceMeter, Keithley, over GPIB or RS-232."""

import logging
import math

import numpy as np
from pybirch.Instruments.base import VisaBaseMeasurementInstrument
from pyvisa.errors import VisaIOError

log = logging.getLogger(__name__)

SENSED = {"voltage": "CURR", "current": "VOLT"}

# Each setting with its command, and its choices or type. The source comes first: others depend on it.
COMMANDS = {
    "source": (":SOUR:FUNC", {"voltage": "VOLT", "current": "CURR"}),
    "compliance": (":SENS:{sensed}:PROT", float),
    "level": (":SOUR:{sourced}:LEV", float),
    "nplc": (":SENS:{sensed}:NPLC", float),
    "four_wire": (":SYST:RSEN", {False: "0", True: "1"}),
    "terminals": (":ROUT:TERM", {"front": "FRON", "rear": "REAR"}),
    "points": (":TRIG:COUN", int),
}


class Keithley2400(VisaBaseMeasurementInstrument):
    """Keithley 2400 source meter: sources a voltage or a current and measures both.

    A row for each of `points` readings: voltage (V), current (A) and the instrument's time stamp
    (s). The first measurement turns the output on, and it stays on until the shutdown.

    Manual: "Series 2400 SourceMeter User's Manual", section 18, SCPI Command Reference.
    """

    def __init__(self, name: str = "Keithley 2400", adapter: str = ""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["voltage", "current", "time"])
        self.data_units = np.array(["V", "A", "s"])
        self._define_settings(
            {
                "source": "voltage",
                "level": 0.0,
                "compliance": 0.001,
                "nplc": 1.0,
                "four_wire": False,
                "terminals": "front",
                "points": 1,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument identifies itself as Model 2400; logs the reason if not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        try:
            identity = self.instrument.query("*IDN?").strip()
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if "MODEL 2400" not in identity:
            log.error("%s: %s is not a Model 2400: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Resets the instrument (output off), sets automatic ranges, and sends every setting."""
        wanted = super().settings
        self.instrument.write("*RST")
        self.instrument.write("*CLS")
        self.instrument.write(":SENS:FUNC:CONC ON")
        self.instrument.write(":SENS:FUNC 'VOLT','CURR'")
        self.instrument.write(":FORM:ELEM VOLT,CURR,TIME")
        self.settings = wanted

    def _shutdown_impl(self):
        """Sets the source to zero and turns the output off."""
        if self.status:
            self.instrument.write(f":SOUR:{COMMANDS['source'][1][self._source]}:LEV 0")
            self.instrument.write(":OUTP OFF")

    def _perform_measurement_impl(self) -> np.ndarray:
        # A reading takes three conversions (zero, reference, signal). 50 Hz is the slower line frequency.
        self.instrument.timeout = 5000 + 1000 * self._points * max(3 * self._nplc / 50, 0.05)
        self.instrument.write(":OUTP ON")
        values = self.instrument.query(":READ?").split(",")
        return np.array([float(value) for value in values]).reshape(-1, 3)

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

    def _command(self, key: str) -> str:
        sourced = encode(COMMANDS["source"][1], self._source)
        return COMMANDS[key][0].format(sourced=sourced, sensed=SENSED[self._source])

    def _read(self, key: str):
        return decode(COMMANDS[key][1], self.instrument.query(f"{self._command(key)}?"))

    def _write(self, key: str, value):
        self.instrument.write(f"{self._command(key)} {encode(COMMANDS[key][1], value)}")


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
