"""Ids in PyBirch: those of the registry lie in a range of their own, for PyBirch's database counts from 1 as well.

PyBirch keeps classes and selections by id alone. Qt's signals and PostgreSQL's columns there are 32 bits wide, so the
range lies within them: the registry's 7 is 1000000007 in PyBirch, today and after every restart.
"""

import zlib
from typing import Any

FIRST = 1_000_000_000
UNKNOWN_FIRST = 2_000_000_000
UNKNOWN_COUNT = 147_000_000
"""Where instruments lie that the registry does not know yet, by this computer's own keys for them."""

IDS = frozenset(["id", "lab_id", "definition_id", "driver_id", "instrument_id"])
FREE = frozenset(["settings_schema", "default_settings", "last_settings", "specifications", "extra_data"])
"""Fields whose contents belong to definitions and people, ids by accident included."""


def to_pybirch(number: int) -> int:
    """Of an id of the registry."""
    return FIRST + number


def to_pybirch_key(key: str) -> int:
    """Of this computer's own key for an instrument that the registry does not know yet."""
    return UNKNOWN_FIRST + zlib.crc32(key.encode()) % UNKNOWN_COUNT


def is_ours(value: Any) -> bool:
    """Whether an id is of this range."""
    return isinstance(value, int) and value >= FIRST


def to_registry(number: int) -> int:
    """Of an id that `is_ours`."""
    return number - FIRST


def with_pybirch_ids(value: Any) -> Any:
    """What the registry says of something, as PyBirch gets it: every id in it, at any depth, is one of this range."""
    if isinstance(value, list):
        return [with_pybirch_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: one if key in FREE else _field(key, one) for key, one in value.items()}


def _field(key: str, value: Any) -> Any:
    is_id = key in IDS and isinstance(value, int) and not isinstance(value, bool)
    return to_pybirch(value) if is_id else with_pybirch_ids(value)
