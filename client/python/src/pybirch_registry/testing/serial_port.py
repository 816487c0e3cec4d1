"""A stand-in for `serial.Serial` that passes reads and writes to a `Device`. pyserial itself does `readline` and the
rest.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import serial
from serial.serialutil import PortNotOpenError, SerialBase, SerialException

from . import clock
from .device import Device, DeviceFinder, DeviceTimeoutError
from .patching import replaced


@contextlib.contextmanager
def serial_devices(find: DeviceFinder) -> Iterator[None]:
    """Makes pyserial open these devices and no others."""

    class Serial(DevicePort):
        finder = staticmethod(find)

    def serial_for_url(url: str, *args: Any, do_not_open: bool = False, **options: Any) -> Serial:
        port = Serial(None, *args, **options)
        port.port = url
        if not do_not_open:
            port.open()
        return port

    with replaced(serial, Serial=Serial, serial_for_url=serial_for_url):
        yield


class DevicePort(SerialBase):  # type: ignore[misc]  # pyserial has no types
    """A serial port at which a device answers."""

    finder: DeviceFinder
    is_open: bool

    def open(self) -> None:
        if self.port is None:
            raise SerialException("Port must be configured before it can be used.")
        if self.is_open:
            raise SerialException("Port is already open.")
        try:
            self._device: Device = self.finder(self.port)
        except LookupError as error:
            raise SerialException(f"could not open port {self.port}") from error
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def read(self, size: int = 1) -> bytes:
        """Reads `size` bytes, or fewer if the device sends no more within the timeout."""
        device = self._opened()
        found = b""
        while len(found) < size:
            if self._timeout == 0 and device.waiting() == 0:
                break
            try:
                found += device.read(size - len(found)).data
            except DeviceTimeoutError:
                clock.advance(self._timeout or 0.0)
                break
        return found

    def write(self, data: Any) -> int:
        content = serial.to_bytes(data)
        self._opened().write(content, end=False)
        return len(content)

    @property
    def in_waiting(self) -> int:
        return self._opened().waiting()

    @property
    def out_waiting(self) -> int:
        return 0

    def _opened(self) -> Device:
        if not self.is_open:
            raise PortNotOpenError()
        return self._device

    def _nothing(self, *_args: Any, **_options: Any) -> None:
        """Does nothing: these calls carry no bytes."""

    flush = reset_input_buffer = reset_output_buffer = cancel_read = cancel_write = send_break = _nothing
    _reconfigure_port = _update_rts_state = _update_dtr_state = _update_break_state = _nothing
    cts = dsr = ri = cd = True
