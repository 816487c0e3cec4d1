"""Adds missing method names to PyBirch's instrument factory. PyBirch is renaming the methods of the factory,
and PyBirch's tree already calls names that the factory lacks.
"""

import importlib
from typing import Any

TWINS = {
    "get_available_definitions": "get_available_drivers",
    "create_class_from_definition": "create_class_from_driver",
    "get_definition_by_id": "get_driver_by_id",
    "get_definition_by_name_or_class": "get_driver_by_name_or_class",
}


def complete_factory() -> None:
    """Gives each method both of its names, the old and the new one. Does nothing without PyBirch."""
    try:
        factory: Any = importlib.import_module("pybirch.Instruments.factory").InstrumentFactory
    except (ImportError, AttributeError):
        return
    for one, other in [*TWINS.items(), *((b, a) for a, b in TWINS.items())]:
        if other in vars(factory) and not hasattr(factory, one):
            setattr(factory, one, vars(factory)[other])
