"""Devices that answer from tests and logs that lack something that a recording has: terminators, or the order."""

from collections.abc import Sequence

from ..device import Device, DeviceTimeoutError, Reading
from ..difference import Difference, quote
from ..traffic import Traffic

Message = tuple[str, bytes]
"""`w` or `r`, and the bytes."""
LONGEST_END = 3
"""The longest terminator. Terminators are control characters, such as CR, LF, ETX."""


class MessageScript:
    """A device with messages whose terminators are not known. Accepts every terminator of a write."""

    def __init__(self, messages: Sequence[Message], reply_end: bytes) -> None:
        """`reply_end` is what is tried as the terminator of replies."""
        self._left = list(messages)
        self._end = reply_end
        self._sent = b""
        self._rest = b""
        self.write_end = b""
        """The terminator of the last message that was sent."""

    def write(self, data: bytes, end: bool) -> None:
        self._sent += data
        kind, wanted = self._left[0] if self._left else ("", b"")
        if kind != "w" or self._rest:
            raise Difference("import", "other traffic", f"sent {quote(self._sent)}")
        after = self._sent[len(wanted) :]
        if self._sent.startswith(wanted) and len(after) <= LONGEST_END and all(byte < 32 for byte in after):
            self._left.pop(0)
            self.write_end = after
            self._sent = b""
        elif not wanted.startswith(self._sent):
            raise Difference("import", f"to send {quote(wanted)}", f"sent {quote(self._sent)}")

    def read(self, count: int, stop: int | None = None) -> Reading:
        if not self._rest:
            if not self._left or self._left[0][0] != "r":
                raise DeviceTimeoutError
            self._rest = self._left.pop(0)[1] + self._end
            if not self._rest:
                raise DeviceTimeoutError
        given = _cut(self._rest, count, stop)
        self._rest = self._rest[len(given) :]
        return Reading(given, not self._rest)

    def status_byte(self) -> int:
        raise Difference("import", "other traffic", "polled the status byte")

    def clear(self) -> None:
        """Does nothing: tests and logs do not tell of a device clear."""

    def waiting(self) -> int:
        return len(self._rest) or (len(self._left[0][1] + self._end) if self._left and self._left[0][0] == "r" else 0)

    def finish(self) -> None:
        """Raises `Difference` if messages are left over."""
        if self._left or self._sent:
            raise Difference("import", "all traffic", f"{len(self._left)} messages are left over")


class StreamScript:
    """A device with all bytes that are sent, and all that are read, in no order between the two."""

    def __init__(self, sent: bytes, read: bytes) -> None:
        self._sent, self._read = sent, read

    def write(self, data: bytes, end: bool) -> None:
        if not self._sent.startswith(data):
            raise Difference("import", f"to send {quote(self._sent[: len(data)])}", f"sent {quote(data)}")
        self._sent = self._sent[len(data) :]

    def read(self, count: int, stop: int | None = None) -> Reading:
        given = _cut(self._read, count, stop)
        if not given:
            raise DeviceTimeoutError
        self._read = self._read[len(given) :]
        return Reading(given, not self._read)

    def status_byte(self) -> int:
        raise Difference("import", "other traffic", "polled the status byte")

    def clear(self) -> None:
        """Does nothing: tests and logs do not tell of a device clear."""

    def waiting(self) -> int:
        return len(self._read)

    def finish(self) -> None:
        """Raises `Difference` if bytes are left over."""
        if self._sent or self._read:
            raise Difference("import", "all traffic", f"{len(self._sent)} and {len(self._read)} bytes are left over")


def _cut(data: bytes, count: int, stop: int | None) -> bytes:
    end = len(data) if stop is None else data.find(stop) + 1 or len(data)
    return data[: min(count, end)]


class Tee:
    """A device whose traffic is recorded."""

    def __init__(self, device: Device, traffic: Traffic) -> None:
        self._device, self._traffic = device, traffic

    def write(self, data: bytes, end: bool) -> None:
        self._device.write(data, end)
        self._traffic.sent(data)

    def read(self, count: int, stop: int | None = None) -> Reading:
        try:
            found = self._device.read(count, stop)
        except DeviceTimeoutError:
            self._traffic.timed_out()
            raise
        self._traffic.received(found.data, found.ended)
        return found

    def status_byte(self) -> int:
        found = self._device.status_byte()
        self._traffic.polled(found)
        return found

    def clear(self) -> None:
        self._device.clear()
        self._traffic.cleared()

    def waiting(self) -> int:
        return self._device.waiting()
