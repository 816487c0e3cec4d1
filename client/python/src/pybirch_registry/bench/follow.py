"""Works whenever something happens in the registry, until the caller stops it."""

import threading
import time
from collections.abc import Callable

from ..api import Http
from ..errors import NotEnrolledError, RegistryError
from ..events import Stream
from ..watch import GLANCE_S, pause, wait_after

LOOK_AGAIN_S = 600.0
"""After this time without an event, the bench looks whether Python or a package has changed."""


def follow(
    http: Callable[[], Http],
    work: Callable[[], None],
    on_trouble: Callable[[RegistryError, float], None],
    stop: threading.Event,
) -> None:
    """Calls `work` now and after every event, until `stop` is set. After a failure, tries again, as `watch` does.
    Raises `NotEnrolledError`.
    """
    failures = 0
    while not stop.is_set():
        try:
            with Stream(http()) as stream:
                next_at = 0.0
                while not stop.is_set():
                    if time.monotonic() >= next_at:
                        work()
                        failures = 0
                        next_at = time.monotonic() + LOOK_AGAIN_S
                    if stream.take(GLANCE_S):
                        next_at = 0.0
        except NotEnrolledError:
            raise
        except RegistryError as error:
            wait = wait_after(failures)
            failures += 1
            on_trouble(error, wait)
            pause(stop, wait)
