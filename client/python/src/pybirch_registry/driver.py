"""The class that PyBirch's own factory gets: a subclass that opens when `.adapter` is assigned.

That factory constructs with a name alone and assigns the adapter afterwards, which opens nothing in classes that open
in their constructor. Assigning here runs the constructor again, now with the adapter; what was set on the instance
before stays set.
"""

import importlib
import importlib.abc
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from . import instances
from .construct import ADAPTERS, NAMES, construct, signature_of
from .finder import Approved, DefinitionLoader
from .instances import CALL, Call
from .text import logger

log = logger(__name__)

PLACEHOLDER = "placeholder"
"""What PyBirch writes into `adapter` where nothing is connected."""


CONSTRUCTING = "_driver_constructing"
OPENED = "_driver_adapter"
"""The attribute that holds the address at which an instrument was opened."""


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
    signature = signature_of(real)

    def __init__(self: Any, *args: Any, **options: Any) -> None:  # noqa: N807
        given = {p.name: value for p, value in zip(signature.parameters, args, strict=False)} | options
        adapter = signature.find(ADAPTERS)
        if adapter is not None and adapter.default is adapter.empty and adapter.name not in given:
            options[adapter.name] = ""
        own = {key: value for key, value in given.items() if key not in (*NAMES, *ADAPTERS)}
        self.__dict__[CALL] = Call(None, given.get("name"), own, None)
        with _constructing(self):
            real.__init__(self, *args, **options)
        instances.remember(self)

    def __setattr__(self: Any, key: str, value: Any) -> None:  # noqa: N807
        if key == "adapter" and signature.takes_adapter and _opens(self, value):
            _open_at(real, self, value)
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


@contextmanager
def _constructing(instance: Any) -> Iterator[None]:
    """While the definition's own constructor runs, assigning `.adapter` opens nothing."""
    instance.__dict__[CONSTRUCTING] = True
    try:
        yield
    finally:
        instance.__dict__[CONSTRUCTING] = False
    instance.__dict__[OPENED] = getattr(instance, "adapter", None)


def _opens(instance: Any, adapter: Any) -> bool:
    """Whether assigning this address is to open it: not while it is constructed, nor where it is open already."""
    state = instance.__dict__
    return state.get(CONSTRUCTING) is False and adapter not in ("", None, PLACEHOLDER, state.get(OPENED))


def _open_at(real: type[Any], instance: Any, adapter: Any) -> None:
    state = instance.__dict__
    kept = {key: state[key] for key in ("name", "nickname") if key in state}
    before = _settings(instance) if state.get("instrument") is None else None
    close_session(instance)
    call: Call = state[CALL]
    with _constructing(instance):
        construct(real, call.name, adapter, None, call.options, into=instance)
    state[OPENED] = adapter
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
