"""Reads the registry's stream of events (Server-Sent Events) in a thread of its own."""

import contextlib
import json
import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import urllib3

from .api import Http, decode, describe, describe_stranger
from .errors import UnreachableError
from .wire import EVENT_BYTES, Bounds

SILENCE_S = 90.0
"""The longest time without any data on an event stream, in seconds. After a longer silence, the client assumes that the
stream is broken: the registry sends heartbeats.
"""

END_S = 2.0


@dataclass(frozen=True)
class Event:
    """A message of the stream."""

    kind: str
    data: Any


class Stream:
    """The registry's stream of events. The constructor opens the stream, and raises `UnreachableError`,
    `AnswerError`, `NotEnrolledError`.
    """

    def __init__(self, http: Http) -> None:
        self._url = http.url
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-cache"}
        self._bounds = Bounds(most_bytes=EVENT_BYTES, silence_s=SILENCE_S, is_endless=True)
        self._response = http.request("GET", "/api/events", headers=headers, bounds=self._bounds)
        kind = self._response.headers.get("Content-Type", "").split(";")[0]
        if self._response.status != 200 or kind != "text/event-stream":
            try:
                decode(self._response, http.url)
                raise UnreachableError(describe_stranger(http.url, kind, self._response.status))
            finally:
                self._response.close()
        self._arrived: queue.SimpleQueue[Event | UnreachableError] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, name="pybirch-events", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> list[Event]:
        """Returns the events that have arrived. Waits up to `timeout_s` for the first event. Raises
        `UnreachableError` at the end of the stream.
        """
        found: list[Event] = []
        try:
            while True:
                one = self._arrived.get(timeout=0 if found else timeout_s)
                if isinstance(one, UnreachableError):
                    self._arrived.put(one)
                    if found:
                        return found
                    raise one
                found.append(one)
        except queue.Empty:
            return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Closes the stream and ends its thread, which may be waiting for data. On Windows, closing does not wake the
        thread: it ends at the next event or heartbeat.
        """
        with contextlib.suppress(ValueError, RuntimeError, OSError):  # the stream may have ended already
            self._response.shutdown()
        self._thread.join(END_S)
        if not self._thread.is_alive():  # `close` waits for the reading thread
            self._response.close()

    def _read(self) -> None:
        try:
            for event in parse(self._lines()):
                self._arrived.put(event)
            self._arrived.put(UnreachableError("The registry ended the stream of events"))
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            self._arrived.put(UnreachableError(describe(self._url, error)))

    def _lines(self) -> Iterator[str]:
        """The lines of the stream. After each event, the limit for the number of bytes starts again."""
        rest = b""
        while chunk := self._response.read1(65536):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                if line in (b"", b"\r") and self._bounds.meter is not None:
                    self._bounds.meter.refill()
                yield line.decode(errors="replace").removesuffix("\r")


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """Parses a stream as the HTML standard describes under "Server-sent events". Ids of events are ignored,
    because they are not needed.
    """
    kind = "message"
    data: list[str] = []
    for line in lines:
        if line == "":
            if data:
                yield Event(kind, _json("\n".join(data)))
            kind, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            kind = value
        elif field == "data":
            data.append(value)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
