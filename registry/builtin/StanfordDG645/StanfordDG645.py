# /// script
# requires-python = ">=3.9"
# dependencies = ["pyvisa"]
#
# [tool.pybirch]
# display-name = "DG645 Delay Generator Edge"
# category = "Pulse and Delay Generators"
# manufacturer = "Stanford Research Systems"
# status = "operational"
#
# [tool.pybirch.settings-schema]
# type = "object"
# additionalProperties = false
#
# [tool.pybirch.settings-schema.properties.trigger]
# enum = [
#   "internal", "external rising", "external falling", "single external rising",
#   "single external falling", "single", "line",
# ]
# description = "Trigger source"
#
# [tool.pybirch.settings-schema.properties.rate]
# type = "number"
# minimum = 1e-4
# maximum = 1e7
# description = "Internal trigger rate in Hz"
#
# [tool.pybirch.settings-schema.properties.threshold]
# type = "number"
# minimum = -3.5
# maximum = 3.5
# description = "External trigger threshold in V"
#
# [tool.pybirch.settings-schema.properties.amplitude]
# type = "number"
# minimum = 0.5
# maximum = 5
# description = "Amplitude in V of the output that the edge belongs to"
#
# [tool.pybirch.settings-schema.properties.polarity]
# enum = ["negative", "positive"]
# description = "Polarity of the output that the edge belongs to"
# ///
"""DG645 digital delay generator, Stanford Research Systems, over GPIB, RS-232 or Ethernet."""

import logging
import math

from pybirch.Instruments.base import VisaBaseMovementInstrument
from pyvisa.errors import VisaIOError

log = logging.getLogger(__name__)

EDGES = ("T0", "T1", "A", "B", "C", "D", "E", "F", "G", "H")  # as DLAY numbers them
LONGEST = 2000.0  # s


def numbered(*values) -> dict:
    """Gives each choice its number in commands, counted from 0."""
    return {value: str(code) for code, value in enumerate(values)}


TRIGGERS = numbered(
    "internal",
    "external rising",
    "external falling",
    "single external rising",
    "single external falling",
    "single",
    "line",
)

# Each setting with its command, the text before its value, and its choices or type.
COMMANDS = {
    "trigger": ("TSRC", "", TRIGGERS),
    "rate": ("TRAT", "", float),
    "threshold": ("TLVL", "", float),
    "amplitude": ("LAMP", "{output}", float),
    "polarity": ("LPOL", "{output}", numbered("negative", "positive")),
}


class StanfordDG645(VisaBaseMovementInstrument):
    """Stanford Research Systems DG645, one edge: the position is its delay from T0 in s.

    The edges are A to H. A and B begin and end the pulse at the output AB, and so on. Delays go
    from 0 to 2000 s in steps of 5 ps.

    Manual: "DG645 Digital Delay Generator User Manual", chapter 3, Remote Programming.
    """

    def __init__(self, name: str = "DG645", adapter: str = "", edge: str = "A"):
        super().__init__(name, adapter)
        if edge not in EDGES[2:]:
            raise ValueError(f"edge {edge!r} is not one of {EDGES[2:]}")
        self.edge = EDGES.index(edge)
        self.output = self.edge // 2  # 0 is T0, 1 is AB, ... 4 is GH
        self.position_column = "delay"
        self.position_units = "s"
        self._define_settings(
            {
                "trigger": "internal",
                "rate": 1000.0,
                "threshold": 1.0,
                "amplitude": 2.5,
                "polarity": "positive",
            }
        )

    def _connect_impl(self) -> bool:
        """Whether the instrument identifies itself as DG645; logs the reason if it does not."""
        if self.instrument is None:
            log.error("%s: could not open %r", self.name, self.adapter)
            return False
        try:
            identity = self.instrument.query("*IDN?").strip()
        except VisaIOError as error:
            log.error("%s: no identity from %s: %s", self.name, self.adapter, error)
            return False
        if "DG645" not in identity:
            log.error("%s: %s is not a DG645: %r", self.name, self.adapter, identity)
            return False
        return True

    def _initialize_impl(self):
        """Sends every setting. A reset would move other edges."""
        self.instrument.write("*CLS")
        self.settings = super().settings

    def _shutdown_impl(self):
        """Stops internal triggers by setting a single trigger."""
        if self.status:
            self.instrument.write("TSRC 5")

    @property
    def position(self) -> float:
        """The delay from T0 in s, even if the instrument counts it from another edge."""
        total, edge = 0.0, self.edge
        while edge != 0:
            reference, delay = self.instrument.query(f"DLAY?{edge}").split(",")
            total, edge = total + float(delay), int(reference)
        return total

    @position.setter
    def position(self, value: float):
        """Sets the delay from T0 in s. Raises ValueError beyond 2000 s or if refused."""
        if not 0 <= value < LONGEST:
            raise ValueError(f"{self.name}: {value} s is not between 0 and {LONGEST} s")
        self.instrument.write(f"DLAY {self.edge},0,{value:.12f}")
        held = self.position
        if not math.isclose(held, value, abs_tol=5e-12):
            raise ValueError(f"{self.name} has {held} s, not {value} s")

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
        command, scope, kind = COMMANDS[key]
        reply = self.instrument.query(f"{command}?{scope.format(output=self.output)}")
        return decode(kind, reply)

    def _write(self, key: str, value):
        command, scope, kind = COMMANDS[key]
        output = f"{scope.format(output=self.output)}," if scope else ""
        self.instrument.write(f"{command} {output}{encode(kind, value)}")


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
