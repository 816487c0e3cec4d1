# /// script
# requires-python = ">=3.9"
# dependencies = []
#
# [tool.pybirch]
# display-name = "Simulated Stage Axis"
# category = "Motion Controllers"
# manufacturer = "Simulated"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.lower_limit]
# type = "number"
# minimum = -100
# maximum = 100
# description = "Lower travel limit in mm"
#
# [tool.pybirch.settings-schema.properties.upper_limit]
# type = "number"
# minimum = -100
# maximum = 100
# description = "Upper travel limit in mm"
#
# [tool.pybirch.settings-schema.properties.speed]
# type = "number"
# exclusiveMinimum = 0
# maximum = 10000
# description = "Speed in mm/s"
#
# [tool.pybirch.settings-schema.properties.backlash]
# type = "number"
# minimum = 0
# maximum = 1
# description = "Play between screw and table in mm"
#
# [tool.pybirch.settings-schema.properties.approach_from_below]
# type = "boolean"
# description = "Reach every position from below, so that backlash has no effect"
#
# [tool.pybirch.settings-schema.properties.timeout]
# type = "number"
# exclusiveMinimum = 0
# maximum = 3600
# description = "Longest wait for a motion, in s"
# ///
"""A three-axis stage without hardware, for trying scans and for tests."""

import threading
import time

from pybirch.Instruments.base import FakeMovementInstrument

AXES = ("x", "y", "z")


class SimulatedAxis:
    """A screw that turns in real time, and a table that it moves with some backlash."""

    def __init__(self):
        self.settings = {}
        self._lock = threading.Lock()
        self._begin = self._end = self._table = 0.0
        self._since = time.monotonic()

    def turn(self, target: float):
        """Starts turning the screw from its current position to a target in mm."""
        with self._lock:
            self._follow()
            self._begin, self._end, self._since = self._screw(), target, time.monotonic()

    def stop(self):
        """Stops the screw where it is."""
        with self._lock:
            self._follow()
            self._begin = self._end = self._screw()

    def moving(self) -> bool:
        """Whether the screw is turning."""
        with self._lock:
            return self._screw() != self._end

    def position(self) -> float:
        """The position of the table, in mm."""
        with self._lock:
            self._follow()
            return self._table

    def _screw(self) -> float:
        distance = abs(self._end - self._begin)
        way = self.settings["speed"] * (time.monotonic() - self._since)
        if way >= distance:
            return self._end
        return self._begin + (way if self._end > self._begin else -way)

    def _follow(self):
        """Moves the table if the screw is more than half the backlash away from it."""
        screw, half = self._screw(), self.settings["backlash"] / 2
        self._table = min(max(self._table, screw - half), screw + half)


class SimulatedController:
    """A controller of three axes, shared by all callers."""

    def __init__(self):
        self.axes = {axis: SimulatedAxis() for axis in AXES}


# The only simulated stage in this process. Each axis of the stage is an instrument of its own.
CONTROLLER = SimulatedController()


class SimulatedStageAxis(FakeMovementInstrument):
    """One axis (x, y or z) of a simulated three-axis stage: the position of its table in mm.

    All instruments share one controller, which keeps the position and settings of each axis. So two
    instruments for the same axis see the same table. A motion takes distance / speed, and setting
    the position waits for it. With backlash, the table stops short of the requested position.
    """

    def __init__(self, name: str = "Simulated stage axis", wait: float = 0.0, axis: str = "x"):
        super().__init__(name, wait)
        if axis not in AXES:
            raise ValueError(f"axis {axis!r} is not one of {AXES}")
        self.axis = axis
        self.controller = CONTROLLER
        self.position_column = "position"
        self.position_units = "mm"
        self._define_settings(
            {
                "lower_limit": -25.0,
                "upper_limit": 25.0,
                "speed": 50.0,
                "backlash": 0.0,
                "approach_from_below": False,
                "timeout": 60.0,
            }
        )
        self._shared = self.controller.axes[axis]
        if not self._shared.settings:
            self._shared.settings.update(super().settings)

    def _initialize_impl(self):
        """Moves the axis to zero."""
        self.position = 0.0

    def _shutdown_impl(self):
        """Stops the axis."""
        self._shared.stop()

    @property
    def position(self) -> float:
        """The position of the table, in mm."""
        self._delay()
        return self._shared.position()

    @position.setter
    def position(self, value: float):
        """Moves to a position in mm and waits until the motion is done.

        Raises ValueError beyond the travel limits, TimeoutError if the motion takes too long.
        """
        self._delay()
        held = self.settings
        if not held["lower_limit"] <= value <= held["upper_limit"]:
            limits = f"{held['lower_limit']} and {held['upper_limit']} mm"
            raise ValueError(f"{self.name}: {value} mm is not between {limits}")
        if held["approach_from_below"]:
            # The screw ends half the backlash above the position, so the table stops exactly there.
            self._turn(value - held["backlash"] / 2)
            self._turn(value + held["backlash"] / 2)
        else:
            self._turn(value)

    def _turn(self, target: float):
        self._shared.turn(target)
        deadline = time.monotonic() + self.settings["timeout"]
        while self._shared.moving():
            if time.monotonic() > deadline:
                self._shared.stop()
                raise TimeoutError(f"{self.name}: still moving after its timeout, stopped")
            time.sleep(0.001)

    @property
    def settings(self) -> dict:
        """The settings of the axis, which the controller keeps."""
        return dict(self._shared.settings)

    @settings.setter
    def settings(self, settings: dict):
        held = self._shared.settings
        held.update({key: value for key, value in settings.items() if key in held})
