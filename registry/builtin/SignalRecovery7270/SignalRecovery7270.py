# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy", "pyvisa"]
#
# [tool.pybirch]
# display-name = "Model 7270 Lock-In Amplifier"
# category = "Lock-In Amplifiers"
# manufacturer = "Signal Recovery"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.input]
# enum = ["A", "-B", "A-B"]
# description = "Voltage input"
#
# [tool.pybirch.settings-schema.properties.coupling]
# enum = ["AC", "DC"]
# description = "Input coupling"
#
# [tool.pybirch.settings-schema.properties.shield]
# enum = ["ground", "float"]
# description = "Grounding of the input shields (float: through 1 kOhm)"
#
# [tool.pybirch.settings-schema.properties.reference]
# enum = ["internal", "external TTL", "external analog"]
# description = "Reference source"
#
# [tool.pybirch.settings-schema.properties.frequency]
# type = "number"
# minimum = 0
# maximum = 250000
# description = "Oscillator frequency in Hz"
#
# [tool.pybirch.settings-schema.properties.amplitude]
# type = "number"
# minimum = 0
# maximum = 5
# description = "Oscillator amplitude in V rms"
#
# [tool.pybirch.settings-schema.properties.phase]
# type = "number"
# minimum = 0
# maximum = 360
# description = "Reference phase in degrees"
#
# [tool.pybirch.settings-schema.properties.harmonic]
# type = "integer"
# minimum = 1
# maximum = 127
# description = "Detected harmonic"
#
# [tool.pybirch.settings-schema.properties.sensitivity]
# enum = [
#   2e-9, 5e-9, 1e-8, 2e-8, 5e-8, 1e-7, 2e-7, 5e-7, 1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4,
#   2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0,
# ]
# description = "Full scale in V rms"
#
# [tool.pybirch.settings-schema.properties.time_constant]
# enum = [
#   1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2,
#   5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000,
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
"""Model 7270 lock-in amplifier, Signal Recovery (AMETEK), over USB or Ethernet."""

import logging
import math
import time

import numpy as np
from pybirch.Instruments.base import VisaBaseMeasurementInstrument
from pyvisa.errors import VisaIOError

log = logging.getLogger(__name__)


def numbered(*values, first: int = 0) -> dict:
    """Gives each choice its number in commands, counted from `first`."""
    return {value: str(code) for code, value in enumerate(values, first)}


# fmt: off
SENSITIVITIES = (
    2e-9, 5e-9, 1e-8, 2e-8, 5e-8, 1e-7, 2e-7, 5e-7, 1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5,
    1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0,
)
TIME_CONSTANTS = (
    1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5,
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000,
)
# fmt: on

# Each setting with its command, and its choices or type. With a dot, a command uses V, Hz or degrees.
COMMANDS = {
    "input": ("VMODE", numbered("A", "-B", "A-B", first=1)),
    "coupling": ("CP", numbered("AC", "DC")),
    "shield": ("FLOAT", numbered("ground", "float")),
    "reference": ("IE", numbered("internal", "external TTL", "external analog")),
    "frequency": ("OF.", float),
    "amplitude": ("OA.", float),
    "phase": ("REFP.", float),
    "harmonic": ("REFN", int),
    "sensitivity": ("SEN", numbered(*SENSITIVITIES, first=1)),
    "time_constant": ("TC", numbered(*TIME_CONSTANTS)),
    "slope": ("SLOPE", numbered(6, 12, 18, 24)),
}


class SignalRecovery7270(VisaBaseMeasurementInstrument):
    """Signal Recovery Model 7270 lock-in amplifier, 1 mHz to 250 kHz, voltage inputs.

    One row per measurement: in-phase X and quadrature Y, taken together by `XY.`, magnitude R and
    phase theta, computed from X and Y, and the reference frequency. Units: V rms, deg and Hz.

    The instrument answers every command with a text that ends in a null character.
    Manual: "Model 7270 DSP Lock-in Amplifier Instruction Manual", chapter 6, Computer Operation.
    """

    def __init__(self, name: str = "Signal Recovery 7270", adapter: str = ""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["X", "Y", "R", "theta", "frequency"])
        self.data_units = np.array(["V", "V", "V", "deg", "Hz"])
        self._define_settings(
            {
                "input": "A",
                "coupling": "AC",
                "shield": "ground",
                "reference": "internal",
                "frequency": 1000.0,
                "amplitude": 0.0,
                "phase": 0.0,
                "harmonic": 1,
                "sensitivity": 1.0,
                "time_constant": 0.1,
                "slope": 12,
                "settle": 5.0,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument answers `ID` with 7270; logs the reason if it does not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        self.instrument.read_termination = "\0"
        self.instrument.write_termination = "\0"
        try:
            identity = self._ask("ID")
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if identity != "7270":
            log.error("%s: %s is not a Model 7270: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Restores the factory settings (`ADF 1`) and sends every setting."""
        wanted = super().settings
        self._ask("ADF 1")
        self.settings = wanted

    def _shutdown_impl(self):
        """Turns the oscillator output off."""
        if self.status:
            self._ask("OA. 0")

    def _perform_measurement_impl(self) -> np.ndarray:
        time.sleep(self._settle * self._time_constant)
        x, y = (float(value) for value in self._ask("XY.").split(","))
        frequency = float(self._ask("FRQ."))
        return np.array([[x, y, math.hypot(x, y), math.degrees(math.atan2(y, x)), frequency]])

    def _ask(self, command: str) -> str:
        return self.instrument.query(command).strip()

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
        return decode(kind, self._ask(command))

    def _write(self, key: str, value):
        command, kind = COMMANDS[key]
        self._ask(f"{command} {encode(kind, value)}")


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
