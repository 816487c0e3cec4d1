"""PyBirch's database service, extended by the registry's drivers, instruments and bindings.

The service answers calls about ids in the registry's range (see ids.py) itself, without the network. All other calls,
such as those about samples and scans, go to PyBirch's own `DatabaseService`, if there is one.
"""

from collections.abc import Callable
from typing import Any

from .answers import Answers
from .bound import BoundInstruments
from .choice import Choice
from .database import Database
from .factory import complete_factory
from .ids import FIRST, is_ours
from .shapes import Dict
from .text import logger

log = logger(__name__)


class Service:
    """Has the methods of PyBirch's `DatabaseService`, so that PyBirch can use it in the same way (duck typing)."""

    def __init__(self, bound: BoundInstruments, choice: Choice, database: Any = None) -> None:
        """`database` is PyBirch's own service, or None while PyBirch's database is switched off."""
        self._own = Answers(bound, choice)
        self._database = Database(database, bound.connection.enrolment.url)
        self._ask = self._database.ask
        complete_factory()

    def __getattr__(self, name: str) -> Any:
        """Returns the attribute of PyBirch's own service."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self._database.attribute(name)

    # ---------------------------------------------------------------- drivers

    def get_drivers(
        self,
        instrument_type: str | None = None,
        category: str | None = None,
        lab_id: int | None = None,
        include_public: bool = True,
        include_builtin: bool = True,
        search: str | None = None,
    ) -> list[Dict]:
        """Returns drivers sorted by display name. If the registry and the database have a driver with the same
        name, returns the registry's driver if it is bound here or belongs to this computer's lab. In other
        cases, returns the database's driver.
        """
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

        filters = (instrument_type, category, lab_id, include_public, include_builtin, search)
        theirs = {driver["name"]: driver for driver in self._ask("get_drivers", [], *filters)}
        ours = {driver["name"]: driver for driver in filter(fits, self._own.drivers())}
        for name in ours.keys() & theirs.keys():
            del (theirs if self._goes_before(name) else ours)[name]
        return sorted([*ours.values(), *theirs.values()], key=lambda d: str(d["display_name"]).lower())

    def get_driver(self, driver_id: int) -> Dict | None:
        return self._own.driver(driver_id) if is_ours(driver_id) else self._ask_one("get_driver", driver_id)

    def get_driver_by_name(self, name: str) -> Dict | None:
        """Returns a driver by name. If there are two drivers with this name, returns the same one as `get_drivers`."""
        ours, theirs = self._own.driver_named(name), self._ask_one("get_driver_by_name", name)
        return ours if ours is not None and (theirs is None or self._goes_before(name)) else theirs

    def get_driver_versions(self, driver_id: int) -> list[Dict]:
        """Newest first."""
        return self._own.versions(driver_id) if is_ours(driver_id) else self._ask("get_driver_versions", [], driver_id)

    def get_driver_ids_for_computer(self, computer_name: str, include_public: bool = True) -> list[int]:
        """The drivers bound on a computer, and public ones. The registry's bindings count only if the computer
        is this one.
        """
        bound = self._own.bound_driver_ids() if self._own.is_own(computer_name) else set()
        public = {d["id"] for d in self._own.drivers() if d["is_public"]} if include_public else set()
        return [*bound | public, *self._ask("get_driver_ids_for_computer", [], computer_name, include_public)]

    # ---------------------------------------------------------------- instruments

    def get_instruments_by_driver(self, driver_id: int, include_bindings: bool = True) -> list[Dict]:
        if not is_ours(driver_id):
            return list(self._ask("get_instruments_by_driver", [], driver_id, include_bindings))
        found = [one for one in self._own.instruments() if one["driver_id"] == driver_id]
        return [self._with_bindings(one) for one in found] if include_bindings else found

    def get_instruments_without_driver(self) -> list[Dict]:
        ours = [one for one in self._own.instruments() if one["driver_id"] is None]
        return [*ours, *self._ask("get_instruments_without_driver", [])]

    def get_instruments_list(
        self,
        search: str | None = None,
        instrument_type: str | None = None,
        status: str | None = None,
        lab_id: int | None = None,
        equipment_id: int | None = None,
        no_equipment: bool = False,
        page: int = 1,
        per_page: int = 20,
    ) -> tuple[list[Dict], int]:
        """Returns one page of instruments, and the number of all instruments. The registry's instruments come
        first, then the database's.
        """
        texts = ("name", "manufacturer", "model", "pybirch_class")
        ours = [
            one
            for one in self._own.instruments()
            if instrument_type in (None, "", one["instrument_type"])
            and status in (None, "", one["status"])
            and lab_id in (None, one["lab_id"])
            and (no_equipment or not equipment_id)
            and any((search or "").lower() in str(one[key] or "").lower() for key in texts)
        ]
        filters = (search, instrument_type, status, lab_id, equipment_id, no_equipment)
        theirs, total = self._ask("get_instruments_list", ([], 0), *filters, 1, page * per_page)
        return [*ours, *theirs][(page - 1) * per_page : page * per_page], len(ours) + total

    def get_instruments_simple_list(self) -> list[Dict]:
        ours = [
            {"id": i["id"], "name": i["name"], "model": i["model"], "display": " ".join(_display(i))}
            for i in self._own.instruments()
            if i["status"] != "retired"
        ]
        return [*ours, *self._ask("get_instruments_simple_list", [])]

    def get_instrument(self, instrument_id: int) -> Dict | None:
        if not is_ours(instrument_id):
            return self._ask_one("get_instrument", instrument_id)
        number = self._own.current_id(instrument_id)
        found = next((one for one in self._own.instruments() if one["id"] == number), None)
        return found and self._with_bindings(found)

    def get_instrument_by_name(self, name: str) -> Dict | None:
        """Finds an instrument by name. Prefers the instrument of the database, because scans in the database
        refer to it.
        """
        theirs = self._ask_one("get_instrument_by_name", name)
        return theirs or next((one for one in self._own.instruments() if one["name"] == name), None)

    def _with_bindings(self, instrument: Dict) -> Dict:
        bound = [b for b in self._own.bindings() if b["instrument_id"] == instrument["id"]]
        plain = [{key: value for key, value in b.items() if key != "instrument"} for b in bound]
        return {**instrument, "computer_bindings": plain}

    # ---------------------------------------------------------------- bindings

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
        """Binds an instrument of the registry, with or without an address. A computer can only change its own bindings.

        Raises `ValueError` for another computer, an unknown instrument, and an invalid address.
        """
        if not is_ours(instrument_id):
            if self._database.service is None:
                raise ValueError(
                    f"Instrument {instrument_id} not found: PyBirch's database is switched off, and the ids of the "
                    f"registry's instruments are above {FIRST} in PyBirch (see get_instruments_list)"
                )
            rest = (computer_id, username, adapter, adapter_type, is_primary, nickname)
            return dict(self._database.service.bind_instrument_to_computer(instrument_id, computer_name, *rest))
        if not self._own.is_own(computer_name):
            raise ValueError(f"{computer_name} is not this computer; only a lab admin may bind there")
        return self._own.bind(instrument_id, adapter, adapter_type, is_primary)

    def get_computer_bindings(self, computer_name: str | None = None, instrument_id: int | None = None) -> list[Dict]:
        """Returns bindings: those of PyBirch's database and, from the registry, only this computer's. Each has its
        `instrument`. The instrument has its `driver`, also under the name `definition`.
        """
        ours = self._own.bindings(computer_name) if computer_name is None or self._own.is_own(computer_name) else []
        if instrument_id is not None and is_ours(instrument_id):
            number = self._own.current_id(instrument_id)
            return [b for b in ours if b["instrument_id"] == number]
        theirs = self._ask("get_computer_bindings", [], computer_name, instrument_id)
        return [*([] if instrument_id is not None else ours), *theirs]

    def get_computer_binding(self, binding_id: int) -> Dict | None:
        if not is_ours(binding_id):
            return self._ask_one("get_computer_binding", binding_id)
        found = self._own.binding(binding_id)
        return found and found[1]

    def update_computer_binding_settings(self, binding_id: int, settings: Dict) -> Dict | None:
        """Changes the settings of a binding. Returns None if this computer has no such binding."""
        if not is_ours(binding_id):
            return self._ask_one("update_computer_binding_settings", binding_id, settings)
        return self._change_binding(binding_id, lambda found: self._own.bound.remember_settings(found, settings))

    def update_computer_binding(self, binding_id: int, data: Dict) -> Dict | None:
        """Changes the address of a binding, its type, and whether it is the primary one. Works only for bindings of
        this computer.
        """
        if not is_ours(binding_id):
            return self._ask_one("update_computer_binding", binding_id, data)
        if "computer_name" in data and not self._own.is_own(data["computer_name"]):
            raise ValueError(
                "A computer can only change its own bindings; a lab admin can move a binding in the registry"
            )
        told = (data.get("adapter") or None, data.get("adapter_type"), data.get("is_primary"))
        return self._change_binding(binding_id, lambda found: self._own.bound.bind(found, *told))

    def delete_computer_binding(self, binding_id: int) -> bool:
        """Deletes a binding. Returns whether the binding existed."""
        if not is_ours(binding_id):
            return bool(self._ask("delete_computer_binding", False, binding_id))
        found = self._own.binding(binding_id)
        return found is not None and self._own.bound.unbind(found[0])

    def _change_binding(self, binding_id: int, change: Callable[[Any], None]) -> Dict | None:
        found = self._own.binding(binding_id)
        if found is None:
            return None
        change(found[0])
        return self.get_computer_binding(binding_id)

    # ---------------------------------------------------------------- computers

    def get_computer(self, computer_name: str) -> Dict | None:
        """Finds a computer by name. Prefers the database's computer."""
        ours = self._own.computer() if self._own.is_own(computer_name) else None
        return self._ask_one("get_computer", computer_name) or ours

    def get_computer_by_id(self, computer_id: int) -> Dict | None:
        if not is_ours(computer_id):
            return self._ask_one("get_computer_by_id", computer_id)
        ours = self._own.computer()
        return ours if ours["id"] == computer_id else None

    # PyBirch also calls drivers "definitions". The methods below have the word "definition" in their names and do the
    # same as those above.
    get_instrument_definitions = get_drivers
    get_instrument_definition = get_driver
    get_instrument_definition_by_name = get_driver_by_name
    get_instrument_definition_versions = get_driver_versions
    get_definition_ids_for_computer = get_driver_ids_for_computer
    get_instruments_by_definition = get_instruments_by_driver

    # ---------------------------------------------------------------- which service answers

    def _ask_one(self, method: str, *arguments: Any) -> Dict | None:
        found: Dict | None = self._ask(method, None, *arguments)
        return found

    def _goes_before(self, name: str) -> bool:
        before = self._own.bound.goes_before_file(name)
        used, left_out = ("registry", "database") if before else ("database", "registry")
        log.warning("%s: using the %s's driver; the %s has another one of this name", name, used, left_out)
        return before


def _display(instrument: Dict) -> list[str]:
    model = instrument["model"]
    return [instrument["name"], *([f"({model})"] if model else [])]
