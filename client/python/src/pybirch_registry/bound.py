"""Finds, binds and unbinds the instruments of this computer, and remembers their settings."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from .addresses import check_address, is_nowhere
from .bindings import Bindings, adapter_type_of, number_of, plain
from .choice import Choice
from .computer import get_computer_info
from .connection import Connection
from .discovery import KEY, NUMBER, Creator, Found, discover, identify_bound
from .errors import AnswerError, UnknownDefinitionError
from .manifest import Manifest
from .outbox import now
from .store import Installed, Store


class BoundInstruments:
    """The bound instruments of this computer. `Registry` passes calls on to this class and documents its methods."""

    def __init__(
        self,
        connection: Connection,
        store: Store,
        manifest: Callable[[], Manifest],
        choice: Choice,
        creator: Creator,
    ) -> None:
        """`creator` creates the object of an instrument that was found."""
        self.connection = connection
        self.store = store
        self.manifest = manifest
        self.bindings = Bindings(connection, store)
        self._choice = choice
        self._creator = creator

    def discover(self) -> list[Found]:
        return discover(self._creator, self.manifest(), self.bindings.outbox)

    def bind(
        self,
        instrument: Any,
        adapter: str | None = None,
        adapter_type: str | None = None,
        is_primary: bool | None = None,
    ) -> None:
        address = None if adapter is None or is_nowhere(adapter) else check_address(adapter)
        self._is_known(instrument, address)
        info = get_computer_info(self.connection.home.root)
        body: dict[str, Any] = {"computer_id": info["computer_id"], "username": info["username"]}
        if address is not None:
            body |= {"adapter": address, "adapter_type": adapter_type or adapter_type_of(address)}
        if is_primary is not None:
            body["is_primary"] = is_primary
        if getattr(instrument, "status", False) is True:
            body["last_connected"] = now()
        refused = self.bindings.remember(instrument, body)
        if refused is not None:
            raise AnswerError(refused)

    def unbind(self, instrument: Any) -> bool:
        number = number_of(instrument)
        key = instrument.key if isinstance(instrument, Found) else getattr(instrument, "__dict__", {}).get(KEY)
        bound = [f for f in self.discover() if (number_of(f), f.key) == (number, f.key if number is not None else key)]
        for found in bound[:1]:
            refused = self.bindings.forget(found)
            if refused is not None:
                raise AnswerError(refused)
        return bool(bound)

    def find(self, instrument: str) -> Found | None:
        here = self.discover()
        bound = [f for f in here if str(f.instrument.get("id")) == instrument]
        bound = bound or [f for f in here if f.name == instrument] or [f for f in here if f.definition == instrument]
        if len(bound) > 1:
            names = ", ".join(f"{f.name} at {f.adapter or 'no address'}{f.number_label}" for f in bound)
            raise UnknownDefinitionError(
                f"Several instruments here match {instrument}. Give the name or number of one: {names}"
            )
        return bound[0] if bound else None

    def bind_by_name(self, instrument: str, adapter: str, called: str | None = None) -> None:
        if called is not None:
            own = [f for f in self.discover() if (f.definition, f.name) == (instrument, called)]
            return self.bind(own[0] if own else NewInstrument(self._choice.resolve(instrument), called), adapter)
        bound = self.find(instrument)
        if bound is not None:
            return self.bind(bound, adapter)
        if instrument.isdecimal():
            return self.bind(self._check_number(int(instrument)), adapter)
        if self.store.versions(instrument):
            return self.bind(NewInstrument(self._choice.resolve(instrument)), adapter)
        return self.bind(self._number_by_name(instrument), adapter)

    def _check_number(self, number: int) -> int:
        """Checks that the registry has an instrument with this number, and returns the number.

        Looks for the number in the last list first. Raises `UnknownDefinitionError`, `UnreachableError`.
        """
        if all(one.get("id") != number for one in self.manifest().instruments):
            try:
                self.connection.http.json("GET", f"/api/instruments/{number}")
            except AnswerError as error:
                if error.status != 404:
                    raise
                raise UnknownDefinitionError(f"The registry has no instrument {number}") from error
        return number

    def _number_by_name(self, name: str) -> int:
        """Asks the registry for the number of an instrument. Raises `UnknownDefinitionError`, `UnreachableError`."""
        answer = self.connection.http.json("GET", f"/api/instruments?per_page=200&q={quote(name, safe='')}")
        named = [one for one in answer["items"] if one["name"] == name]
        if len(named) != 1:
            many = "several instruments are called" if named else "no instrument is called"
            raise UnknownDefinitionError(f"In the registry, {many} {name}; give the number instead")
        return int(named[0]["id"])

    def remember_settings(self, instrument: Any, settings: Mapping[str, Any]) -> None:
        body: dict[str, Any] = {"last_settings": plain(settings)}
        adapter = None if isinstance(instrument, Found) else getattr(instrument, "adapter", None)
        if isinstance(adapter, str) and not is_nowhere(adapter) and not self._is_known(instrument, adapter):
            body["adapter"] = adapter
        self.bindings.remember(instrument, body)

    def _is_known(self, instrument: Any, adapter: str | None) -> bool:
        """Whether the instrument was bound before. This is always true for an id and for a `Found`."""
        if isinstance(instrument, (int, Found)):
            return True
        if not {NUMBER, KEY} & instrument.__dict__.keys():
            described = self.bindings.describe(instrument)
            identify_bound(instrument, described["pybirch_class"], described["name"], adapter, self.discover())
        return bool({NUMBER, KEY} & instrument.__dict__.keys())

    def waiting(self) -> int:
        return len(self.bindings.outbox.waiting())

    def goes_before_file(self, name: str) -> bool:
        items = [item for item in self.manifest().items if item.name == name]
        lab = self.manifest().computer.get("lab_id")
        return any(item.bound or (lab is not None and item.fields.get("lab_id") == lab) for item in items) or any(
            found.definition == name for found in self.discover()
        )


class NewInstrument:
    """Stands for an instrument of a definition if the program created no object of that instrument."""

    def __init__(self, installed: Installed, called: str | None = None) -> None:
        self._definition = installed.provenance
        self.name = called or installed.fields.get("display_name") or installed.name
