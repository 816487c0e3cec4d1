"""Adds missing method names to PyBirch's instrument factory. PyBirch is in the middle of a renaming, and its tree calls
the factory by names that the factory lacks."""

import importlib
from typing import Any

TWINS = {
    "get_available_definitions": "get_available_drivers",
    "create_class_from_definition": "create_class_from_driver",
    "get_definition_by_id": "get_driver_by_id",
    "get_definition_by_name_or_class": "get_driver_by_name_or_class",
}


def complete_factory() -> None:
    """Adds the missing one of two names for each method. Does nothing without PyBirch."""
    try:
        factory: Any = importlib.import_module("pybirch.Instruments.factory").InstrumentFactory
    except (ImportError, AttributeError):
        return
    for one, other in [*TWINS.items(), *((b, a) for a, b in TWINS.items())]:
        if other in vars(factory) and not hasattr(factory, one):
            setattr(factory, one, vars(factory)[other])
