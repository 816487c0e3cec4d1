"""Adds the origin to each class of a definition, and makes its instances picklable."""

from typing import Any

from .store import Installed

SETTINGS_UI = "settings_UI"
"""An attribute of instances, in which PyBirch's base classes store a lambda. Pickle cannot save a lambda."""


def stamp(cls: type[Any], installed: Installed) -> None:
    """Adds `_definition` to the class and the key `definition` to the result of `serialize()`. Makes instances
    picklable, unless the class has its own methods for that.
    """
    cls._definition = installed.provenance
    if callable(getattr(cls, "serialize", None)):
        _add_to_serialize(cls)
    if all(getattr(cls, name, None) is getattr(object, name, None) for name in PICKLING):
        setattr(cls, "__getstate__", _get_state)  # noqa: B010  (the type checker does not know this class)
        setattr(cls, "__setstate__", _set_state)  # noqa: B010


PICKLING = ("__getstate__", "__setstate__", "__reduce__", "__reduce_ex__")


def _add_to_serialize(cls: type[Any]) -> None:
    own = cls.__dict__.get("serialize")

    def serialize(self: Any, *args: Any, **options: Any) -> Any:
        method = own.__get__(self) if own is not None else super(cls, self).serialize
        data = method(*args, **options)
        if isinstance(data, dict):
            data["definition"] = dict(type(self)._definition)
        return data

    if own is not None:
        serialize.__wrapped__ = own  # type: ignore[attr-defined]
        serialize.__doc__ = own.__doc__
    cls.serialize = serialize


def _get_state(self: Any) -> Any:
    state = object.__getstate__(self)
    if isinstance(state, dict) and getattr(state.get(SETTINGS_UI), "__name__", "") == "<lambda>":
        return {**state, SETTINGS_UI: None}
    return state


def _set_state(self: Any, state: Any) -> None:
    """Restores an instance as pickle does by default, including its slots."""
    own, slots = state if isinstance(state, tuple) else (state, None)
    if own:
        self.__dict__.update(own)
        if own.get(SETTINGS_UI, self) is None:
            self.__dict__[SETTINGS_UI] = lambda: self.settings
    for key, value in (slots or {}).items():
        setattr(self, key, value)
