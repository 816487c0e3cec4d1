"""PyBirch's own instrument factory is in the middle of a renaming: its tree calls it by names that it lacks."""

import importlib
from typing import Any

TWINS = {
    "get_available_definitions": "get_available_drivers",
    "create_class_from_definition": "create_class_from_driver",
    "get_definition_by_id": "get_driver_by_id",
    "get_definition_by_name_or_class": "get_driver_by_name_or_class",
}


def complete_factory() -> None:
    """Gives the factory whichever of two names for one method it lacks; nothing where PyBirch is not there."""
    try:
        factory: Any = importlib.import_module("pybirch.Instruments.factory").InstrumentFactory
    except (ImportError, AttributeError):
        return
    for one, other in [*TWINS.items(), *((b, a) for a, b in TWINS.items())]:
        if other in vars(factory) and not hasattr(factory, one):
            setattr(factory, one, vars(factory)[other])
