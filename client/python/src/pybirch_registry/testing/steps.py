"""Performs the steps of a recording on an instrument."""

import inspect
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from ..construct import ADAPTERS, construct, signature_of
from . import values
from .path import parse_path, walk


def build(cls: type, args: Mapping[str, Any]) -> Any:
    """Creates an instrument with the arguments of a recording's head. The adapter goes where the class takes it."""

    def named(path: str) -> Any:
        return find_member(cls, path)

    options = {key: values.decode(value, named) for key, value in args.items()}
    name, adapter = options.pop("name", None), options.pop("adapter", None)
    own = signature_of(cls).find(ADAPTERS)
    if own is not None and own.name in options:
        adapter = None
    return construct(cls, name, adapter, cls.__name__, options)


def perform(instrument: Any, verb: str, attribute: str, args: Sequence[Any], kwargs: Mapping[str, Any], to: Any) -> Any:
    """Calls a method, reads or sets a property, and returns the result. `args`, `kwargs` and `to` are in JSON.

    Raises what the definition raises.
    """

    def named(path: str) -> Any:
        return find_member(instrument, path)

    *owner, end = parse_path(attribute)
    holder, last = walk(instrument, tuple(owner)), str(end.key)
    if verb == "set":
        setattr(holder, last, values.decode(to, named))
        return None
    value = getattr(holder, last)
    if is_property(type(holder), last) or not callable(value):
        if args or kwargs:
            raise TypeError(f"{attribute} is a property, which takes no arguments")
        return value
    given = [values.decode(one, named) for one in args]
    return value(*given, **{key: values.decode(one, named) for key, one in kwargs.items()})


def find_member(owner: Any, path: str) -> Enum:
    """The member of an enumeration (`Mode.fast`) that an instrument, its class or the module of a base class has.

    Raises `ValueError` if there is none.
    """
    kind = owner if isinstance(owner, type) else type(owner)
    modules = [sys.modules.get(cls.__module__) for cls in kind.__mro__]
    for place in (owner, *modules):
        try:
            found = walk(place, parse_path(path))
        except (AttributeError, LookupError, TypeError):
            continue
        if isinstance(found, Enum):
            return found
    raise ValueError(f"{path} is no member of an enumeration of {kind.__name__}")


def is_property(cls: type, name: str) -> bool:
    """Whether an attribute of a class is computed when it is read."""
    found = inspect.getattr_static(cls, name, None)
    return isinstance(found, property) or (hasattr(type(found), "__get__") and hasattr(type(found), "__set__"))
