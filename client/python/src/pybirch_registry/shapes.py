"""Drivers, instruments, bindings and computers in the format of PyBirch's `DatabaseService`. Pure."""

from collections.abc import Mapping
from typing import Any

from .approved import DRIVER, package_name
from .ids import to_pybirch, to_pybirch_key, with_pybirch_ids
from .store import Installed

Dict = dict[str, Any]

DRIVER_KEYS = (
    "display_name",
    "description",
    "instrument_type",
    "category",
    "manufacturer",
    "base_class",
    "dependencies",
    "settings_schema",
    "default_settings",
    "data_columns",
    "data_units",
    "position_column",
    "position_units",
    "lab_id",
    "is_public",
    "is_builtin",
    "status",
    "created_by",
    "created_at",
    "updated_at",
)
INSTRUMENT_KEYS = (
    "id",
    "name",
    "instrument_type",
    "pybirch_class",
    "manufacturer",
    "model",
    "serial_number",
    "status",
    "specifications",
    "lab_id",
    "created_at",
    "updated_at",
)
BINDING_KEYS = (
    "id",
    "computer_id",
    "username",
    "nickname",
    "computer_location",
    "adapter",
    "adapter_type",
    "is_primary",
    "last_connected",
    "last_settings",
    "created_at",
    "updated_at",
)
COMPUTER_KEYS = ("id", "lab_id", "computer_name", "computer_id", "nickname", "location", "created_at", "updated_at")


def driver_dict(installed: Installed) -> Dict:
    """A driver. The driver's `source_code` is a stub: PyBirch runs the stub, which imports the class through
    this package's loader.
    """
    fields = installed.fields
    shown = {
        "id": installed.id,
        "name": installed.name,
        **{key: fields.get(key) for key in DRIVER_KEYS},
        "display_name": fields.get("display_name") or installed.name,
        "status": fields.get("status") or "operational",
        "version": installed.version,
        "is_approved": True,
        "source_code": stub(installed.name, installed.version, installed.commit),
        "driver_files": None,
        "main_file_path": None,
        "has_folder_upload": False,
    }
    return dict(with_pybirch_ids(shown))


def stub(name: str, version: int, commit: str) -> str:
    """The source of a module that imports the class through this package's loader."""
    return (
        f'"""{name} v{version}, commit {commit}: loaded by pybirch_registry from this computer\'s disk."""\n'
        "import pybirch_registry.definitions\n"
        f"from {package_name(name, commit)}.{DRIVER} import {name}\n"
    )


def version_dict(driver: Dict, version: int, commit: str, record: Mapping[str, Any]) -> Dict:
    """A version of a driver. `record` is the record in the version's tag."""
    author = record.get("author") or {}
    return {
        "driver_id": driver["id"],
        "version": version,
        "source_code": stub(driver["name"], version, commit),
        "change_summary": record.get("change_summary"),
        "created_by": author.get("name"),
        "created_at": record.get("landed_at"),
    }


def instrument_dict(instrument: Mapping[str, Any], key: str | None, driver: Dict | None) -> Dict:
    """An instrument. `key` is this computer's key for an instrument that the registry does not know yet."""
    shown = dict(with_pybirch_ids({name: instrument.get(name) for name in INSTRUMENT_KEYS}))
    if shown["id"] is None and key is not None:
        shown["id"] = to_pybirch_key(key)
    place = instrument.get("location")
    shown["status"] = shown["status"] or "available"
    shown["location"] = place and {"id": None, "name": place, "location_type": None, "notes": None}
    shown |= {"lab": None, "equipment_id": None, "driver_id": driver and driver["id"]}
    shown |= {"driver_name": driver and driver["name"], "driver_display_name": driver and driver["display_name"]}
    shown["pinned_version"] = instrument.get("pinned_version")
    return shown


def binding_dict(binding: Mapping[str, Any], computer_name: str, instrument: Dict, driver: Dict | None) -> Dict:
    """A binding. It contains its `instrument`. The instrument contains its `driver`, also under the name
    `definition`.
    """
    shown = dict(with_pybirch_ids({name: binding.get(name) for name in BINDING_KEYS}))
    if shown["id"] is None:
        shown["id"] = instrument["id"]
    shown |= {"instrument_id": instrument["id"], "instrument_name": instrument["name"]}
    shown |= {"computer_name": computer_name, "adapter": shown["adapter"] or None}
    shown["instrument"] = {**instrument, "driver": driver, "definition": driver}
    return shown


def computer_dict(computer: Mapping[str, Any]) -> Dict:
    """A computer in PyBirch's format."""
    shown = dict(with_pybirch_ids({name: computer.get(name) for name in COMPUTER_KEYS}))
    return {**shown, "id": shown["id"] or to_pybirch(0), "lab_name": None, "description": None}
