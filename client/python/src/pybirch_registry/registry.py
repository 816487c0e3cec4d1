"""The one object that a program on a lab computer needs."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import alarm, instances, updates
from .addresses import check_address, is_nowhere
from .api import Http
from .bindings import Bindings, adapter_type_of, number_of, plain
from .choice import Choice
from .computer import get_computer_info
from .construct import construct
from .discovery import KEY, NUMBER, Found, discover, find_again
from .errors import AnswerError, RegistryError, UnknownDefinitionError
from .finder import add_shelf
from .home import Enrolment, Home
from .instances import CALL, Call
from .library import Library
from .manifest import NAME, Manifest, ManifestFile
from .outbox import now
from .presence import Presence
from .service import Service
from .store import Installed, Store
from .sync import Progress, Syncer, SyncReport
from .text import logger
from .updates import Update
from .versions import Versions

log = logger(__name__)


class Registry:
    """The definitions of this computer. Make one with `Registry.open()`."""

    def __init__(self, home: Home, enrolment: Enrolment) -> None:
        self.home = home
        self.enrolment = enrolment
        self.store = Store(home)
        self.manifest = ManifestFile(home.manifest).read
        """What the last sync brought, by this process or another."""
        self._http: Http | None = None
        self._choice = Choice(home, self.store, self.manifest, self._older)
        self._bindings = Bindings(home, enrolment.computer_name, self._describe)
        self._presence = Presence(home)
        self.library = Library(home, self.manifest)
        add_shelf(self.library)
        instances.listen(self._tell_of_loaded)

    @classmethod
    def open(cls, home: Path | str | None = None) -> "Registry":
        """With the enrolment of this computer; needs no network. Raises `NotEnrolledError`."""
        place = Home(home)
        return cls(place, place.enrolment())

    @property
    def http(self) -> Http:
        """The connection to the registry; made when it is first needed."""
        if self._http is None:
            self._http = Http(self.enrolment.url, self.enrolment.token)
        return self._http

    def renew(self) -> bool:
        """Takes over an enrolment that another program has made since; whether there was one."""
        fresh = self.home.enrolment()
        if fresh == self.enrolment:
            return False
        self.enrolment, self._http = fresh, None
        self._bindings = Bindings(self.home, fresh.computer_name, self._describe)
        return True

    # ---------------------------------------------------------------- versions

    def sync(self, names: Sequence[str] = (), progress: Progress | None = None) -> SyncReport:
        """What came, what stayed, what was refused and why. Never touches what is loaded.

        `names` asks for public and built-in definitions, now and from then on. Without the network the report says
        so (`online` is false) and the last good versions stay. Raises `NotEnrolledError`, `FolderError`.
        """
        self.renew()
        self._tell_of_loaded()
        syncer = Syncer(self.home, self.enrolment, self.http, self._bindings, self._used)
        report = syncer.run(names, progress)
        self.enrolment = syncer.versions.keys.enrolment
        for update in self.updates():
            if update.revoked is not None:
                text = f"{update.name} v{update.loaded} is in use and was revoked: {update.revoked}"
                report.warnings.append(text)
        alarm.look()
        return report.made_visible()

    def resolve(self, name: str, version: int | None = None) -> Installed:
        """Which version on this computer a name means: the one given, pinned here, or newest.

        Raises `UnknownDefinitionError`, `RefusedError`.
        """
        return self._choice.resolve(name, version)

    def _resolve_or_ask(self, name: str, version: int | None) -> Installed:
        """A public or built-in definition that nobody asked for yet comes now, if the registry can be reached."""
        try:
            return self.resolve(name, version)
        except UnknownDefinitionError:
            can_come = NAME.fullmatch(name) is not None and self.manifest().newest(name) is None
            if not can_come or not self.enrolment.token or not self.sync([name]).online:
                raise
        return self.resolve(name, version)

    def _older(self, name: str, version: int, manifest: Manifest) -> Installed:
        return Versions(self.home, self.enrolment, self.http, self.store).older(name, version, manifest)

    def _used(self) -> list[Installed]:
        """The versions that a new start takes."""
        found = []
        for name in self.store.names():
            with suppress(RegistryError):
                found.append(self.resolve(name))
        return found

    def pins(self) -> dict[str, int]:
        """Versions that were chosen on this computer, by name."""
        return self._choice.pins()

    def pin(self, name: str, version: int | None = None) -> Installed:
        """Stays at a version (by default the present one) until `unpin`. One that is revoked later gives way to the
        newest that stands, with a warning. Raises `RefusedError`, `UnknownDefinitionError`, `FolderError`."""
        return self._choice.pin(name, version)

    def unpin(self, name: str) -> bool:
        """Whether there was a pin. Raises `FolderError`, `UnknownDefinitionError`."""
        return self._choice.unpin(name)

    # ---------------------------------------------------------------- instruments

    def discover(self) -> list[Found]:
        """The instruments that are bound to this computer, none of them created yet."""
        return discover(self, self.manifest(), self._bindings.outbox)

    def load(self, definition: str, version: int | None = None) -> type:
        """The class itself. Raises as `create` does."""
        installed = self._resolve_or_ask(definition, version)
        return self.library.load(installed.name, installed.commit)

    def create(
        self,
        definition: str,
        /,
        adapter: str | None = None,
        version: int | None = None,
        name: str | None = None,
        **options: Any,
    ) -> Any:
        """An instrument of a definition, at the version given, pinned here, or newest.

        `adapter` is a VISA address (`GPIB::8::INSTR`); `options` go to the constructor. Raises `RefusedError`,
        `UnknownDefinitionError`, `ConstructionError`, or what the definition's own code raises.
        """
        installed = self._resolve_or_ask(definition, version)
        return self._create(installed, Call(adapter, name, options, version))

    def _create(self, installed: Installed, call: Call) -> Any:
        cls = self.library.load(installed.name, installed.commit)
        shown = installed.fields.get("display_name") or installed.name
        instance = construct(cls, call.name, call.adapter, shown, call.options)
        instance.__dict__[CALL] = call
        instances.remember(instance)
        return instance

    def instruments(self) -> list[Any]:
        """Those in use in this process whose version is in this folder."""
        return [one for one in instances.live() if self._holds(getattr(one, "_definition", None))]

    def _holds(self, origin: Any) -> bool:
        return isinstance(origin, dict) and self.store.folder(origin["name"], origin["commit"]).is_dir()

    def _tell_of_loaded(self) -> None:
        loaded: dict[str, int] = {}
        for one in self.instruments():
            name, version = one._definition["name"], one._definition["version"]
            loaded[name] = min(version, loaded.get(name, version))
        self._presence.tell(loaded)

    def updates(self) -> list[Update]:
        """Instruments in use that a new start would give another version, and those whose version was revoked."""
        return updates.find_updates(self.instruments(), self.manifest(), self._anew())

    def _anew(self) -> Callable[[Any], Installed]:
        """Which version a new start gives an instrument: that of its binding, where it is pinned to one."""
        pinned = {found.instrument.get("id"): found.version for found in self.discover()}

        def resolve(instrument: Any) -> Installed:
            number = instrument.__dict__.get(NUMBER)
            return self.resolve(instrument._definition["name"], pinned.get(number) if number is not None else None)

        return resolve

    def reload(self, instrument: Any) -> Any:
        """Shuts an instrument down and gives it anew at the version of a new start, with its settings.

        The new class is loaded first: where that fails, nothing happened to the old instrument. Where the new one
        cannot be constructed, the old object is opened again. Raises as `create` does.
        """
        installed = self._anew()(instrument)
        self.library.load(installed.name, installed.commit)
        return updates.reload(instrument, lambda call: self._create(installed, call))

    # ---------------------------------------------------------------- bindings

    def bind(
        self,
        instrument: Any,
        adapter: str | None = None,
        adapter_type: str | None = None,
        is_primary: bool | None = None,
    ) -> None:
        """Remembers an instrument's address on this computer, at once here and as soon as may be in the registry.

        `instrument` is an object that `create` made, one that `discover` found, or an instrument's id. One that the
        registry does not know yet is made in this computer's lab; bound again by a later program, at the same address
        and by the same name, it is the same one. Without an address it is bound all the same, and keeps the address
        that it has; PyBirch's placeholders are none. `is_primary` is whether this computer is where it usually is;
        where nobody says, the first is. Raises `AddressError`, `FolderError`, and `AnswerError` where the registry
        refuses it.
        """
        address = None if adapter is None or is_nowhere(adapter) else check_address(adapter)
        self._is_known(instrument, address)
        info = get_computer_info(self.home.root)
        body: dict[str, Any] = {"computer_id": info["computer_id"], "username": info["username"]}
        if address is not None:
            body |= {"adapter": address, "adapter_type": adapter_type or adapter_type_of(address)}
        if is_primary is not None:
            body["is_primary"] = is_primary
        if getattr(instrument, "status", False) is True:
            body["last_connected"] = now()
        refused = self._bindings.remember(self.http, instrument, body)
        if refused is not None:
            raise AnswerError(refused)

    def unbind(self, instrument: Any) -> bool:
        """Forgets where an instrument is on this computer, at once here and as soon as may be in the registry, which
        keeps the instrument. Whether it was bound here. `instrument` is as for `bind`. Raises `FolderError`,
        `AnswerError`.
        """
        number = number_of(instrument)
        key = instrument.key if isinstance(instrument, Found) else getattr(instrument, "__dict__", {}).get(KEY)
        bound = [f for f in self.discover() if (number_of(f), f.key) == (number, f.key if number is not None else key)]
        for found in bound[:1]:
            refused = self._bindings.forget(self.http, found)
            if refused is not None:
                raise AnswerError(refused)
        return bool(bound)

    def find_bound(self, instrument: str) -> Found | None:
        """The instrument bound here that a number, a name, or a definition's name means, whether or not the registry
        knows of it yet. Raises `UnknownDefinitionError` where there are several."""
        here = self.discover()
        bound = [f for f in here if str(f.instrument.get("id")) == instrument]
        bound = bound or [f for f in here if f.name == instrument] or [f for f in here if f.definition == instrument]
        if len(bound) > 1:
            names = ", ".join(f"{f.name} at {f.adapter or 'no address'}{f.numbered}" for f in bound)
            raise UnknownDefinitionError(f"{instrument} is bound here more than once: give a name or number of {names}")
        return bound[0] if bound else None

    def bind_by_name(self, instrument: str, adapter: str, called: str | None = None) -> None:
        """As `bind`, for an instrument's number, the name of one bound here or known to the registry, or a definition.

        A definition's name means the one instrument here that uses it, or makes a new one. `called` means the one of a
        definition that has this name, or makes it. Raises `UnknownDefinitionError`, `UnreachableError`.
        """
        if called is not None:
            own = [f for f in self.discover() if (f.definition, f.name) == (instrument, called)]
            return self.bind(own[0] if own else Unmade(self.resolve(instrument), called), adapter)
        bound = self.find_bound(instrument)
        if bound is not None:
            return self.bind(bound, adapter)
        if instrument.isdecimal():
            return self.bind(self._known_number(int(instrument)), adapter)
        if self.store.versions(instrument):
            return self.bind(Unmade(self.resolve(instrument)), adapter)
        answer = self.http.json("GET", f"/api/instruments?per_page=200&q={quote(instrument, safe='')}")
        named = [one for one in answer["items"] if one["name"] == instrument]
        if len(named) != 1:
            many = "several instruments are called" if named else "no instrument is called"
            raise UnknownDefinitionError(f"In the registry {many} {instrument}; give its number")
        return self.bind(int(named[0]["id"]), adapter)

    def _known_number(self, number: int) -> int:
        """Of one in the last list, or else in the registry. Raises `UnknownDefinitionError`, `UnreachableError`."""
        if all(one.get("id") != number for one in self.manifest().instruments):
            try:
                self.http.json("GET", f"/api/instruments/{number}")
            except AnswerError as error:
                if error.status != 404:
                    raise
                raise UnknownDefinitionError(f"The registry has no instrument {number}") from error
        return number

    def save_settings(self, instrument: Any) -> None:
        """Remembers its settings for the next `discover`; the newest win. Raises `FolderError`."""
        self.remember_settings(instrument, instrument.settings)

    def remember_settings(self, instrument: Any, settings: Mapping[str, Any]) -> None:
        """As `save_settings`, with the settings given. `instrument` may be an instrument's id."""
        body: dict[str, Any] = {"last_settings": plain(settings)}
        adapter = None if isinstance(instrument, Found) else getattr(instrument, "adapter", None)
        if isinstance(adapter, str) and not is_nowhere(adapter) and not self._is_known(instrument, adapter):
            body["adapter"] = adapter
        self._bindings.remember(self.http, instrument, body)

    def _is_known(self, instrument: Any, adapter: str | None) -> bool:
        """Whether an object stands for an instrument that was bound before; an id, or what was found, always does."""
        if isinstance(instrument, (int, Found)):
            return True
        if not {NUMBER, KEY} & instrument.__dict__.keys():
            told = self._describe(instrument)
            find_again(instrument, told["pybirch_class"], told["name"], adapter, self.discover())
        return bool({NUMBER, KEY} & instrument.__dict__.keys())

    def _describe(self, instrument: Any) -> dict[str, Any]:
        """What the registry needs to make an instrument."""
        origin = getattr(instrument, "_definition", None) or {}
        name = origin.get("name", type(instrument).__name__)
        known = self.store.versions(name)
        return {
            "name": getattr(instrument, "nickname", None) or getattr(instrument, "name", name),
            "pybirch_class": name,
            "definition_id": known[0].id if known else None,
        }

    def waiting(self) -> int:
        """How many settings and bindings the registry has not taken yet."""
        return len(self._bindings.outbox.waiting())

    # ---------------------------------------------------------------- beside PyBirch

    def choose(self, file_based: Mapping[str, type]) -> dict[str, type]:
        """Classes by name for a program that also has classes from files: which of two with one name to use.

        A definition goes before the file if it is bound here or the lab's own, and that is logged; a public or
        built-in one never displaces a file. One that does not load is left out, and that is logged; where a file of
        its name is there, raises as `load` does, for none of the two can be used in the other's place unnoticed.
        """
        chosen = dict(file_based)
        for name in self.store.names():
            if name in chosen and not self.goes_before_file(name):
                continue
            try:
                cls = self.load(name)
            except Exception as error:  # a definition's own code may raise anything
                if name in chosen:
                    raise
                log.error("%s is left out: %s", name, error)
                continue
            if name in chosen:
                log.warning("%s: the registry's definition is used instead of the file", name)
            chosen[name] = cls
        return chosen

    def goes_before_file(self, name: str) -> bool:
        """Whether a definition takes precedence over a class of the same name in a file."""
        items = [item for item in self.manifest().items if item.name == name]
        lab = self.manifest().computer.get("lab_id")
        return any(item.bound or (lab is not None and item.fields.get("lab_id") == lab) for item in items) or any(
            found.definition == name for found in self.discover()
        )

    def service(self, database: Any = None) -> Service:
        """What PyBirch's `InstrumentFactory` and instrument tree take as their database service; with PyBirch's own
        `DatabaseService` behind it, what any part of PyBirch takes."""
        return Service(self, database)

    def watch(
        self,
        on_sync: Callable[[SyncReport], None],
        on_trouble: Callable[[RegistryError, float], None] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        """Syncs now and within a second of every landing, until `stop` is set.

        `on_sync` gets each report; `on_trouble` each failure, with the seconds until the next attempt. Raises
        `NotEnrolledError`.
        """
        from .watch import watch

        watch(self, on_sync, on_trouble, stop)


class Unmade:
    """Stands for an instrument that no object was made of."""

    def __init__(self, installed: Installed, called: str | None = None) -> None:
        self._definition = installed.provenance
        self.name = called or installed.fields.get("display_name") or installed.name
