"""Calling a definition's real constructor: whatever of name, adapter and options it takes, by name or by position."""

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
    """What a class's constructor takes, beyond `self`."""

    parameters: tuple[inspect.Parameter, ...]
    takes_anything: bool = False
    """Unknown options go somewhere too, as far as can be seen."""

    def find(self, names: tuple[str, ...]) -> inspect.Parameter | None:
        return next((p for name in names for p in self.parameters if p.name == name), None)

    @property
    def takes_adapter(self) -> bool:
        return self.find(ADAPTERS) is not None


def signature_of(cls: type) -> Signature:
    """Its own parameters; where it hands on `*args` or `**kwargs`, those of the next class in line as well."""
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
    """An instance. The adapter goes into the constructor where it takes one, else it is assigned afterwards. What
    stands for none (PyBirch's `placeholder_1`) is assigned only, so that nothing opens it.

    `name` is set in any case, `default_name` only where the constructor takes a name. `into` is an instance whose
    constructor is to run again. Raises `ConstructionError` where the constructor wants more than is known; what it
    raises itself comes through.
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
    """An adapter that must be given may be empty; anything else must be known."""
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
    """Takes out of `values` what can only be given by position."""
    given = []
    for parameter in signature.parameters:
        if parameter.kind is not parameter.POSITIONAL_ONLY:
            continue
        if parameter.name not in values:
            break
        given.append(values.pop(parameter.name))
    return given
