"""Following the registry: its stream of events (Server-Sent Events), and a sync within a second of a landing."""

import json
import logging
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import urllib3

from .api import Http, not_the_registry
from .errors import AnswerError, NotEnrolledError, RegistryError, UnreachableError
from .sync import SyncReport

if TYPE_CHECKING:
    from .registry import Registry

log = logging.getLogger(__name__)

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0
SILENCE_S = 90.0
"""A stream that sends nothing for so long, heartbeats included, is taken for dead."""
SYNCED_BY = frozenset(["definition.landed", "definition.revoked", "definition.reinstated", "binding.changed"])


@dataclass(frozen=True)
class Event:
    """One message of the stream."""

    kind: str
    data: Any
    id: str | None


def watch(
    registry: "Registry",
    on_sync: Callable[[SyncReport], None],
    on_trouble: Callable[[RegistryError, float], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Syncs now, and again for every event that may concern this computer, until `stop` is set.

    `on_sync` gets each report, `on_trouble` each failure with the seconds until the next attempt. Waits double from
    half a second to a minute, each anywhere between half and all of it, so that a restarted registry is not met by
    all computers at once. Raises `NotEnrolledError`, `FolderError`.
    """
    stop = stop or threading.Event()
    last: list[str | None] = [None]
    failures = 0
    while not stop.is_set():
        try:
            for event in listen(registry.http, last[0], stop):
                failures = 0
                last[0] = event.id or last[0]
                if event.kind == "open" or event.kind in SYNCED_BY:
                    on_sync(registry.sync())
            failure: RegistryError = UnreachableError("The registry ended the stream of events")
        except NotEnrolledError:
            raise
        except (UnreachableError, AnswerError) as error:
            failure = error
        wait = wait_after(failures)
        failures += 1
        if stop.is_set():
            return
        log.info("%s; trying again in %.1f s", failure, wait)
        if on_trouble:
            on_trouble(failure, wait)
        stop.wait(wait)


def wait_after(failures: int) -> float:
    """Seconds until the next attempt."""
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**failures)
    return random.uniform(longest / 2, longest)


def listen(http: Http, last_id: str | None, stop: threading.Event) -> Iterator[Event]:
    """The events from now on, or from the one after `last_id`; first one of kind `open`, once the stream stands.

    Raises `UnreachableError`, `AnswerError`, `NotEnrolledError`; ends where the registry ends the stream.
    """
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-cache"}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    response = http.request("GET", "/api/events", headers=headers, timeout_s=SILENCE_S, stream=True)
    try:
        kind = response.headers.get("Content-Type", "").split(";")[0]
        if response.status != 200:
            raise AnswerError(f"The registry gives no events ({response.status})", response.status)
        if kind != "text/event-stream":
            raise UnreachableError(not_the_registry(http.url, kind, response.status))
        yield Event("open", None, None)
        yield from parse(_lines(response, stop))
    except urllib3.exceptions.HTTPError as error:
        raise UnreachableError(f"The stream of events was cut off: {error}") from error
    finally:
        response.close()


def _lines(response: urllib3.BaseHTTPResponse, stop: threading.Event) -> Iterator[str]:
    rest = b""
    while not stop.is_set():
        chunk = response.read1(65536)
        if not chunk:
            return
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace").removesuffix("\r") for line in whole)


def parse(lines: Iterator[str]) -> Iterator[Event]:
    """As the HTML standard's "Server-sent events" reads a stream."""
    kind, number = "message", None
    data: list[str] = []
    for line in lines:
        if line == "":
            if data:
                yield Event(kind, _json("\n".join(data)), number)
            kind, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            kind = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            number = value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
