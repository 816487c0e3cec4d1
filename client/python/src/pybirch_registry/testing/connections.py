"""Puts devices in the place of instruments: for PyVISA and pyserial, as far as they are installed."""

import contextlib
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from .device import DeviceFinder


@contextlib.contextmanager
def devices(find: DeviceFinder, names: Sequence[str] = ()) -> Iterator[None]:
    """Within this context, VISA resources and serial ports open the devices that `find` returns, and no others.

    `names` are the VISA resources that a program can list.
    """
    with contextlib.ExitStack() as stack:
        if find_spec("pyvisa"):
            from .visa_backend import visa_devices

            stack.enter_context(visa_devices(find, names))
        if find_spec("serial"):
            from .serial_port import serial_devices

            stack.enter_context(serial_devices(find))
        yield
