"""Marks rows of data with the versions that measured them."""

import importlib
from collections.abc import Iterable
from typing import Any

COLUMN = "definition"


def label(instrument: Any) -> str | None:
    """`SR830 v3 1a2b3c4d5e6f`: the name, the version and the start of the commit, which `/api/provenance/`
    accepts. Returns None for an object that is not an instrument of a definition.
    """
    origin = getattr(instrument, "_definition", None)
    return f"{origin['name']} v{origin['version']} {origin['commit'][:12]}" if isinstance(origin, dict) else None


def with_version(rows: Any, *instruments: Any) -> Any:
    """Returns a copy of a pandas table with a last column `definition`. In each row, the column contains the
    versions that measured the row.
    """
    return rows.assign(**{COLUMN: labels(instruments)})


def labels(instruments: Iterable[Any]) -> str:
    """The labels of the instruments, each label once. Instruments without a label are left out."""
    return "; ".join(dict.fromkeys(text for one in instruments if (text := label(one)) is not None))


def mark_scans() -> None:
    """Makes PyBirch's scans save the column `definition` with their rows. The column names the instrument of
    the measurement, and the instruments of the movements whose positions are in the row. Rows of other
    instruments are unchanged. A second call has no effect.
    """
    scan: Any = importlib.import_module("pybirch.scan.scan").Scan
    save = scan.save_data
    if getattr(save, "marks_versions", False):
        return

    def save_data(self: Any, data: Any, measurement_name: str) -> Any:
        said = labels(_instruments(self.scan_settings.scan_tree, measurement_name))
        return save(self, data.assign(**{COLUMN: said}) if said else data, measurement_name)

    save_data.marks_versions = True  # type: ignore[attr-defined]
    scan.save_data = save_data


def _instruments(tree: Any, measurement_name: str) -> list[Any]:
    items = [item for item in tree.get_measurement_items() if item.unique_id() == measurement_name]
    above = [m for item in items for m in tree.get_movement_items() if m.is_ancestor_of(item)]
    held = (item.instrument_object for item in [*items, *above])
    return [one.instrument for one in held if one is not None]
