"""The class that PyBirch's own factory gets: a subclass that opens when `.adapter` is assigned.

That factory constructs with a name alone and assigns the adapter afterwards, which opens nothing in classes that open
in their constructor. Assigning here runs the constructor again, now with the adapter; what was set on the instance
before stays set.
"""

import importlib
import importlib.abc
import logging
from types import ModuleType
from typing import Any

from . import instances
from .construct import ADAPTERS, signature_of
from .finder import Approved, DefinitionLoader

log = logging.getLogger(__name__)

PLACEHOLDER = "placeholder"
"""What PyBirch writes into `adapter` where nothing is connected."""


class DriverLoader(importlib.abc.Loader):
    """Of the module `__driver__` in a version's package."""

    def __init__(self, approved: Approved) -> None:
        self._approved = approved

    def exec_module(self, module: ModuleType) -> None:
        name = self._approved.installed.name
        real = getattr(importlib.import_module(f"{self._approved.package}.{name}"), name)
        main = self._approved.installed.main_file
        module.__file__ = DefinitionLoader(self._approved, main).get_filename()
        setattr(module, name, driver_class(real, module.__name__))


def driver_class(real: type[Any], module: str) -> type[Any]:
    """The subclass of a definition's class, which can be pickled by `module` and its own name."""
    parameter = signature_of(real).find(ADAPTERS)

    def __init__(self: Any, *args: Any, **options: Any) -> None:  # noqa: N807
        if parameter is not None and parameter.default is parameter.empty:
            given = {p.name for p, _ in zip(signature_of(real).parameters, args, strict=False)}
            if parameter.name not in given | options.keys():
                options[parameter.name] = ""
        self.__dict__["_driver_call"] = (args, options)
        _construct(real, self, args, options)
        instances.remember(self)

    def __setattr__(self: Any, key: str, value: Any) -> None:  # noqa: N807
        state = self.__dict__
        opens = (
            key == "adapter"
            and parameter is not None
            and not state.get("_driver_constructing")
            and "_driver_call" in state
            and value not in ("", None, PLACEHOLDER, state.get("_driver_adapter"))
        )
        if opens:
            _open_at(real, self, parameter.name, value)  # type: ignore[union-attr]
        else:
            super(made, self).__setattr__(key, value)

    members = {
        "__init__": __init__,
        "__setattr__": __setattr__,
        "__module__": module,
        "__qualname__": real.__qualname__,
        "__doc__": real.__doc__,
        "__firstlineno__": getattr(real, "__firstlineno__", 1),
    }
    metaclass: Any = type(real)
    made: type[Any] = metaclass(real.__name__, (real,), members)
    return made


def _construct(real: type[Any], instance: Any, args: Any, options: Any) -> None:
    instance.__dict__["_driver_constructing"] = True
    try:
        real.__init__(instance, *args, **options)
    finally:
        instance.__dict__["_driver_constructing"] = False
    instance.__dict__["_driver_adapter"] = getattr(instance, "adapter", None)


def _open_at(real: type[Any], instance: Any, parameter: str, adapter: Any) -> None:
    state = instance.__dict__
    kept = {key: state[key] for key in ("name", "nickname") if key in state}
    session = state.get("instrument")
    before = _settings(instance) if session is None else None
    close_session(instance)
    args, options = state["_driver_call"]
    names = [p.name for p in signature_of(real).parameters]
    if parameter in names[: len(args)]:
        args = tuple(adapter if n == parameter else a for n, a in zip(names, args, strict=False))
    else:
        options = {**options, parameter: adapter}
    _construct(real, instance, args, options)
    state["_driver_adapter"] = adapter
    state.update(kept)
    if before and before != _settings(instance):
        instance.settings = before


def close_session(instance: Any) -> None:
    """Closes what PyBirch keeps as `instrument`, a VISA session mostly, so that its address is free again."""
    close = getattr(getattr(instance, "instrument", None), "close", None)
    if callable(close):
        close()


def _settings(instance: Any) -> Any:
    """None where they cannot be read without the device."""
    try:
        return instance.settings
    except Exception as error:  # a definition's own code, without its device, may raise anything
        log.debug("%r has no settings yet: %s", instance, error)
        return None
