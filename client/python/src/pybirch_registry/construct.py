"""Calls a definition's constructor with the name, the adapter and the options that the constructor accepts. Arguments
are passed by name or by position.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .addresses import is_nowhere
from .errors import ConstructionError

NAMES = ("name",)
ADAPTERS = ("adapter", "address", "resource", "resource_name", "visa_address", "port")


@dataclass(frozen=True)
class Signature:
    """The parameters of a class's constructor, without `self`."""

    parameters: tuple[inspect.Parameter, ...]
    takes_anything: bool = False
    """Whether the constructor seems to accept unknown options."""

    def find(self, names: tuple[str, ...]) -> inspect.Parameter | None:
        return next((p for name in names for p in self.parameters if p.name == name), None)

    @property
    def takes_adapter(self) -> bool:
        return self.find(ADAPTERS) is not None


def signature_of(cls: type) -> Signature:
    """The constructor's own parameters. If the constructor takes `*args` or `**kwargs`, the parameters of the
    next class in the MRO are added.
    """
    found: dict[str, inspect.Parameter] = {}
    by_name = True
    kinds: set[object] = set()
    for parameters in _constructors(cls):
        kinds = {p.kind for p in parameters}
        for p in parameters:
            if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                continue
            kind = p.kind if by_name or p.kind is p.KEYWORD_ONLY else p.POSITIONAL_ONLY
            found.setdefault(p.name, p.replace(kind=kind))
        if not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
            break
        by_name = by_name and inspect.Parameter.VAR_KEYWORD in kinds
    return Signature(tuple(found.values()), inspect.Parameter.VAR_KEYWORD in kinds)


def _constructors(cls: type) -> Iterator[list[inspect.Parameter]]:
    for base in cls.__mro__:
        own = base.__dict__.get("__init__")
        if own is not None and base is not object:
            yield list(inspect.signature(own).parameters.values())[1:]


def construct(
    cls: type,
    name: str | None = None,
    adapter: str | None = None,
    default_name: str | None = None,
    options: Mapping[str, Any] | None = None,
    into: Any = None,
) -> Any:
    """Returns an instance. The adapter is passed to the constructor if it has a parameter for the adapter, and is
    assigned afterwards otherwise. A placeholder such as PyBirch's `placeholder_1` is only assigned, so that the
    constructor opens no device.

    `name` is always set. `default_name` is set only if the constructor takes a name. `into` is an existing instance:
    the constructor runs again on it. Raises `ConstructionError` if the constructor needs other arguments. The
    constructor's own errors are raised unchanged.
    """
    signature = signature_of(cls)
    values = dict(options or {})
    unset: dict[str, Any] = {}
    _give(signature, NAMES, name if name is not None else default_name, values)
    if name is not None and signature.find(NAMES) is None:
        unset["name"] = name
    if is_nowhere(adapter):
        unset |= {"adapter": adapter} if adapter else {}
    elif not _give(signature, ADAPTERS, adapter, values):
        unset["adapter"] = adapter
    _complete(cls, signature, values)
    given = _positional(signature, values)
    if into is None:
        instance = cls(*given, **values)
    else:
        cls.__init__(into, *given, **values)  # type: ignore[misc]  # into is of this very class
        instance = into
    for key, value in unset.items():
        setattr(instance, key, value)
    return instance


def _give(signature: Signature, names: tuple[str, ...], value: object, values: dict[str, Any]) -> bool:
    parameter = signature.find(names)
    if parameter is not None and value is not None:
        values.setdefault(parameter.name, value)
    return parameter is not None


def _complete(cls: type, signature: Signature, values: dict[str, Any]) -> None:
    """Fills in an empty adapter if the constructor requires one. Raises `ConstructionError` for missing and unknown
    arguments.
    """
    missing = []
    for parameter in signature.parameters:
        if parameter.default is not parameter.empty or parameter.name in values:
            continue
        if parameter.name in ADAPTERS:
            values[parameter.name] = ""
        else:
            missing.append(parameter.name)
    unknown = sorted(set(values) - {p.name for p in signature.parameters})
    if missing:
        raise ConstructionError(f"{cls.__name__} also needs {', '.join(missing)}: give them by name")
    if unknown and not signature.takes_anything:
        takes = ", ".join(p.name for p in signature.parameters) or "nothing"
        raise ConstructionError(f"{cls.__name__} does not take {', '.join(unknown)}; it takes {takes}")


def _positional(signature: Signature, values: dict[str, Any]) -> list[Any]:
    """Removes the arguments that can only be passed by position from `values`, and returns them."""
    given = []
    for parameter in signature.parameters:
        if parameter.kind is not parameter.POSITIONAL_ONLY:
            continue
        if parameter.name not in values:
            break
        given.append(values.pop(parameter.name))
    return given
