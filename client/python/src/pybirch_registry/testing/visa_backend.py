"""A library for PyVISA that passes reads and writes to a `Device`. PyVISA itself does the rest: terminators, binary
blocks, queries, timeouts.

The rules about the end of a read are those of the VISA specification (VPP-4.3, 6.1).
"""

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from pyvisa import attributes, constants, highlevel, rname
from pyvisa.constants import InterfaceType, ResourceAttribute, SerialTermination, StatusCode
from pyvisa.util import LibraryPath

from . import clock
from .device import Device, DeviceFinder, DeviceTimeoutError
from .patching import replaced

STREAMS = ((InterfaceType.asrl, "INSTR"), (InterfaceType.tcpip, "SOCKET"))
"""The kinds of sessions that carry bytes without marking the end of a message."""
KINDS = (
    *STREAMS,
    (InterfaceType.gpib, "INSTR"),
    (InterfaceType.usb, "INSTR"),
    (InterfaceType.tcpip, "INSTR"),
)

_numbers = itertools.count(1)


class Session:
    """An open session with a device: the attributes of VISA, reads and writes."""

    def __init__(self, device: Device, parsed: rname.ResourceName, manager: int) -> None:
        self.device = device
        self.kind = (parsed.interface_type_const, parsed.resource_class)
        self._values: dict[int, Any] = {
            ResourceAttribute.resource_manager_session: manager,
            ResourceAttribute.resource_name: str(parsed),
            ResourceAttribute.resource_class: parsed.resource_class,
            ResourceAttribute.interface_type: parsed.interface_type_const,
        }

    def get(self, attribute: int) -> tuple[Any, StatusCode]:
        known = attributes.AttributesByID.get(attribute)
        if known is None or not known.in_resource(self.kind):
            return 0, StatusCode.error_nonsupported_attribute
        if attribute == constants.VI_ATTR_ASRL_AVAIL_NUM:
            return self.device.waiting(), StatusCode.success
        return self._values.get(attribute, known.default), StatusCode.success

    def set(self, attribute: int, value: Any) -> StatusCode:
        known = attributes.AttributesByID.get(attribute)
        if known is None or not known.in_resource(self.kind):
            return StatusCode.error_nonsupported_attribute
        if not known.write:
            return StatusCode.error_attribute_read_only
        self._values[attribute] = value
        return StatusCode.success

    def write(self, data: bytes) -> None:
        is_serial = self.kind[0] == InterfaceType.asrl
        ends = bool(self.get(ResourceAttribute.send_end_enabled)[0])
        if is_serial and ends and self.get(ResourceAttribute.asrl_end_out)[0] == SerialTermination.termination_char:
            data += bytes([self.get(ResourceAttribute.termchar)[0]])
        self.device.write(data, ends and self.kind not in STREAMS)

    def read(self, count: int) -> tuple[bytes, StatusCode]:
        """Reads until the message ends, a termination character came, or `count` bytes are there."""
        is_serial = self.kind[0] == InterfaceType.asrl
        ends_by_char = is_serial and self.get(ResourceAttribute.asrl_end_in)[0] == SerialTermination.termination_char
        suppresses_end = bool(self.get(ResourceAttribute.suppress_end_enabled)[0])
        is_char_on = bool(self.get(ResourceAttribute.termchar_enabled)[0])
        stop = self.get(ResourceAttribute.termchar)[0] if is_char_on or ends_by_char else None
        found = b""
        while True:
            try:
                data, ended = self.device.read(count - len(found), stop)
            except DeviceTimeoutError:
                clock.advance(self._timeout_s())
                return found, StatusCode.error_timeout
            found += data
            if ended and not is_serial and not suppresses_end:
                return found, StatusCode.success
            if stop is not None and found[-1:] == bytes([stop]):
                is_end = ends_by_char and not suppresses_end
                return found, StatusCode.success if is_end else StatusCode.success_termination_character_read
            if len(found) >= count:
                return found, StatusCode.success_max_count_read

    def _timeout_s(self) -> float:
        timeout = int(self.get(ResourceAttribute.timeout_value)[0])
        return 0.0 if timeout == constants.VI_TMO_INFINITE else timeout / 1000


