"""Makes the class that PyBirch gets for a definition: a subclass that accepts the calls of PyBirch's factory and pages,
whatever the definition's constructor requires.

PyBirch's factory passes a name to the constructor and assigns the adapter afterwards. A class that opens its device in
the constructor then opens nothing. In the subclass, assigning the adapter runs the constructor again with the adapter,
and keeps what was set on the instance. PyBirch's page of instruments passes only the adapter, as the first argument.
PyBirch's placeholders for a missing device (`placeholder_1`) are kept as the adapter and never opened.
"""

import importlib
import importlib.abc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from . import instances
from .addresses import is_address, is_nowhere
from .approved import Approved
from .construct import ADAPTERS, NAMES, Signature, construct, signature_of
from .instances import CALL, Call
from .loader import DefinitionLoader
from .text import logger

log = logger(__name__)

CONSTRUCTING = "_driver_constructing"
OPENED = "_driver_adapter"
"""The attribute that contains the address at which an instrument was opened."""


class DriverLoader(importlib.abc.Loader):
    """Loads the module `__driver__` of a version's package."""

    def __init__(self, approved: Approved) -> None:
        self._approved = approved

    def exec_module(self, module: ModuleType) -> None:
        name = self._approved.installed.name
        real = getattr(importlib.import_module(f"{self._approved.package}.{name}"), name)
        main = self._approved.installed.main_file
        module.__file__ = DefinitionLoader(self._approved, main).get_filename()
        shown = self._approved.installed.fields.get("display_name") or name
        setattr(module, name, driver_class(real, module.__name__, shown))


def driver_class(real: type[Any], module: str, shown: str) -> type[Any]:
    """Returns a subclass of a definition's class, which can be pickled under `module` and the name of that class.

    Instances without a name are called `shown` if the constructor requires a name.
    """
    signature = signature_of(real)
    named = signature.find(NAMES)
    unnamed = shown if named is not None and named.default is named.empty else None

    def __init__(self: Any, *args: Any, **options: Any) -> None:  # noqa: N807
        call = call_of(signature, args, options)
        self.__dict__[CALL] = call or Call(None, None, options, None)
        with _during_construction(self):
            if call is None:
                real.__init__(self, *args, **options)
            else:
                construct(real, call.name, call.adapter, unnamed, call.options, into=self)
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


def call_of(signature: Signature, args: tuple[Any, ...], options: Mapping[str, Any]) -> Call | None:
    """The arguments of a constructor as a `Call`, or None if there are more arguments than parameters.

    A single argument that can only be an address is the adapter, whatever the first parameter of the constructor is.
    """
    values = dict(options)
    by_position = [p.name for p in signature.parameters if p.kind is not p.KEYWORD_ONLY]
    if len(args) == 1 and is_address(args[0]) and not values.keys() & set(ADAPTERS):
        values["adapter"] = args[0]
    elif len(args) > len(by_position) or values.keys() & set(by_position[: len(args)]):
        return None
    else:
        values |= zip(by_position, args, strict=False)
    own = signature.find(ADAPTERS)
    given = [key for key in (own.name if own else "adapter", "adapter") if key in values]
    adapter = values.pop(given[0]) if given else None
    name = values.pop("name", None)
    return Call(adapter, name, values, None)


@contextmanager
def _during_construction(instance: Any) -> Iterator[None]:
    """Marks an instance as under construction. During construction, assigning `.adapter` does not open the device."""
    instance.__dict__[CONSTRUCTING] = True
    try:
        yield
    finally:
        instance.__dict__[CONSTRUCTING] = False
    instance.__dict__[OPENED] = getattr(instance, "adapter", None)


def _opens(instance: Any, adapter: Any) -> bool:
    """Whether assigning this address opens the device. During construction, or if the device is open at this
    address, nothing is opened.
    """
    state = instance.__dict__
    return state.get(CONSTRUCTING) is False and not is_nowhere(adapter) and adapter != state.get(OPENED)


def _open_at(real: type[Any], instance: Any, adapter: Any) -> None:
    state = instance.__dict__
    kept = {key: state[key] for key in ("name", "nickname") if key in state}
    before = _settings(instance) if state.get("instrument") is None else None
    close_session(instance)
    call: Call = state[CALL]
    with _during_construction(instance):
        construct(real, call.name, adapter, None, call.options, into=instance)
    state[OPENED] = adapter
    state.update(kept)
    if before and before != _settings(instance):
        instance.settings = before


def close_session(instance: Any) -> None:
    """Closes the VISA session in `instrument`, an attribute of PyBirch's classes, so that its address is free again."""
    close = getattr(getattr(instance, "instrument", None), "close", None)
    if callable(close):
        close()


def _settings(instance: Any) -> Any:
    """The settings of an instance, or None if they cannot be read without the device."""
    try:
        return instance.settings
    except Exception as error:  # the definition's code may raise anything while its device is off
        log.debug("%r has no settings yet: %s", instance, error)
        return None
