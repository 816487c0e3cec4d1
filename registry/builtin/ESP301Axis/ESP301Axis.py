# /// script
# requires-python = ">=3.9"
# dependencies = ["pyvisa"]
#
# [tool.pybirch]
# display-name = "ESP301 Stage Axis"
# category = "Motion Controllers"
# manufacturer = "Newport"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.velocity]
# type = "number"
# exclusiveMinimum = 0
# maximum = 100
# description = "Velocity in mm/s; the stage's own maximum may be lower"
#
# [tool.pybirch.settings-schema.properties.acceleration]
# type = "number"
# exclusiveMinimum = 0
# maximum = 1000
# description = "Acceleration in mm/s^2; the stage's own maximum may be lower"
#
# [tool.pybirch.settings-schema.properties.deceleration]
# type = "number"
# exclusiveMinimum = 0
# maximum = 1000
# description = "Deceleration in mm/s^2"
#
# [tool.pybirch.settings-schema.properties.lower_limit]
# type = "number"
# minimum = -1000
# maximum = 1000
# description = "Lower travel limit in mm"
#
# [tool.pybirch.settings-schema.properties.upper_limit]
# type = "number"
# minimum = -1000
# maximum = 1000
# description = "Upper travel limit in mm"
#
# [tool.pybirch.settings-schema.properties.home]
# type = "boolean"
# description = "Search the home switch when initialised (the stage moves)"
#
# [tool.pybirch.settings-schema.properties.timeout]
# type = "number"
# exclusiveMinimum = 0
# maximum = 3600
# description = "Longest wait for a motion, in s"
# ///
"""ESP301 three-axis motion controller, Newport, over GPIB, USB or RS-232: one of its axes."""

import logging
import math
import threading
import time
import weakref

import pyvisa
from pybirch.Instruments.base import VisaBaseMovementInstrument
from pyvisa.constants import ControlFlow
from pyvisa.errors import VisaIOError
from pyvisa.resources import SerialInstrument

log = logging.getLogger(__name__)

# Each setting with its command.
COMMANDS = {
    "velocity": "VA",
    "acceleration": "AC",
    "deceleration": "AG",
    "lower_limit": "SL",
    "upper_limit": "SR",
}


class Controller:
    """The connection to one ESP301. The axes share the connection and take turns."""

    def __init__(self, resource):
        self._resource = resource
        self._lock = threading.Lock()
        resource.read_termination = "\r\n"
        resource.write_termination = "\r"
        if isinstance(resource, SerialInstrument):
            resource.baud_rate = 921600
            resource.flow_control = ControlFlow.rts_cts

    def write(self, command: str):
        with self._lock:
            self._resource.write(command)

    def query(self, command: str) -> str:
        with self._lock:
            return self._resource.query(command).strip()


_controllers = weakref.WeakValueDictionary()
_opening = threading.Lock()


def shared_controller(adapter: str) -> Controller:
    """The controller at a VISA address. The connection closes when no axis uses it."""
    with _opening:
        controller = _controllers.get(adapter)
        if controller is None:
            controller = Controller(pyvisa.ResourceManager().open_resource(adapter))
            _controllers[adapter] = controller
        return controller


class ESP301Axis(VisaBaseMovementInstrument):
    """Newport ESP301, one axis (1 to 3): the position in mm.

    Axes at the same address share one connection. Setting the position waits for the motion. The
    shutdown stops the axis and leaves its motor on, so that a vertical stage does not drop.

    Manual: "ESP301 Integrated 3-Axis Motion Controller/Driver User's Manual", section 3, Remote
    Mode.
    """

    def __init__(self, name: str = "ESP301 axis", adapter: str = "", axis: int = 1):
        super().__init__(name, adapter, shared_controller)
        if axis not in (1, 2, 3):
            raise ValueError(f"axis {axis} is not one of 1, 2, 3")
        self.axis = axis
        self.position_column = "position"
        self.position_units = "mm"
        self._define_settings(
            {
                "velocity": 1.0,
                "acceleration": 4.0,
                "deceleration": 4.0,
                "lower_limit": -12.5,
                "upper_limit": 12.5,
                "home": False,
                "timeout": 60.0,
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument identifies itself as ESP301; logs the reason if it does not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        try:
            identity = self.instrument.query("*IDN?").strip()
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if "ESP301" not in identity:
            log.error("%s: %s is not an ESP301: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Turns the motor on, sets millimetres and every setting, and homes if `home` is set."""
        wanted = super().settings
        self._command("MO")
        self._command("SN2")
        self.settings = wanted
        if self._home:
            self._command("OR")
            self._wait()

    def _shutdown_impl(self):
        """Stops the axis."""
        if self.status:
            self._command("ST")

    @property
    def position(self) -> float:
        """The position of the encoder, in mm."""
        return float(self._ask("TP"))

    @position.setter
    def position(self, value: float):
        """Moves to a position in mm and waits until the motion is done.

        Raises TimeoutError if the motion takes too long, RuntimeError if the controller reports an
        error, such as a position beyond its limits.
        """
        self._command(f"PA{float(value)}")
        self._check_errors()
        self._wait()

    def _wait(self):
        deadline = time.monotonic() + self._timeout
        while self._ask("MD?") != "1":
            if time.monotonic() > deadline:
                self._command("ST")
                raise TimeoutError(f"{self.name}: still moving after {self._timeout} s, stopped")
            time.sleep(0.02)
        self._check_errors()

    def _check_errors(self):
        code, _, message = self.instrument.query("TB?").split(",", 2)
        if int(code) != 0:
            raise RuntimeError(f"{self.name}: error {code}: {message.strip()}")

    def _command(self, command: str):
        self.instrument.write(f"{self.axis}{command}")

    def _ask(self, command: str) -> str:
        return self.instrument.query(f"{self.axis}{command}")

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

    def _read(self, key: str) -> float:
        return float(self._ask(f"{COMMANDS[key]}?"))

    def _write(self, key: str, value: float):
        self._command(f"{COMMANDS[key]}{float(value)}")


def agree(held: float, asked: float) -> bool:
    """Whether a value read back equals the requested one, apart from the controller's rounding."""
    return math.isclose(held, asked, rel_tol=0.01, abs_tol=1e-6)
