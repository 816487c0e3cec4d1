# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy"]
#
# [tool.pybirch]
# display-name = "Simulated Lock-In Amplifier"
# category = "Lock-In Amplifiers"
# manufacturer = "Simulated"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.frequency]
# type = "number"
# minimum = 0.001
# maximum = 102000
# description = "Reference frequency in Hz"
#
# [tool.pybirch.settings-schema.properties.amplitude]
# type = "number"
# minimum = 0
# maximum = 5
# description = "Voltage that drives the sample, in V rms"
#
# [tool.pybirch.settings-schema.properties.phase]
# type = "number"
# minimum = -180
# maximum = 180
# description = "Reference phase in degrees"
#
# [tool.pybirch.settings-schema.properties.sensitivity]
# type = "number"
# minimum = 2e-9
# maximum = 1
# description = "Full scale in V rms; X and Y are clipped at 1.09 times this value"
#
# [tool.pybirch.settings-schema.properties.time_constant]
# type = "number"
# minimum = 1e-5
# maximum = 30000
# description = "Low-pass time constant in s: a longer one lets less noise through"
#
# [tool.pybirch.settings-schema.properties.corner]
# type = "number"
# exclusiveMinimum = 0
# maximum = 1e9
# description = "Corner frequency of the sample, a low-pass of one pole, in Hz"
#
# [tool.pybirch.settings-schema.properties.noise]
# type = "number"
# minimum = 0
# maximum = 1
# description = "Noise density at the input in V/sqrt(Hz)"
# ///
"""A lock-in amplifier without hardware, for trying scans and for tests."""

import cmath
import math

import numpy as np
from pybirch.Instruments.base import FakeMeasurementInstrument


class SimulatedLockIn(FakeMeasurementInstrument):
    """A simulated lock-in amplifier that drives a low-pass sample and detects its response.

    One row per measurement: in-phase X, quadrature Y, magnitude R (V), phase theta (deg) and
    reference frequency (Hz). The noise is white; a filter of one pole (6 dB/octave) reduces it.
    """

    def __init__(self, name: str = "Simulated lock-in", wait: float = 0.0):
        super().__init__(name, wait)
        self.data_columns = np.array(["X", "Y", "R", "theta", "frequency"])
        self.data_units = np.array(["V", "V", "V", "deg", "Hz"])
        self._random = np.random.default_rng()
        self._define_settings(
            {
                "frequency": 1000.0,
                "amplitude": 0.1,
                "phase": 0.0,
                "sensitivity": 1.0,
                "time_constant": 0.1,
                "corner": 10000.0,
                "noise": 1e-6,
            }
        )

    def _shutdown_impl(self):
        """Turns the drive off."""
        self._amplitude = 0.0

    def _perform_measurement_impl(self) -> np.ndarray:
        self._delay()
        response = self._amplitude / (1 + 1j * self._frequency / self._corner)
        signal = response * cmath.exp(-1j * math.radians(self._phase))
        # One pole passes an equivalent noise bandwidth of 1/(4 tau).
        sigma = self._noise * math.sqrt(1 / (4 * self._time_constant))
        full_scale = 1.09 * self._sensitivity
        x, y = np.clip(
            [signal.real, signal.imag] + self._random.normal(0, sigma, 2), -full_scale, full_scale
        )
        theta = math.degrees(math.atan2(y, x))
        return np.array([[x, y, math.hypot(x, y), theta, self._frequency]])
