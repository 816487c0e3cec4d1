"""The device that replays a recording, and judges each byte of the traffic.

It runs in the parent of the process with the definition's code, so that no definition can judge itself.
"""

from collections.abc import Sequence

from .device import DeviceTimeoutError, Reading
from .difference import Difference, compare, quote
from .recording import Entry

NOTHING = "no more traffic"


class Judge:
    """A `Device`. Raises `Difference` at the first byte, poll or read that is not recorded."""

    def __init__(self) -> None:
        self._step = ""
        self._left: list[Entry] = []
        self._sent = b""
        """What was sent of the next message, if it comes in parts."""
        self._rest = b""
        """What was not read yet of the message that is being read."""
        self._first: Difference | None = None

    def begin(self, step: str, io: Sequence[Entry]) -> None:
        """Begins a step. `step` names it in differences."""
        self._step, self._left, self._sent, self._rest = step, list(io), b"", b""

    def finish(self) -> None:
        """Ends a step. Raises `Difference` if something of the recording is left over, and the first difference of the
        step if the definition has hidden it.
        """
        if self._first is not None:
            raise self._first
        if self._sent:
            raise self._difference(self._next(), f"only sent {quote(self._sent)} of it")
        if self._rest:
            raise self._difference(f"to read all of the message, also {quote(self._rest)}", "left it unread")
        if self._left:
            raise self._difference(self._next(), f"ended without it ({len(self._left)} entries of io left over)")

    def write(self, data: bytes, end: bool) -> None:
        if self._rest:
            raise self._difference(f"to read all of the message, also {quote(self._rest)}", f"sent {quote(data)}")
        self._sent += data
        while self._sent:
            if not self._left or self._left[0].kind != "w":
                raise self._difference(self._next(), f"sent {quote(self._sent)}", self._sent, b"")
            wanted = self._left[0].data
            if end and self._sent != wanted:
                text = f"sent {quote(self._sent)}{compare(wanted, self._sent)}"
                raise self._difference(self._next(), text, self._sent, wanted)
            if self._sent.startswith(wanted):
                self._left.pop(0)
                self._sent = self._sent[len(wanted) :]
            elif wanted.startswith(self._sent):
                return  # the rest may come with the next call
            else:
                text = f"sent {quote(self._sent)}{compare(wanted, self._sent)}"
                raise self._difference(self._next(), text, self._sent, wanted)

    def read(self, count: int, stop: int | None = None) -> Reading:
        self._check_sent("read")
        if not self._rest:
            if not self._left or self._left[0].kind not in ("r", "timeout"):
                raise self._difference(self._next(), "read")
            entry = self._left.pop(0)
            if entry.kind == "timeout":
                raise DeviceTimeoutError
            self._rest = entry.data
        end = len(self._rest) if stop is None else self._rest.find(stop) + 1 or len(self._rest)
        given = self._rest[: min(count, end)]
        self._rest = self._rest[len(given) :]
        return Reading(given, not self._rest)

    def status_byte(self) -> int:
        self._check_sent("polled the status byte")
        if self._rest or not self._left or self._left[0].kind != "status":
            raise self._difference(self._next(), "polled the status byte")
        return self._left.pop(0).status

    def clear(self) -> None:
        self._check_sent("cleared the device")
        if self._rest or not self._left or self._left[0].kind != "clear":
            raise self._difference(self._next(), "cleared the device")
        self._left.pop(0)

    def waiting(self) -> int:
        count = len(self._rest)
        for entry in self._left:
            if entry.kind != "r":
                break
            count += len(entry.data)
        return count

    def _check_sent(self, did: str) -> None:
        if self._sent:
            raise self._difference(self._next(), f"only sent {quote(self._sent)} of it, then {did}")

    def _next(self) -> str:
        """What the recording says next."""
        if self._rest:
            return f"to read {quote(self._rest)}"
        if not self._left:
            return NOTHING
        entry = self._left[0]
        return {
            "w": f"to send {quote(entry.data)}",
            "r": f"to read {quote(entry.data)}",
            "timeout": "to read without an answer (a timeout)",
            "status": "to poll the status byte",
            "clear": "to clear the device",
        }[entry.kind]

    def _difference(
        self, expected: str, given: str, sent: bytes | None = None, wanted: bytes | None = None
    ) -> Difference:
        if self._first is None:
            self._first = Difference(self._step, expected, given)
            self._first.sent, self._first.wanted = sent, wanted
        return self._first
