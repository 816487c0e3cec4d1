"""Converts ids of the registry to ids in PyBirch. The ids of the registry have their own range in PyBirch, because
PyBirch's database also counts from 1.

PyBirch stores classes and selections by id alone. PyBirch's Qt signals and PostgreSQL columns are 32 bits wide, so the
range must fit into 32 bits. The registry's 7 is always 1000000007 in PyBirch.
"""

import zlib
from typing import Any

FIRST = 1_000_000_000
UNKNOWN_FIRST = 2_000_000_000
UNKNOWN_COUNT = 147_000_000
"""How many ids are reserved for instruments that the registry does not know yet. The id of an unknown
instrument is made from this computer's key.
"""

IDS = frozenset(["id", "lab_id", "definition_id", "driver_id", "instrument_id"])
FREE = frozenset(["settings_schema", "default_settings", "last_settings", "specifications", "extra_data"])
"""Fields with free content, such as settings. A key `id` in free content is not an id of the registry."""


def to_pybirch(number: int) -> int:
    """Converts a registry id to the matching PyBirch id."""
    return FIRST + number


def to_pybirch_key(key: str) -> int:
    """PyBirch's id for an instrument that the registry does not know yet, made from this computer's key."""
    return UNKNOWN_FIRST + zlib.crc32(key.encode()) % UNKNOWN_COUNT


def is_ours(value: Any) -> bool:
    """Whether an id is in the registry's range."""
    return isinstance(value, int) and value >= FIRST


def to_registry(number: int) -> int:
    """The registry's id for a PyBirch id in the registry's range (`is_ours`)."""
    return number - FIRST


def with_pybirch_ids(value: Any) -> Any:
    """A value from the registry in which every id, at any depth, is replaced by PyBirch's id."""
    if isinstance(value, list):
        return [with_pybirch_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: one if key in FREE else _field(key, one) for key, one in value.items()}


def _field(key: str, value: Any) -> Any:
    is_id = key in IDS and isinstance(value, int) and not isinstance(value, bool)
    return to_pybirch(value) if is_id else with_pybirch_ids(value)
