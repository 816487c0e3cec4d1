"""What PyBirch's own factory and instrument tree ask of a database service, answered from this computer.

Driver dictionaries carry a stub as `source_code`: PyBirch runs it, and it imports the class through this package's
loader, so that guard, several files and cache hold there too.
"""

import importlib
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .driver import PLACEHOLDER
from .errors import RegistryError
from .finder import DRIVER, package_name
from .repository import DamagedError, Repository
from .store import Installed
from .text import logger

if TYPE_CHECKING:
    from .registry import Registry

log = logger(__name__)

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
BINDING_KEYS = (
    "id",
    "computer_name",
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


class Service:
    """By duck type; every method answers without the network. Method names are PyBirch's."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._names: dict[int, str] = {}
        """Of definitions by their ids, as far as they were listed; trees ask for every one of them."""
        complete_factory()

    def get_drivers(
        self,
        instrument_type: str | None = None,
        category: str | None = None,
        lab_id: int | None = None,
        include_public: bool = True,
        include_builtin: bool = True,
        search: str | None = None,
    ) -> list[Dict]:
        """By display name."""
        wanted = (search or "").lower()

        def fits(driver: Dict) -> bool:
            of_lab = lab_id is None or (
                driver["lab_id"] == lab_id
                or bool(include_public and driver["is_public"])
                or bool(include_builtin and driver["is_builtin"])
            )
            texts = (driver[key] or "" for key in ("name", "display_name", "description"))
            return (
                of_lab
                and instrument_type in (None, driver["instrument_type"])
                and category in (None, driver["category"])
                and any(wanted in text.lower() for text in texts)
            )

        return sorted(filter(fits, self._drivers()), key=lambda d: str(d["display_name"]).lower())

    def get_driver(self, driver_id: int) -> Dict | None:
        name = self._names.get(driver_id)
        known = self.get_driver_by_name(name) if name is not None else None
        if known is not None and known["id"] == driver_id:
            return known
        return next((d for d in self._drivers() if d["id"] == driver_id), None)

    def get_driver_by_name(self, name: str) -> Dict | None:
        try:
            return driver_dict(self._registry.resolve(name))
        except RegistryError as error:
            log.info("%s", error)
            return None

    def get_driver_versions(self, driver_id: int) -> list[Dict]:
        """Newest first, out of the fetched history."""
        driver = self.get_driver(driver_id)
        if driver is None:
            return []
        repository = Repository(self._registry.home.repository(driver["name"]))
        try:
            numbers = repository.version_numbers()
            tags = [(n, tag) for n in numbers if (tag := repository.tag(n)) is not None]
        except DamagedError:
            return [_version(driver["name"], i.version, i.commit, {}) for i in self._on_disk(driver)]
        return [_version(driver["name"], n, tag.commit, tag.record) for n, tag in tags]

    def get_driver_ids_for_computer(self, computer_name: str, include_public: bool = True) -> list[int]:
        """Ids of what is bound to this computer; nothing is known here of others."""
        if not self._is_own(computer_name):
            return []
        bound = {found.definition for found in self._registry.discover()}
        return [d["id"] for d in self._drivers() if d["name"] in bound or (include_public and d["is_public"])]

    def bind_instrument_to_computer(
        self,
        instrument_id: int,
        computer_name: str,
        computer_id: str | None = None,
        username: str | None = None,
        adapter: str | None = None,
        adapter_type: str | None = None,
        is_primary: bool = True,
        nickname: str | None = None,
    ) -> Dict:
        """Raises `ValueError` for another computer than this one, which alone may write its bindings."""
        if not self._is_own(computer_name):
            raise ValueError(f"{computer_name} is not this computer; only a lab admin may bind there")
        if adapter and adapter != PLACEHOLDER:
            self._registry.bind(instrument_id, adapter, adapter_type)
        bindings = self.get_computer_bindings(instrument_id=instrument_id)
        return bindings[0] if bindings else {"instrument_id": instrument_id, "adapter": adapter}

    def get_computer_bindings(self, computer_name: str | None = None, instrument_id: int | None = None) -> list[Dict]:
        """This computer's; each with its `instrument`, and that with its `driver` and `definition` (one thing)."""
        if computer_name is not None and not self._is_own(computer_name):
            return []
        own = computer_name or self._registry.enrolment.computer_name
        raw = {(b.get("instrument") or {}).get("id"): b for b in self._registry.manifest().bindings}
        found = []
        for one in self._registry.discover():
            number = one.instrument.get("id")
            if instrument_id is not None and number != instrument_id:
                continue
            driver = self.get_driver_by_name(one.definition) if one.definition else None
            binding = {key: raw.get(number, {}).get(key) for key in BINDING_KEYS}
            binding |= {"instrument_id": number, "computer_name": own, "adapter": one.adapter}
            binding |= {"adapter_type": one.adapter_type, "last_settings": dict(one.last_settings)}
            binding["instrument"] = {**one.instrument, "driver": driver, "definition": driver}
            found.append(binding)
        return found

    def update_computer_binding_settings(self, binding_id: int, settings: Dict) -> Dict | None:
        """None where there is no such binding on this computer."""
        for binding in self.get_computer_bindings():
            if binding["id"] == binding_id:
                self._registry.remember_settings(int(binding["instrument_id"]), settings)
                return {**binding, "last_settings": settings}
        return None

    def get_instruments_by_driver(self, driver_id: int, include_bindings: bool = True) -> list[Dict]:
        """Those bound to this computer."""
        found = []
        for binding in self.get_computer_bindings():
            driver = binding["instrument"]["driver"]
            if driver is not None and driver["id"] == driver_id:
                own = {key: value for key, value in binding.items() if key != "instrument"}
                extra = {"computer_bindings": [own]} if include_bindings else {}
                found.append({**binding["instrument"], **extra})
        return found

    def _is_own(self, computer_name: str) -> bool:
        """PyBirch goes by the host name, which need not be the name of the enrolment."""
        names = (self._registry.enrolment.computer_name, socket.gethostname())
        return computer_name.lower() in [name.lower() for name in names]

    # The names of PyBirch's other half, which says "definition" where this one says "driver".
    get_instrument_definitions = get_drivers
    get_instrument_definition = get_driver
    get_instrument_definition_by_name = get_driver_by_name
    get_instrument_definition_versions = get_driver_versions
    get_definition_ids_for_computer = get_driver_ids_for_computer
    get_instruments_by_definition = get_instruments_by_driver

    def _drivers(self) -> Iterable[Dict]:
        for name in self._registry.store.names():
            driver = self.get_driver_by_name(name)
            if driver is not None:
                self._names[driver["id"]] = name
                yield driver

    def _on_disk(self, driver: Dict) -> list[Installed]:
        return self._registry.store.versions(driver["name"])


def driver_dict(installed: Installed) -> Dict:
    """As PyBirch's `DatabaseService` gives them."""
    fields = installed.fields
    return {
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


def stub(name: str, version: int, commit: str) -> str:
    """Source that imports the class through this package's loader."""
    return (
        f'"""{name} v{version}, commit {commit}: loaded by pybirch_registry from this computer\'s disk."""\n'
        "import pybirch_registry.definitions\n"
        f"from {package_name(name, commit)}.{DRIVER} import {name}\n"
    )


def _version(name: str, version: int, commit: str, record: Dict) -> Dict:
    author = record.get("author") or {}
    return {
        "version": version,
        "source_code": stub(name, version, commit),
        "change_summary": record.get("change_summary"),
        "created_by": author.get("name"),
        "created_at": record.get("landed_at"),
    }


TWINS = {
    "get_available_definitions": "get_available_drivers",
    "create_class_from_definition": "create_class_from_driver",
    "get_definition_by_id": "get_driver_by_id",
    "get_definition_by_name_or_class": "get_driver_by_name_or_class",
}


def complete_factory() -> None:
    """Gives PyBirch's factory whichever of two names for one method it lacks.

    PyBirch is in the middle of a renaming: its tree calls the factory by one set of names, its factory has the other.
    """
    try:
        factory: Any = importlib.import_module("pybirch.Instruments.factory").InstrumentFactory
    except (ImportError, AttributeError):
        return
    for one, other in [*TWINS.items(), *((b, a) for a, b in TWINS.items())]:
        if other in vars(factory) and not hasattr(factory, one):
            setattr(factory, one, vars(factory)[other])
