# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy", "pyvisa"]
#
# [tool.pybirch]
# display-name = "SR830 Lock-In Amplifier"
# category = "Lock-In Amplifiers"
# manufacturer = "Stanford Research Systems"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.input]
# enum = ["A", "A-B", "I 1 MOhm", "I 100 MOhm"]
# description = "Signal input; with a current input, X, Y and R are in A"
#
# [tool.pybirch.settings-schema.properties.coupling]
# enum = ["AC", "DC"]
# description = "Input coupling"
#
# [tool.pybirch.settings-schema.properties.shield]
# enum = ["float", "ground"]
# description = "Grounding of the input shields"
#
# [tool.pybirch.settings-schema.properties.reference]
# enum = ["external", "internal"]
# description = "Reference source"
#
# [tool.pybirch.settings-schema.properties.frequency]
# type = "number"
# minimum = 0.001
# maximum = 102000
# description = "Internal reference frequency in Hz (an external one is only measured)"
#
# [tool.pybirch.settings-schema.properties.phase]
# type = "number"
# minimum = -360
# maximum = 729.99
# description = "Reference phase shift in degrees"
#
# [tool.pybirch.settings-schema.properties.harmonic]
# type = "integer"
# minimum = 1
# maximum = 19999
# description = "Detected harmonic (harmonic x frequency must stay below 102 kHz)"
#
# [tool.pybirch.settings-schema.properties.amplitude]
# type = "number"
# minimum = 0.004
# maximum = 5
# description = "Sine output in V rms, in steps of 2 mV"
#
# [tool.pybirch.settings-schema.properties.sensitivity]
# enum = [
#   2e-9, 5e-9, 1e-8, 2e-8, 5e-8, 1e-7, 2e-7, 5e-7, 1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4,
#   2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0,
# ]
# description = "Full scale in V rms; for current inputs, 1e-6 times this value in A"
#
# [tool.pybirch.settings-schema.properties.reserve]
# enum = ["high", "normal", "low noise"]
# description = "Dynamic reserve"
#
# [tool.pybirch.settings-schema.properties.time_constant]
# enum = [
#   1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000,
#   10000, 30000,
# ]
# description = "Low-pass time constant in s"
#
# [tool.pybirch.settings-schema.properties.slope]
# enum = [6, 12, 18, 24]
# description = "Low-pass slope in dB/octave"
#
# [tool.pybirch.settings-schema.properties.settle]
# type = "number"
# minimum = 0
# maximum = 100
# description = "Time constants to wait before a reading"
# ///
"""SR830 DSP lock-in amplifier, Stanford Research Systems, over GPIB or RS-232."""

import logging
import math
import time

import numpy as np
from pybirch.Instruments.base import VisaBaseMeasurementInstrument
from pyvisa.errors import VisaIOError

log = logging.getLogger(__name__)


def numbered(*values) -> dict:
    """Gives each choice its number in commands, counted from 0."""
    return {value: str(code) for code, value in enumerate(values)}


# fmt: off
SENSITIVITIES = (
    2e-9, 5e-9, 1e-8, 2e-8, 5e-8, 1e-7, 2e-7, 5e-7, 1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5,
    1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0,
)
TIME_CONSTANTS = (
    1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3,
    1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000,
)
# fmt: on

# Each setting with its command, and its choices or type.
COMMANDS = {
    "input": ("ISRC", numbered("A", "A-B", "I 1 MOhm", "I 100 MOhm")),
    "coupling": ("ICPL", numbered("AC", "DC")),
    "shield": ("IGND", numbered("float", "ground")),
    "reference": ("FMOD", numbered("external", "internal")),
    "frequency": ("FREQ", float),
    "phase": ("PHAS", float),
    "harmonic": ("HARM", int),
    "amplitude": ("SLVL", float),
    "sensitivity": ("SENS", numbered(*SENSITIVITIES)),
    "reserve": ("RMOD", numbered("high", "normal", "low noise")),
    "time_constant": ("OFLT", numbered(*TIME_CONSTANTS)),
    "slope": ("OFSL", numbered(6, 12, 18, 24)),
}


class SR830(VisaBaseMeasurementInstrument):
    """Stanford Research Systems SR830 lock-in amplifier, 1 mHz to 102 kHz.

    One row per measurement: in-phase X, quadrature Y, magnitude R (V rms, or A for current inputs),
    phase theta (deg) and reference frequency (Hz), all taken at the same instant by `SNAP?`.

    Manual: "Model SR830 DSP Lock-In Amplifier", chapter 5, Remote Programming.
    """

    def __init__(self, name: str = "SR830", adapter: str = ""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["X", "Y", "R", "theta", "frequency"])
        self.data_units = np.array(["V", "V", "V", "deg", "Hz"])
        self._define_settings(
            {
                "input": "A",
                "coupling": "AC",
                "shield": "float",
                "reference": "internal",
                "frequency": 1000.0,
                "phase": 0.0,
                "harmonic": 1,
                "amplitude": 0.004,
                "sensitivity": 1.0,
                "reserve": "low noise",
                "time_constant": 0.1,
                "slope": 12,
                "settle": 5.0,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument identifies itself as SR830; logs the reason if it does not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        is_serial = self.adapter.upper().startswith("ASRL")
        if is_serial:
            # Over RS-232, messages end with a carriage return in both directions.
            self.instrument.read_termination = self.instrument.write_termination = "\r"
        try:
            # The command chooses the interface to which the instrument sends its replies.
            self.instrument.write("OUTX 0" if is_serial else "OUTX 1")
            identity = self.instrument.query("*IDN?").strip()
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if "SR830" not in identity:
            log.error("%s: %s is not an SR830: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Resets the instrument and sends every setting."""
        wanted = super().settings
        self.instrument.write("*RST")
        self.instrument.write("*CLS")
        self.settings = wanted

    def _shutdown_impl(self):
        """Turns the sine output down to its minimum, 4 mV, and unlocks the front panel."""
        if self.status:
            self.instrument.write("SLVL 0.004")
            self.instrument.write("LOCL 0")

    def _perform_measurement_impl(self) -> np.ndarray:
        time.sleep(self._settle * self._time_constant)
        reply = self.instrument.query("SNAP? 1,2,3,4,9")
        return np.array([[float(value) for value in reply.split(",")]])

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
        if self._reference == "external":
            asked.pop("frequency", None)
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
        self.data_units[:3] = "A" if self._input.startswith("I") else "V"

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
