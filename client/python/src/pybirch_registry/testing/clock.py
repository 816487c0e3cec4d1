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


_sleep_really = time.sleep


class Clock:
    """A function of `time` that shows the time of this clock. Modules that are imported meanwhile may keep it: when the
    clock has stopped, it shows the real time. As an attribute of a class, it is no method, like Python's own functions.
    """

    def __init__(self, read: Callable[[], Any], per_second: float) -> None:
        self._read, self._per_second = read, per_second

    def __call__(self) -> Any:
        now = self._read()
        return now + type(now)(_ahead_s[0] * self._per_second) if _ahead_s else now


class Sleep:
    """`time.sleep` of this clock."""

    def __call__(self, seconds: float) -> None:
        if not _ahead_s:
            _sleep_really(seconds)
        elif seconds < 0:
            raise ValueError("sleep length must be non-negative")
        else:
            advance(seconds)


@contextlib.contextmanager
def running() -> Iterator[None]:
    """Replaces the functions of `time`. Code that has imported them by name before keeps the real ones."""
    if _ahead_s:
        yield
        return
    _ahead_s.append(0.0)
    names = ("time", "monotonic", "perf_counter")
    functions: dict[str, Any] = {name: Clock(getattr(time, name), 1) for name in names}
    functions |= {f"{name}_ns": Clock(getattr(time, f"{name}_ns"), 1e9) for name in names}
    try:
        with replaced(time, sleep=Sleep(), **functions):
            yield
    finally:
        _ahead_s.clear()
