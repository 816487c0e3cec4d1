"""The instruments that are in use in this process, without keeping any of them alive."""

import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

CALL = "_registry_call"
"""The attribute of an instrument that holds its `Call`."""


@dataclass(frozen=True)
class Call:
    """How an instrument was created."""

    adapter: str | None
    name: str | None
    options: Mapping[str, Any]
    version: int | None
    """Where its creator asked for one."""


_lock = threading.Lock()
_live: dict[int, weakref.ref[Any]] = {}
_listeners: list[weakref.WeakMethod[Callable[[], None]]] = []


def listen(method: Callable[[], None]) -> None:
    """Calls a method of an object whenever there is another instrument, for as long as the object lives."""
    with _lock:
        _listeners[:] = [one for one in _listeners if one() is not None]
        _listeners.append(weakref.WeakMethod(method))


def remember(instance: Any) -> None:
    """Once for each instance; by identity, since a definition may give its class an `__eq__`."""
    key = id(instance)
    with _lock:
        _live[key] = weakref.ref(instance, lambda gone: _forget(key, gone))
        listeners = [method for one in _listeners if (method := one()) is not None]
    for method in listeners:
        method()


def live() -> list[Any]:
    """Oldest first."""
    with _lock:
        references = list(_live.values())
    return [instance for reference in references if (instance := reference()) is not None]


def forget(instance: Any) -> None:
    """It is out of use, whoever still holds it."""
    with _lock:
        _live.pop(id(instance), None)


def _forget(key: int, gone: weakref.ref[Any]) -> None:
    if _live.get(key) is gone:
        _live.pop(key, None)
