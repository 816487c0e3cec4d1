"""The instrument's side of a session: what a definition under test sends to and reads from.

The replay of a recording is a device, and so is a simulator. A VISA session (visa_backend.py) or a serial port
(serial_port.py) passes the traffic of a definition to a device.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol


class DeviceTimeoutError(Exception):
    """The device sends nothing (more) within the session's timeout."""


class Reading(NamedTuple):
    """Bytes that a device sent."""

    data: bytes
    ended: bool
    """Whether the message ended with the last byte, as the END line of GPIB says. A serial session ignores it."""


class Device(Protocol):
    """One instrument. Numbers of bytes are those on the wire, with terminators."""

    def write(self, data: bytes, end: bool) -> None:
        """Takes bytes from the session. `end` says that the session marks the last byte as the end of a message, as
        GPIB, USB and VXI-11 do. Serial ports and sockets do not.
        """

    def read(self, count: int, stop: int | None = None) -> Reading:
        """Gives at least one byte and at most `count` bytes, and nothing after the end of a message. If `stop` is
        given, the bytes end at the latest with the first byte of this value, so that the session needs no buffer.

        Raises `DeviceTimeoutError` if there is no byte. The session calls again for more.
        """

    def status_byte(self) -> int:
        """Answers a serial poll."""

    def clear(self) -> None:
        """Takes a device clear: the device forgets what it has not read and not sent."""

    def waiting(self) -> int:
        """Counts the bytes that can be read now. Serial ports offer this number."""


DeviceFinder = Callable[[str], Device]
"""Finds the device at a resource's name (`GPIB0::8::INSTR`, `COM3`). Raises `LookupError` if there is none."""
