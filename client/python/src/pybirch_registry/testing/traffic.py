"""The traffic of a real session, as it is recorded: the sessions of PyVISA and pyserial tell it here."""

import contextlib
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from .patching import replaced
from .recording import Entry, Kind

DEEPEST = 3
"""How deep an instrument's attributes are searched for sessions."""


class Traffic:
    """Collects what is sent and read."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._is_open = False
        """Whether the last message that was read may go on."""
        self.in_visa = False
        """Whether a VISA session reads or writes at the moment. Some VISA libraries use pyserial."""

    def take(self) -> tuple[Entry, ...]:
        """The entries since the last call."""
        found, self._entries, self._is_open = tuple(self._entries), [], False
        return found

    def sent(self, data: bytes) -> None:
        self._add("w", data)

    def received(self, data: bytes, ended: bool) -> None:
        """`ended` says that the message ended, so that the next read begins another one."""
        if not data:
            return
        if self._is_open and self._entries and self._entries[-1].kind == "r":
            self._entries[-1] = Entry("r", self._entries[-1].data + data)
        else:
            self._entries.append(Entry("r", data))
        self._is_open = not ended

    def timed_out(self) -> None:
        self._add("timeout")

    def polled(self, status: int) -> None:
        self._add("status", status=status)

    def cleared(self) -> None:
        self._add("clear")

    def _add(self, kind: Kind, data: bytes = b"", status: int = 0) -> None:
        self._entries.append(Entry(kind, data, status))
        self._is_open = False


class WatchedLibrary:
    """A VISA library whose reads and writes are recorded. Everything else goes to the real library."""

    def __init__(self, library: Any, traffic: Traffic) -> None:
        self._library, self._traffic = library, traffic

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        """Records a timeout."""
        from pyvisa.constants import StatusCode
        from pyvisa.errors import VisaIOError

        self._traffic.in_visa = True
        try:
            yield
        except VisaIOError as error:
            if error.error_code == StatusCode.error_timeout:
                self._traffic.timed_out()
            raise
        finally:
            self._traffic.in_visa = False

    def read(self, session: Any, count: int) -> Any:
        from pyvisa.constants import StatusCode

        with self._inside():
            data, status = self._library.read(session, count)
        self._traffic.received(bytes(data), status != StatusCode.success_max_count_read)
        return data, status

    def write(self, session: Any, data: bytes) -> Any:
        with self._inside():
            result = self._library.write(session, data)
        self._traffic.sent(bytes(data))
        return result

    def read_stb(self, session: Any) -> Any:
        with self._inside():
            status, code = self._library.read_stb(session)
        self._traffic.polled(int(status) & 0xFF)
        return status, code

    def clear(self, session: Any) -> Any:
        with self._inside():
            result = self._library.clear(session)
        self._traffic.cleared()
        return result


@contextlib.contextmanager
def watched(traffic: Traffic, instrument: Any = None) -> Iterator[None]:
    """Records the sessions that are opened within this context, and those that `instrument` holds already."""
    changed = []
    with contextlib.ExitStack() as stack:
        for resource in _resources(instrument):
            changed.append(resource)
            resource.visalib = WatchedLibrary(resource.visalib, traffic)
        if find_spec("pyvisa"):
            stack.enter_context(_watched_visa(traffic, changed))
        if find_spec("serial"):
            stack.enter_context(_watched_serial(traffic))
        try:
            yield
        finally:
            for resource in changed:
                resource.visalib = resource.visalib._library


@contextlib.contextmanager
def _watched_visa(traffic: Traffic, changed: list[Any]) -> Iterator[None]:
    from pyvisa import ResourceManager

    real = ResourceManager.open_resource

    def open_resource(self: Any, *args: Any, **options: Any) -> Any:
        resource: Any = real(self, *args, **options)
        if not isinstance(resource.visalib, WatchedLibrary):
            resource.visalib = WatchedLibrary(resource.visalib, traffic)
            changed.append(resource)
        return resource

    with replaced(ResourceManager, open_resource=open_resource):
        yield


@contextlib.contextmanager
def _watched_serial(traffic: Traffic) -> Iterator[None]:
    from serial import Serial

    real_read, real_write = Serial.read, Serial.write

    def read(self: Any, size: int = 1) -> bytes:
        data: bytes = real_read(self, size)
        if not traffic.in_visa:
            traffic.received(data, ended=False)
            if len(data) < size and self.timeout != 0:
                traffic.timed_out()
        return data

    def write(self: Any, data: Any) -> Any:
        result = real_write(self, data)
        if not traffic.in_visa:
            traffic.sent(bytes(data))
        return result

    with replaced(Serial, read=read, write=write):
        yield


def _resources(instrument: Any, depth: int = 0) -> list[Any]:
    """The open VISA resources among an object's attributes."""
    if instrument is None or depth > DEEPEST:
        return []
    if hasattr(type(instrument), "write_raw") and hasattr(instrument, "visalib"):
        return [instrument]
    inside = list(getattr(instrument, "__dict__", {}).values())
    found: list[Any] = []
    for value in inside:
        if not isinstance(value, (str, bytes, int, float, type)):
            found += [one for one in _resources(value, depth + 1) if not any(one is other for other in found)]
    return found
