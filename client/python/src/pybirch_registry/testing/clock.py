"""A clock that does not wait: `time.sleep` moves it on at once. So a test of a measurement that takes minutes takes
milliseconds, and a deadline still passes.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from .patching import replaced

_ahead_s: list[float] = []
"""How far the clock is ahead of the real one, if it runs."""


def advance(seconds: float) -> None:
    """Moves the clock on, as the wait for a timeout does. Does nothing if the clock does not run."""
    if _ahead_s:
        _ahead_s[0] += max(seconds, 0.0)


def _shifted(read: Callable[[], float]) -> Callable[[], float]:
    return lambda: read() + _ahead_s[0]


def _shifted_ns(read: Callable[[], int]) -> Callable[[], int]:
    return lambda: read() + int(_ahead_s[0] * 1e9)


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    advance(seconds)


@contextlib.contextmanager
def running() -> Iterator[None]:
    """Replaces the functions of `time`. Code that has imported them by name before keeps the real ones."""
    if _ahead_s:
        yield
        return
    _ahead_s.append(0.0)
    names = ("time", "monotonic", "perf_counter")
    functions: dict[str, Any] = {name: _shifted(getattr(time, name)) for name in names}
    functions |= {f"{name}_ns": _shifted_ns(getattr(time, f"{name}_ns")) for name in names}
    try:
        with replaced(time, sleep=_sleep, **functions):
            yield
    finally:
        _ahead_s.clear()
