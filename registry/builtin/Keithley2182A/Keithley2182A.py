# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy", "pyvisa"]
#
# [tool.pybirch]
# display-name = "Keithley 2182A Nanovoltmeter"
# category = "Multimeters"
# manufacturer = "Keithley"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.channel]
# enum = [1, 2]
# description = "Input channel: 1 (to 100 V) or 2 (to 10 V)"
#
# [tool.pybirch.settings-schema.properties.nplc]
# type = "number"
# minimum = 0.01
# maximum = 50
# description = "Integration time in power line cycles"
#
# [tool.pybirch.settings-schema.properties.analog_filter]
# type = "boolean"
# description = "Analog low-pass filter"
#
# [tool.pybirch.settings-schema.properties.digital_filter]
# type = "boolean"
# description = "Average `filter_count` conversions for each reading"
#
# [tool.pybirch.settings-schema.properties.filter_count]
# type = "integer"
# minimum = 1
# maximum = 100
# description = "Conversions in the digital filter"
#
# [tool.pybirch.settings-schema.properties.points]
# type = "integer"
# minimum = 1
# maximum = 1024
# description = "Readings in a measurement"
# ///
"""Model 2182A nanovoltmeter, Keithley, over GPIB or RS-232."""

import logging
import math

import numpy as np
from pybirch.Instruments.base import VisaBaseMeasurementInstrument
from pyvisa.errors import VisaIOError

log = logging.getLogger(__name__)

SWITCH = {False: "0", True: "1"}

# Each setting with its command, and its choices or type. The channel comes first, because filters are set per channel.
COMMANDS = {
    "channel": (":SENS:CHAN", int),
    "nplc": (":SENS:VOLT:NPLC", float),
    "analog_filter": (":SENS:VOLT:CHAN{channel}:LPAS", SWITCH),
    "digital_filter": (":SENS:VOLT:CHAN{channel}:DFIL", SWITCH),
    "filter_count": (":SENS:VOLT:CHAN{channel}:DFIL:COUN", int),
    "points": (":SAMP:COUN", int),
}


class Keithley2182A(VisaBaseMeasurementInstrument):
    """Keithley 2182A nanovoltmeter with autoranging.

    A row for each of `points` readings: the voltage (V) at the chosen channel.

    Manual: "Models 2182 and 2182A Nanovoltmeter User's Manual", SCPI Reference Tables.
    """

    def __init__(self, name: str = "Keithley 2182A", adapter: str = ""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["voltage"])
        self.data_units = np.array(["V"])
        self._define_settings(
            {
                "channel": 1,
                "nplc": 5.0,
                "analog_filter": False,
                "digital_filter": True,
                "filter_count": 10,
                "points": 1,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument identifies itself as Model 2182A; logs the reason if not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        try:
            identity = self.instrument.query("*IDN?").strip()
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if "MODEL 2182A" not in identity:
            log.error("%s: %s is not a Model 2182A: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Resets the instrument, sets single triggers, repeating filters and every setting."""
        wanted = super().settings
        self.instrument.write("*RST")
        self.instrument.write("*CLS")
        self.instrument.write(":INIT:CONT OFF")
        self.instrument.write(":SENS:FUNC 'VOLT'")
        for channel in (1, 2):
            self.instrument.write(f":SENS:VOLT:CHAN{channel}:DFIL:TCON REP")
        self.settings = wanted

    def _perform_measurement_impl(self) -> np.ndarray:
        # A conversion with autozero integrates twice. 50 Hz is the slower line frequency.
        conversions = self._points * (self._filter_count if self._digital_filter else 1)
        self.instrument.timeout = 5000 + 1000 * conversions * (2 * self._nplc / 50 + 0.1)
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

    def _read(self, key: str):
        command, kind = COMMANDS[key]
        reply = self.instrument.query(f"{command.format(channel=self._channel)}?")
        return decode(kind, reply)

    def _write(self, key: str, value):
        command, kind = COMMANDS[key]
        command = command.format(channel=self._channel)
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
