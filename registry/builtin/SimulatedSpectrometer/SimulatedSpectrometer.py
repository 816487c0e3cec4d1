# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy"]
#
# [tool.pybirch]
# display-name = "Simulated Spectrometer"
# category = "Spectrometers"
# manufacturer = "Simulated"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.center]
# type = "number"
# minimum = 200
# maximum = 1100
# description = "Wavelength at the middle of the detector in nm"
#
# [tool.pybirch.settings-schema.properties.span]
# type = "number"
# minimum = 1
# maximum = 900
# description = "Width of the spectrum in nm"
#
# [tool.pybirch.settings-schema.properties.pixels]
# type = "integer"
# minimum = 16
# maximum = 8192
# description = "Pixels of the detector; each is a row of the measurement"
#
# [tool.pybirch.settings-schema.properties.resolution]
# type = "number"
# minimum = 0.01
# maximum = 50
# description = "Full width of a line at half maximum in nm"
#
# [tool.pybirch.settings-schema.properties.exposure]
# type = "number"
# minimum = 0.001
# maximum = 600
# description = "Exposure time in s: the signal grows with it, but measurements do not take longer"
#
# [tool.pybirch.settings-schema.properties.averages]
# type = "integer"
# minimum = 1
# maximum = 10000
# description = "Exposures that are averaged"
#
# [tool.pybirch.settings-schema.properties.shutter]
# enum = ["open", "closed"]
# description = "With the shutter closed, the dark spectrum is measured"
# ///
"""A spectrometer without hardware, for trying scans and for tests."""

import math

import numpy as np
from pybirch.Instruments.base import FakeMeasurementInstrument

# Mercury's lines in air (nm; NIST Atomic Spectra Database) and rates at their peak (counts/s).
LINES = {404.66: 18000, 435.83: 40000, 546.07: 55000, 576.96: 12000, 579.07: 13000}
DARK_RATE = 50.0  # counts/s
READ_NOISE = 5.0  # counts
FULL_WELL = 65535.0  # counts


class SimulatedSpectrometer(FakeMeasurementInstrument):
    """A simulated grating spectrometer that looks at a mercury lamp.

    A row for each pixel: wavelength (nm) and intensity (counts), with shot noise, dark current,
    read noise and saturation at 65535 counts.
    """

    def __init__(self, name: str = "Simulated spectrometer", wait: float = 0.0):
        super().__init__(name, wait)
        self.data_columns = np.array(["wavelength", "intensity"])
        self.data_units = np.array(["nm", "counts"])
        self._random = np.random.default_rng()
        self._define_settings(
            {
                "center": 500.0,
                "span": 300.0,
                "pixels": 1024,
                "resolution": 1.5,
                "exposure": 0.1,
                "averages": 1,
                "shutter": "open",
            }
        )

    def _shutdown_impl(self):
        """Closes the shutter."""
        self._shutter = "closed"

    def _perform_measurement_impl(self) -> np.ndarray:
        self._delay()
        edge = self._span / 2
        wavelengths = np.linspace(self._center - edge, self._center + edge, self._pixels)
        expected = (self._light(wavelengths) + DARK_RATE) * self._exposure
        # Averaging n exposures divides shot noise and read noise by sqrt(n).
        sigma = np.sqrt((expected + READ_NOISE**2) / self._averages)
        counts = np.clip(self._random.normal(expected, sigma), 0, FULL_WELL)
        return np.column_stack([wavelengths, counts])

    def _light(self, wavelengths: np.ndarray) -> np.ndarray:
        """Counts per second from the lamp. Each spectral line is a Gaussian."""
        rates = np.zeros_like(wavelengths)
        if self._shutter == "open":
            sigma = self._resolution / (2 * math.sqrt(2 * math.log(2)))
            for line, rate in LINES.items():
                rates += rate * np.exp(-((wavelengths - line) ** 2) / (2 * sigma**2))
        return rates
