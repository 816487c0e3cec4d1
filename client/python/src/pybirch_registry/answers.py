"""The registry's answers in PyBirch's terms, read from this computer's disk. Ids are PyBirch's (see ids.py)."""

import socket
from collections.abc import Iterator
from typing import Any

from .bound import BoundInstruments
from .choice import Choice
from .discovery import Found
from .errors import RegistryError
from .ids import to_pybirch, to_pybirch_key, to_registry
from .repository import DamagedError, Repository
from .shapes import Dict, binding_dict, computer_dict, driver_dict, instrument_dict, version_dict
from .text import logger

log = logger(__name__)


class Answers:
    """Answers PyBirch's questions about drivers, instruments and bindings. No method needs the network."""

    def __init__(self, bound: BoundInstruments, choice: Choice) -> None:
        self.bound = bound
        self._choice = choice
        self._connection = bound.connection
        self._store = bound.store
        self._manifest = bound.manifest
        self._names: dict[int, str] = {}
        """A cache of definition names by id, because PyBirch's tree asks for names one by one."""

    # ---------------------------------------------------------------- drivers

    def drivers(self) -> Iterator[Dict]:
        for name in self._store.names():
            driver = self.driver_named(name)
            if driver is not None:
                self._names[driver["id"]] = name
                yield driver

    def driver(self, driver_id: int) -> Dict | None:
        name = self._names.get(driver_id)
        known = self.driver_named(name) if name is not None else None
        if known is not None and known["id"] == driver_id:
            return known
        return next((d for d in self.drivers() if d["id"] == driver_id), None)

    def driver_named(self, name: str) -> Dict | None:
        try:
            return driver_dict(self._choice.resolve(name))
        except RegistryError as error:
            log.info("%s", error)
            return None

    def versions(self, driver_id: int) -> list[Dict]:
        """Returns the versions of a driver from the fetched git history, newest first."""
        driver = self.driver(driver_id)
        if driver is None:
            return []
        repository = Repository(self._connection.home.repository(driver["name"]))
        try:
            tags = [(n, tag) for n in repository.version_numbers() if (tag := repository.tag(n)) is not None]
        except DamagedError:
            here = self._store.versions(driver["name"])
            return [version_dict(driver, i.version, i.commit, {}) for i in here]
        return [version_dict(driver, n, tag.commit, tag.record) for n, tag in tags]

    # ---------------------------------------------------------------- bindings

    def is_own(self, computer_name: str) -> bool:
        """Whether a name is that of this computer. PyBirch uses the host name, which may differ from the name of the
        enrolment.
        """
        names = (self._connection.enrolment.computer_name, socket.gethostname())
        return computer_name.lower() in [name.lower() for name in names]

    def bound_driver_ids(self) -> set[int]:
        drivers = (self.driver_named(found.definition) for found in self._found() if found.definition)
        return {driver["id"] for driver in drivers if driver is not None}

    def bindings(self, computer_name: str | None = None) -> list[Dict]:
        """Returns this computer's bindings, with the computer name that PyBirch asks for."""
        own = computer_name or self._connection.enrolment.computer_name
        return [self._binding(found, own) for found in self._found()]

    def binding(self, binding_id: int) -> tuple[Found, Dict] | None:
        own = self._connection.enrolment.computer_name
        shown = ((found, self._binding(found, own)) for found in self._found())
        return next(((f, b) for f, b in shown if binding_id in (b["id"], _key_id(f))), None)

    def bind(self, instrument_id: int, adapter: str | None, adapter_type: str | None, is_primary: bool) -> Dict:
        """Binds an instrument to this computer. Raises `ValueError` for an instrument that is not known here."""
        instrument_id = self.current_id(instrument_id)
        number = to_registry(instrument_id)
        bound = next((f for f in self._found() if _id(f) == instrument_id), None)
        if bound is None and all(one["id"] != number for one in self._manifest().instruments):
            raise ValueError(f"Instrument {instrument_id} not found: the registry lists no instrument {number} here")
        # PyBirch passes True by default. A default must not make this computer the primary one instead of another.
        self.bound.bind(bound or number, adapter, adapter_type, None if is_primary else False)
        made = next(b for b in self.bindings() if b["instrument_id"] == self.current_id(instrument_id))
        return {key: value for key, value in made.items() if key != "instrument"}

    def current_id(self, instrument_id: int) -> int:
        """The current id of an instrument. PyBirch may still use the id that the instrument had before the
        registry knew it.
        """
        known = (_id(found) for found in self._found() if _key_id(found) == instrument_id)
        return next(known, instrument_id)

    def _found(self) -> list[Found]:
        return self.bound.discover()

    def _binding(self, found: Found, computer_name: str) -> Dict:
        driver = self.driver_named(found.definition) if found.definition else None
        instrument = instrument_dict({**found.instrument, "name": found.name}, found.key, driver)
        known: Dict = {"adapter": found.adapter, "adapter_type": found.adapter_type}
        known["last_connected"] = found.last_connected
        known["last_settings"] = dict(found.last_settings)
        return binding_dict({**found.binding, **known}, computer_name, instrument, driver)

    # ---------------------------------------------------------------- instruments and computers

    def instruments(self) -> list[Dict]:
        """Returns the lab's instruments and those that only this computer knows so far, sorted by name."""
        drivers: dict[str, Dict | None] = {}

        def driver(name: Any) -> Dict | None:
            return drivers.setdefault(name, self.driver_named(name)) if name else None

        listed = {one["id"]: one for one in self._manifest().instruments}
        bound = {found.instrument.get("id"): found for found in self._found()}
        shown = [
            instrument_dict(one, None, driver((one.get("definition") or {}).get("name") or one.get("pybirch_class")))
            for number, one in listed.items()
            if number not in bound
        ]
        shown += [
            instrument_dict({**found.instrument, "name": found.name}, found.key, driver(found.definition))
            for found in self._found()
        ]
        return sorted(shown, key=lambda one: str(one["name"]).lower())

    def computer(self) -> Dict:
        """Returns this computer."""
        enrolment = self._connection.enrolment
        listed = {**enrolment.computer, **self._manifest().computer}
        named = {"computer_name": enrolment.computer_name, "computer_id": enrolment.computer_id}
        return computer_dict({**listed, **named})


def _id(found: Found) -> int:
    number = found.instrument.get("id")
    return to_pybirch(number) if isinstance(number, int) else to_pybirch_key(found.key or "")


def _key_id(found: Found) -> int | None:
    """The id that an instrument and its binding have before the registry knows the instrument."""
    return None if found.key is None else to_pybirch_key(found.key)
