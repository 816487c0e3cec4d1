# /// script
# requires-python = ">=3.9"
# dependencies = ["numpy", "pyvisa"]
#
# [tool.pybirch]
# display-name = "Lake Shore 335 Temperatures"
# category = "Temperature Controllers"
# manufacturer = "Lake Shore"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.filter]
# type = "boolean"
# description = "Average the readings of both inputs"
#
# [tool.pybirch.settings-schema.properties.filter_points]
# type = "integer"
# minimum = 2
# maximum = 64
# description = "Readings in the average"
#
# [tool.pybirch.settings-schema.properties.filter_window]
# type = "integer"
# minimum = 1
# maximum = 10
# description = "Step that restarts the average, in % of full scale"
# ///
"""Model 335 temperature controller, Lake Shore, over GPIB or USB: its readings."""

import logging

import numpy as np
from pybirch.Instruments.base import VisaBaseMeasurementInstrument
from pyvisa.constants import Parity
from pyvisa.errors import VisaIOError
from pyvisa.resources import SerialInstrument

log = logging.getLogger(__name__)

# The bits of the reply to RDGST?, and what they mean.
FAULTS = {
    1: "invalid",
    16: "temperature underrange",
    32: "temperature overrange",
    64: "sensor at zero",
    128: "sensor overrange",
}


class LakeShore335(VisaBaseMeasurementInstrument):
    """Lake Shore 335: the temperatures of both inputs and the output of both heaters.

    One row per measurement: temperatures A and B (K), heaters 1 and 2 (% of full current). If
    an input has a fault, its temperature is NaN and the log names the fault. Several instruments
    can use one GPIB address, but only one at a time can use the USB socket.

    Manual: "Model 335 Temperature Controller User's Manual", chapter 6, Computer Interface
    Operation.
    """

    def __init__(self, name: str = "Lake Shore 335", adapter: str = ""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["temperature A", "temperature B", "heater 1", "heater 2"])
        self.data_units = np.array(["K", "K", "%", "%"])
        self._define_settings(
            {
                "filter": False,
                "filter_points": 8,
                "filter_window": 10,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument identifies itself as MODEL335; logs the reason if it does not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        try:
            if isinstance(self.instrument, SerialInstrument):
                # The USB socket is a serial port with a fixed format.
                self.instrument.baud_rate = 57600
                self.instrument.data_bits = 7
                self.instrument.parity = Parity.odd
            identity = self.instrument.query("*IDN?").strip()
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if "MODEL335" not in identity:
            log.error("%s: %s is not a Model 335: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Sends every setting. A reset would switch off heaters that others use."""
        self.settings = super().settings

    def _perform_measurement_impl(self) -> np.ndarray:
        heaters = [float(self.instrument.query(f"HTR? {output}")) for output in (1, 2)]
        return np.array([[self._temperature("A"), self._temperature("B"), *heaters]])

    def _temperature(self, channel: str) -> float:
        faults = int(self.instrument.query(f"RDGST? {channel}"))
        if faults:
            names = [name for bit, name in FAULTS.items() if faults & bit]
            log.warning("%s: input %s: %s", self.name, channel, ", ".join(names))
            return float("nan")
        return float(self.instrument.query(f"KRDG? {channel}"))

    @property
    def settings(self) -> dict:
        """The filter of input A, or the filter to be sent if the instrument is not connected yet."""
        if self.status:
            on, points, window = self._held_filter("A")
            self._keep({"filter": bool(on), "filter_points": points, "filter_window": window})
        return super().settings

    @settings.setter
    def settings(self, settings: dict):
        """Sends the filter to inputs with another. Raises ValueError if an input refuses the filter."""
        self._keep(settings)
        if not self.status:
            return
        wanted = [int(self._filter), self._filter_points, self._filter_window]
        for channel in ("A", "B"):
            if self._held_filter(channel) != wanted:
                self.instrument.write(f"FILTER {channel},{wanted[0]},{wanted[1]},{wanted[2]}")
            held = self._held_filter(channel)
            if held != wanted:
                raise ValueError(f"{self.name}: input {channel} has filter {held}, not {wanted}")

    def _held_filter(self, channel: str) -> list:
        """The filter of an input: on or off, points, window."""
        return [int(value) for value in self.instrument.query(f"FILTER? {channel}").split(",")]

    def _keep(self, settings: dict):
        for key in super().settings.keys() & settings.keys():
            setattr(self, f"_{key}", settings[key])
