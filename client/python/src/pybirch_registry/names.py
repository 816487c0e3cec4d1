"""The names that PyBirch's factory provides to definitions. Some definitions use these names without an import."""

import importlib
import math
import time
import typing
from collections.abc import Iterator
from types import CodeType
from typing import Any

from .text import logger

log = logger(__name__)

_BASE = "pybirch.Instruments.base"
_MODULES = {"np": "numpy", "numpy": "numpy", "pd": "pandas", "pandas": "pandas"}
_CLASSES = {
    "BaseMeasurementInstrument": _BASE,
    "BaseMovementInstrument": _BASE,
    "FakeMeasurementInstrument": _BASE,
    "FakeMovementInstrument": _BASE,
    "InstrumentSettingsMixin": _BASE,
    "SimulatedDelay": _BASE,
    "VisaBaseMeasurementInstrument": _BASE,
    "VisaBaseMovementInstrument": _BASE,
    "Measurement": "pybirch.scan.measurements",
    "VisaMeasurement": "pybirch.scan.measurements",
    "Movement": "pybirch.scan.movements",
    "VisaMovement": "pybirch.scan.movements",
}
_VALUES: dict[str, Any] = {
    "time": time,
    "math": math,
    "Dict": typing.Dict,  # noqa: UP006
    "List": typing.List,  # noqa: UP006
    "Optional": typing.Optional,
    "Any": typing.Any,
    "Type": typing.Type,  # noqa: UP006
}


def find_provided_names(code: CodeType) -> dict[str, Any]:
    """Finds the provided names that a module's code mentions. Imports only what these names need.

    Leaves out a name if its package is not installed. A definition that uses such a name raises `NameError`.
    """
    found: dict[str, Any] = {}
    for name in set(_list_names(code)):
        if name in _VALUES:
            found[name] = _VALUES[name]
            continue
        module = _MODULES.get(name) or _CLASSES.get(name)
        if module is None:
            continue
        try:
            loaded = importlib.import_module(module)
            found[name] = loaded if name in _MODULES else getattr(loaded, name)
        except (ImportError, AttributeError) as error:
            log.debug("%s is not provided: %s", name, error)
    return found


def _list_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _list_names(constant)
