# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy"]
#
# [tool.pybirch]
# display-name = "Simulated Multimeter"
# category = "Multimeters"
# manufacturer = "Simulated"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.bias]
# type = "number"
# minimum = -10
# maximum = 10
# description = "Voltage at the simulated resistor in V"
#
# [tool.pybirch.settings-schema.properties.resistance]
# type = "number"
# minimum = 1
# maximum = 1e9
# description = "The simulated resistor in Ohm"
#
# [tool.pybirch.settings-schema.properties.temperature]
# type = "number"
# minimum = 0
# maximum = 1000
# description = "Temperature of the resistor in K, which sets its thermal noise"
#
# [tool.pybirch.settings-schema.properties.nplc]
# type = "number"
# minimum = 0.01
# maximum = 100
# description = "Integration time in power line cycles of 20 ms, which sets the bandwidth"
#
# [tool.pybirch.settings-schema.properties.points]
# type = "integer"
# minimum = 1
# maximum = 10000
# description = "Readings in a measurement"
# ///
"""A multimeter without hardware, for trying scans and for tests."""

import math

import numpy as np
from pybirch.Instruments.base import FakeMeasurementInstrument

BOLTZMANN = 1.380649e-23  # J/K, exact in the SI
LINE_PERIOD = 0.02  # s


class SimulatedMultimeter(FakeMeasurementInstrument):
    """A simulated multimeter that measures a biased resistor with thermal noise.

    A row for each of `points` readings: voltage (V) and current (A).
    """

    def __init__(self, name: str = "Simulated multimeter", wait: float = 0.0):
        super().__init__(name, wait)
        self.data_columns = np.array(["voltage", "current"])
        self.data_units = np.array(["V", "A"])
        self._random = np.random.default_rng()
        self._define_settings(
            {
                "bias": 1.0,
                "resistance": 1000.0,
                "temperature": 300.0,
                "nplc": 1.0,
                "points": 1,
            }
        )

    def _shutdown_impl(self):
        """Turns the bias off."""
        self._bias = 0.0

    def _perform_measurement_impl(self) -> np.ndarray:
        self._delay()
        # Averaging over a time t passes an equivalent noise bandwidth of 1/(2 t).
        bandwidth = 1 / (2 * self._nplc * LINE_PERIOD)
        sigma = math.sqrt(4 * BOLTZMANN * self._temperature * self._resistance * bandwidth)
        volts = self._bias + self._random.normal(0, sigma, self._points)
        return np.column_stack([volts, volts / self._resistance])
