"""Raises an audit event when the dictionary behind `os.environ` changes."""

import os
import sys
from collections.abc import Iterator, MutableMapping
from typing import Any


def watch_environment() -> None:
    """Replaces the dictionary of `os.environ` with a watched mapping, once."""
    if isinstance(os.environ, Watched):
        return
    held = variables(os.environ._data)  # type: ignore[attr-defined]
    WatchedData.held = held
    for one in (os.environ, getattr(os, "environb", None)):
        if one is not None:
            one.__class__ = Watched
            del vars(one)["_data"]


def tell(key: Any, value: Any) -> None:
    sys.audit("os.putenv", key, value)


class WatchedData:
    """A data descriptor, which takes precedence over an instance's own `__dict__`."""

    held: MutableMapping[Any, Any]

    def __get__(self, instance: object, owner: type | None = None) -> MutableMapping[Any, Any]:
        return WatchedData.held

    def __set__(self, instance: object, value: Any) -> None:
        tell("_data", value)
        WatchedData.held = variables(dict(value))


class Watched(os._Environ):  # type: ignore[type-arg]
    """The new class of `os.environ` and `os.environb`."""

    _data = WatchedData()

    def __setattr__(self, name: str, value: Any) -> None:
        tell(name, value)
        super().__setattr__(name, value)


def variables(held: dict[Any, Any]) -> MutableMapping[Any, Any]:
    """A mapping over a dictionary. No other object has a named reference to the dictionary."""

    class Variables(MutableMapping[Any, Any]):
        __slots__ = ()

        def __getitem__(self, key: Any) -> Any:
            return held[key]

        def __setitem__(self, key: Any, value: Any) -> None:
            tell(key, value)
            held[key] = value

        def __delitem__(self, key: Any) -> None:
            tell(key, None)
            del held[key]

        def __iter__(self) -> Iterator[Any]:
            return iter(list(held))

        def __len__(self) -> int:
            return len(held)

    return Variables()
