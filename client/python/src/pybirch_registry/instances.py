"""The instruments in use in this process. Weak references let Python delete instruments that are no longer used."""

import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

CALL = "_registry_call"
"""The attribute of an instrument that contains its `Call`."""


@dataclass(frozen=True)
class Call:
    """How an instrument was created: its adapter, name, options and version."""

    adapter: str | None
    name: str | None
    options: Mapping[str, Any]
    version: int | None
    """The version that the caller asked for, or None."""


_lock = threading.Lock()
_live: dict[int, weakref.ref[Any]] = {}
_listeners: list[weakref.WeakMethod[Callable[[], None]]] = []


def listen(method: Callable[[], None]) -> None:
    """Calls a method whenever an instrument is added. The calls end when the method's object is deleted."""
    with _lock:
        _listeners[:] = [one for one in _listeners if one() is not None]
        _listeners.append(weakref.WeakMethod(method))


def remember(instance: Any) -> None:
    """Adds an instrument to the list, unless the list already contains it. Compares by identity, because a
    definition's class may have an `__eq__`.
    """
    key = id(instance)
    with _lock:
        _live[key] = weakref.ref(instance, lambda gone: _forget(key, gone))
        listeners = [method for one in _listeners if (method := one()) is not None]
    for method in listeners:
        method()


def list_live() -> list[Any]:
    """The instruments in use, oldest first."""
    with _lock:
        references = list(_live.values())
    return [instance for reference in references if (instance := reference()) is not None]


def forget(instance: Any) -> None:
    """Marks an instrument as no longer in use, even if a program still refers to it."""
    with _lock:
        _live.pop(id(instance), None)


def _forget(key: int, gone: weakref.ref[Any]) -> None:
    if _live.get(key) is gone:
        _live.pop(key, None)