class DeviceLibrary(highlevel.VisaLibraryBase):
    """The VISA library. `find` and `names` are set by `visa_devices`."""

    find: DeviceFinder
    names: Sequence[str]

    def _init(self) -> None:
        self._sessions: dict[int, Session] = {}

    @staticmethod
    def get_library_paths() -> tuple[LibraryPath, ...]:
        return (LibraryPath("devices"),)

    def open_default_resource_manager(self) -> Any:
        return next(_numbers), self.handle_return_value(None, StatusCode.success)

    def open(self, session: Any, resource_name: str, access_mode: Any = None, open_timeout: Any = None) -> Any:
        try:
            parsed = rname.parse_resource_name(resource_name)
        except rname.InvalidResourceName:
            return 0, self.handle_return_value(session, StatusCode.error_invalid_resource_name)
        if (parsed.interface_type_const, parsed.resource_class) not in KINDS:
            return 0, self.handle_return_value(session, StatusCode.error_resource_not_found)
        try:
            device = self.find(str(parsed))
        except LookupError:
            return 0, self.handle_return_value(session, StatusCode.error_resource_not_found)
        number: Any = next(_numbers)
        self._sessions[number] = Session(device, parsed, session)
        return number, self.handle_return_value(number, StatusCode.success)

    def close(self, session: Any) -> StatusCode:
        self._sessions.pop(session, None)
        return self.handle_return_value(None, StatusCode.success)

    def list_resources(self, session: Any, query: str = "?*::INSTR") -> tuple[str, ...]:
        return tuple(rname.filter(self.names, query))

    def read(self, session: Any, count: int) -> tuple[bytes, StatusCode]:
        data, status = self._at(session).read(count)
        return data, self.handle_return_value(session, status)

    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        self._at(session).write(bytes(data))
        return len(data), self.handle_return_value(session, StatusCode.success)

    def read_stb(self, session: Any) -> tuple[int, StatusCode]:
        return self._at(session).device.status_byte(), self.handle_return_value(session, StatusCode.success)

    def clear(self, session: Any) -> StatusCode:
        self._at(session).device.clear()
        return self.handle_return_value(session, StatusCode.success)

    def get_attribute(self, session: Any, attribute: Any) -> tuple[Any, StatusCode]:
        value, status = self._at(session).get(attribute)
        return value, self.handle_return_value(session, status)

    def set_attribute(self, session: Any, attribute: Any, attribute_state: Any) -> StatusCode:
        return self.handle_return_value(session, self._at(session).set(attribute, attribute_state))

    def wait_on_event(self, session: Any, in_event_type: Any, timeout: int) -> Any:
        """Reports the event at once. The recorded status byte then says what has happened."""
        return in_event_type, 0, self.handle_return_value(session, StatusCode.success)

    def assert_trigger(self, session: Any, protocol: Any) -> StatusCode:
        return self.handle_return_value(session, StatusCode.error_nonsupported_operation)

    def _done(self, session: Any, *_args: Any, **_options: Any) -> Any:
        """Does nothing: these calls carry no traffic."""
        return self.handle_return_value(session, StatusCode.success)

    enable_event = disable_event = discard_events = _done
    flush = gpib_control_ren = gpib_send_ifc = lock = unlock = _done

    def _at(self, session: Any) -> Session:
        found = self._sessions.get(session)
        if found is None:
            self.handle_return_value(None, StatusCode.error_invalid_object)
            raise AssertionError  # handle_return_value raises for this status
        return found


@contextlib.contextmanager
def visa_devices(find: DeviceFinder, names: Sequence[str] = ()) -> Iterator[None]:
    """Makes PyVISA open these devices and no others, whatever library a program asks for.

    `names` are the resources that a program can list.
    """
    path = LibraryPath(f"devices-{next(_numbers)}")
    library = DeviceLibrary(path)
    library.find, library.names = find, names
    try:
        with replaced(highlevel, open_visa_library=lambda specification="": library):
            yield
    finally:
        if library.resource_manager is not None:
            library.resource_manager.close()
        highlevel.VisaLibraryBase._registry.pop((DeviceLibrary, path), None)
