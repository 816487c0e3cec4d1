"""Follows the registry. Syncs within a second of a landing, until the caller stops it."""

import random
import threading
import time
from collections.abc import Callable

from .connection import Connection
from .errors import NotEnrolledError, RegistryError, UnreachableError
from .events import Event, Stream
from .report import SyncReport
from .text import logger

log = logger(__name__)

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0
GLANCE_S = 0.25
"""How often `stop` is checked, in seconds."""
OF_PEOPLE = ("merge_request.", "policy.")
"""Events that change nothing on a lab computer."""

OnSync = Callable[[SyncReport], None]
OnTrouble = Callable[[RegistryError, float], None]


def watch(
    connection: Connection,
    sync: Callable[[], SyncReport],
    on_sync: OnSync,
    on_trouble: OnTrouble | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Syncs now, and after every event that may concern this computer, until `stop` is set.

    Events that arrive together cause one sync. `on_sync` is called with each report. `on_trouble` is called with each
    failure and the seconds until the next attempt. The longest wait doubles after each failure, from half a second to a
    minute. Each wait is random, between half of the longest wait and all of it, so that computers do not all return to
    a restarted registry at once. A sync that could not fetch everything is repeated after the same waits. Raises
    `NotEnrolledError`.
    """
    stop = stop or threading.Event()
    failures = 0

    def reset_failures() -> None:
        nonlocal failures
        failures = 0

    while not stop.is_set():
        try:
            with Stream(connection.http) as stream:
                _follow(sync, stream, on_sync, reset_failures, stop)
            return
        except NotEnrolledError:
            if not connection.renew():
                raise
        except RegistryError as error:
            wait = wait_after(failures)
            failures += 1
            log.info("%s; trying again in %.1f s", error, wait)
            if on_trouble:
                on_trouble(error, wait)
            pause(stop, wait)


def _follow(
    sync: Callable[[], SyncReport],
    stream: Stream,
    on_sync: OnSync,
    reset_failures: Callable[[], None],
    stop: threading.Event,
) -> None:
    """Runs until `stop` is set. Raises `UnreachableError` if the stream ends or a sync cannot reach the registry."""
    again_at: float | None = 0.0
    attempts = 0
    while not stop.is_set():
        if again_at is not None and time.monotonic() >= again_at:
            report = sync()
            on_sync(report)
            if not report.online:
                raise UnreachableError(report.warnings[0])
            reset_failures()
            attempts = attempts + 1 if report.retry else 0
            again_at = time.monotonic() + wait_after(attempts) if report.retry else None
        if any(map(concerns, stream.take(GLANCE_S))):
            again_at = 0.0


def pause(stop: threading.Event, seconds: float) -> None:
    """Waits for `stop`, but at most for `seconds`. Waits in short steps: on Windows, Ctrl+C takes effect only at the
    end of a step.
    """
    end = time.monotonic() + seconds
    while not stop.is_set() and (left := end - time.monotonic()) > 0:
        stop.wait(min(left, GLANCE_S))


def concerns(event: Event) -> bool:
    """Whether an event may change which versions this computer should have."""
    return not event.kind.startswith(OF_PEOPLE)


def wait_after(failures: int) -> float:
    """How many seconds to wait until the next attempt."""
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures, 10))
    return random.uniform(longest / 2, longest)
