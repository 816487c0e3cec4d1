# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy", "pyvisa"]
#
# [tool.pybirch]
# display-name = "DS1054Z Oscilloscope"
# category = "Oscilloscopes"
# manufacturer = "Rigol"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.channel]
# enum = [1, 2, 3, 4]
# description = "Channel to read; the vertical settings apply to it"
#
# [tool.pybirch.settings-schema.properties.probe]
# enum = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
# description = "Attenuation of the probe"
#
# [tool.pybirch.settings-schema.properties.coupling]
# enum = ["DC", "AC", "ground"]
# description = "Input coupling"
#
# [tool.pybirch.settings-schema.properties.volts_per_division]
# type = "number"
# minimum = 1e-5
# maximum = 1e4
# description = "Vertical scale in V: 1 mV to 10 V, times the probe's attenuation"
#
# [tool.pybirch.settings-schema.properties.offset]
# type = "number"
# minimum = -1e5
# maximum = 1e5
# description = "In V: to 2 V below 500 mV a division, else to 100 V, times the probe's attenuation"
#
# [tool.pybirch.settings-schema.properties.time_per_division]
# type = "number"
# minimum = 5e-9
# maximum = 50
# description = "Horizontal scale in s"
#
# [tool.pybirch.settings-schema.properties.trigger_source]
# enum = ["channel 1", "channel 2", "channel 3", "channel 4", "line"]
# description = "Signal that the edge trigger watches"
#
# [tool.pybirch.settings-schema.properties.trigger_slope]
# enum = ["rising", "falling", "either"]
# description = "Edge that triggers"
#
# [tool.pybirch.settings-schema.properties.trigger_level]
# type = "number"
# minimum = -5e4
# maximum = 5e4
# description = "Trigger level in V: within five divisions of the screen's middle"
#
# [tool.pybirch.settings-schema.properties.timeout]
# type = "number"
# exclusiveMinimum = 0
# maximum = 86400
# description = "Time to wait for a trigger, in s"
# ///
"""DS1054Z four-channel oscilloscope, Rigol, over USB or Ethernet."""

import logging
import math
import time

import numpy as np
from pybirch.Instruments.base import VisaBaseMeasurementInstrument
from pyvisa.errors import VisaIOError

log = logging.getLogger(__name__)

SOURCES = {
    "channel 1": "CHAN1",
    "channel 2": "CHAN2",
    "channel 3": "CHAN3",
    "channel 4": "CHAN4",
    "line": "AC",
}

# Each setting with its command, and its choices or type. The probe comes before values that it scales.
COMMANDS = {
    "probe": (":CHAN{channel}:PROB", float),
    "coupling": (":CHAN{channel}:COUP", {"DC": "DC", "AC": "AC", "ground": "GND"}),
    "volts_per_division": (":CHAN{channel}:SCAL", float),
    "offset": (":CHAN{channel}:OFFS", float),
    "time_per_division": (":TIM:MAIN:SCAL", float),
    "trigger_source": (":TRIG:EDG:SOUR", SOURCES),
    "trigger_slope": (":TRIG:EDG:SLOP", {"rising": "POS", "falling": "NEG", "either": "RFAL"}),
    "trigger_level": (":TRIG:EDG:LEV", float),
}


class RigolDS1054Z(VisaBaseMeasurementInstrument):
    """Rigol DS1054Z oscilloscope: one trace of one channel, taken at a single edge trigger.

    One row for each of the 1200 points on the screen: time (s) from the trigger, voltage (V).

    Manual: "MSO1000Z/DS1000Z Series Digital Oscilloscope Programming Guide", chapter 2,
    :WAVeform Commands.
    """

    def __init__(self, name: str = "DS1054Z", adapter: str = ""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["time", "voltage"])
        self.data_units = np.array(["s", "V"])
        self._define_settings(
            {
                "channel": 1,
                "probe": 10.0,
                "coupling": "DC",
                "volts_per_division": 1.0,
                "offset": 0.0,
                "time_per_division": 1e-6,
                "trigger_source": "channel 1",
                "trigger_slope": "rising",
                "trigger_level": 0.0,
                "timeout": 10.0,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument identifies itself as DS1054Z; logs the reason if it does not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        try:
            identity = self.instrument.query("*IDN?").strip()
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if "DS1054Z" not in identity:
            log.error("%s: %s is not a DS1054Z: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Resets the instrument, sets an edge trigger, and sends every setting."""
        wanted = super().settings
        self.instrument.write("*RST")
        self.instrument.write("*CLS")
        self.instrument.write(":TRIG:MODE EDGE")
        self.settings = wanted

    def _shutdown_impl(self):
        """Lets the instrument trigger continuously again."""
        if self.status:
            self.instrument.write(":RUN")

    def _perform_measurement_impl(self) -> np.ndarray:
        self.instrument.write(f":CHAN{self._channel}:DISP ON")
        self.instrument.write(":SING")
        self._wait_for_trigger()
        self.instrument.write(f":WAV:SOUR CHAN{self._channel}")
        self.instrument.write(":WAV:MODE NORM")
        self.instrument.write(":WAV:FORM BYTE")
        preamble = [float(value) for value in self.instrument.query(":WAV:PRE?").split(",")]
        dx, x_origin, x_reference, dy, y_origin, y_reference = preamble[4:]
        codes = self.instrument.query_binary_values(":WAV:DATA?", datatype="B", container=np.array)
        times = x_origin + (np.arange(len(codes)) - x_reference) * dx
        volts = (codes.astype(float) - y_origin - y_reference) * dy
        return np.column_stack([times, volts])

    def _wait_for_trigger(self):
        deadline = time.monotonic() + self._timeout
        while self.instrument.query(":TRIG:STAT?").strip() != "STOP":
            if time.monotonic() > deadline:
                self.instrument.write(":STOP")
                raise TimeoutError(f"{self.name}: no trigger within {self._timeout} s")
            time.sleep(0.02)

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
