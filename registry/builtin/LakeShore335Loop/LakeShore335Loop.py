# /// script
# requires-python = ">=3.9"
# dependencies = ["pyvisa"]
#
# [tool.pybirch]
# display-name = "Lake Shore 335 Control Loop"
# category = "Temperature Controllers"
# manufacturer = "Lake Shore"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.heater_range]
# enum = ["off", "low", "medium", "high"]
# description = "Heater range; the loop regulates only with the heater on"
#
# [tool.pybirch.settings-schema.properties.p]
# type = "number"
# minimum = 0.1
# maximum = 1000
# description = "Proportional gain"
#
# [tool.pybirch.settings-schema.properties.i]
# type = "number"
# minimum = 0.1
# maximum = 1000
# description = "Integral term (1000/s)"
#
# [tool.pybirch.settings-schema.properties.d]
# type = "number"
# minimum = 0
# maximum = 200
# description = "Derivative term in %"
#
# [tool.pybirch.settings-schema.properties.ramp_rate]
# type = "number"
# minimum = 0
# maximum = 100
# description = "Ramp of the setpoint in K/min, in steps of 0.1; 0 turns the ramp off"
#
# [tool.pybirch.settings-schema.properties.tolerance]
# type = "number"
# exclusiveMinimum = 0
# maximum = 100
# description = "Distance from the setpoint that counts as reached, in K"
#
# [tool.pybirch.settings-schema.properties.settle]
# type = "number"
# minimum = 0
# maximum = 86400
# description = "Time that the temperature must stay within the tolerance, in s"
#
# [tool.pybirch.settings-schema.properties.timeout]
# type = "number"
# exclusiveMinimum = 0
# maximum = 604800
# description = "Longest wait for a temperature, in s"
# ///
"""Model 335 temperature controller, Lake Shore, over GPIB or USB: one of its control loops."""

import logging
import math
import time

from pybirch.Instruments.base import VisaBaseMovementInstrument
from pyvisa.constants import Parity
from pyvisa.errors import VisaIOError
from pyvisa.resources import SerialInstrument

log = logging.getLogger(__name__)

RANGES = ("off", "low", "medium", "high")
POLL = 0.2  # s. The instrument reads its inputs ten times a second


class LakeShore335Loop(VisaBaseMovementInstrument):
    """Lake Shore 335 control loop: the position is the temperature in K.

    Output 1 regulates input A, output 2 input B. Setting the position sets the setpoint, and waits
    until the temperature has stayed near it for the settling time. The preferred unit of the input
    must be the kelvin, because the instrument reads the setpoint in that unit. Several instruments
    can use one GPIB address, but only one at a time can use the USB socket.

    Manual: "Model 335 Temperature Controller User's Manual", chapter 6, Computer Interface
    Operation.
    """

    def __init__(self, name: str = "Lake Shore 335 loop", adapter: str = "", output: int = 1):
        super().__init__(name, adapter)
        if output not in (1, 2):
            raise ValueError(f"output {output} is neither 1 nor 2")
        self.output = output
        self.input = "A" if output == 1 else "B"
        self.position_column = "temperature"
        self.position_units = "K"
        self._define_settings(
            {
                "heater_range": "off",
                "p": 50.0,
                "i": 20.0,
                "d": 0.0,
                "ramp_rate": 0.0,
                "tolerance": 0.1,
                "settle": 10.0,
                "timeout": 3600.0,
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
        """Closes the loop at the current temperature and sends every setting."""
        wanted = super().settings
        number = 1 if self.input == "A" else 2
        self.instrument.write(f"OUTMODE {self.output},1,{number},0")
        # An old setpoint would start the heater as soon as the range is set.
        self.instrument.write(f"RAMP {self.output},0,0")
        self.instrument.write(f"SETP {self.output},{self.position}")
        self.settings = wanted

    def _shutdown_impl(self):
        """Turns the heater off."""
        if self.status:
            self.instrument.write(f"RANGE {self.output},0")

    @property
    def position(self) -> float:
        """The temperature of the loop's input, in K."""
        return float(self.instrument.query(f"KRDG? {self.input}"))

    @position.setter
    def position(self, value: float):
        """Sets the temperature in K and waits for it. Raises TimeoutError if that takes too long."""
        self.instrument.write(f"SETP {self.output},{float(value)}")
        deadline = time.monotonic() + self._timeout
        arrived = None
        while arrived is None or time.monotonic() - arrived < self._settle:
            held = self.position
            now = time.monotonic()
            if abs(held - value) > self._tolerance:
                arrived = None
            elif arrived is None:
                arrived = now
            if now > deadline:
                raise TimeoutError(f"{self.name}: {held} K after {self._timeout} s, not {value} K")
            time.sleep(min(POLL, self._settle))

    @property
    def settings(self) -> dict:
        """The settings of the loop, or those to be sent if the instrument is not connected yet."""
        if self.status:
            self._keep(self._held())
        return super().settings

    @settings.setter
    def settings(self, settings: dict):
        """Sends changed settings. Raises ValueError if the instrument refuses a setting."""
        if settings.get("heater_range", "off") not in RANGES:
            raise ValueError(f"{settings['heater_range']!r} is not one of {RANGES}")
        self._keep(settings)
        if not self.status:
            return
        asked = super().settings
        held = self._held()
        if any(held[key] != asked[key] for key in ("p", "i", "d")):
            self.instrument.write(f"PID {self.output},{self._p},{self._i},{self._d}")
        if held["ramp_rate"] != self._ramp_rate:
            on = int(self._ramp_rate > 0)
            self.instrument.write(f"RAMP {self.output},{on},{self._ramp_rate}")
        if held["heater_range"] != self._heater_range:
            self.instrument.write(f"RANGE {self.output},{RANGES.index(self._heater_range)}")
        for key, value in self.settings.items():
            if not agree(value, asked[key]):
                raise ValueError(f"{self.name} has {key} = {value!r}, not {asked[key]!r}")

    def _held(self) -> dict:
        heater_range = RANGES[int(self.instrument.query(f"RANGE? {self.output}"))]
        terms = self.instrument.query(f"PID? {self.output}").split(",")
        p, i, d = (float(value) for value in terms)
        on, rate = self.instrument.query(f"RAMP? {self.output}").split(",")
        ramp_rate = float(rate) if int(on) else 0.0
        return {"heater_range": heater_range, "p": p, "i": i, "d": d, "ramp_rate": ramp_rate}

    def _keep(self, settings: dict):
        for key in super().settings.keys() & settings.keys():
            setattr(self, f"_{key}", settings[key])


def agree(held, asked) -> bool:
    """Whether a value read back equals the requested one, apart from the instrument's rounding."""
    if isinstance(held, float):
        return math.isclose(held, asked, rel_tol=0.01, abs_tol=0.05)
    return held == asked
