"""`Registry`, the object that a program on a lab computer uses."""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from . import alarm, instances, updates
from .api import Http
from .approved import add_provider
from .bound import BoundInstruments
from .choice import Choice
from .connection import Connection
from .construct import construct
from .discovery import NUMBER, Found
from .errors import UnknownDefinitionError
from .home import Enrolment, Home
from .instances import CALL, Call
from .library import Library
from .manifest import NAME, Manifest, ManifestFile
from .presence import Presence
from .remembering import RememberingStore
from .report import Progress, SyncReport
from .service import Service
from .store import Installed, Store
from .sync import Syncer
from .text import logger
from .updates import Update
from .versions import Versions
from .watch import OnSync, OnTrouble, watch

log = logger(__name__)


class Registry:
    """The definitions and instruments of this computer. Create it with `Registry.open()`."""

    def __init__(self, home: Home, enrolment: Enrolment) -> None:
        self.home = home
        self.store = Store(home)
        self._listed = ManifestFile(home)
        self.manifest = self._listed.read
        """Returns the list of the last sync, which any process may have run."""
        self._connection = Connection(home, enrolment)
        self._choice = Choice(home, self.store, self.manifest, partial(self._get_older, self.store))
        self._bound = BoundInstruments(self._connection, self.store, self.manifest, self._choice, creator=self)
        self._presence = Presence(home)
        self.library = Library(home, self.manifest)
        add_provider(self.library)
        instances.listen(self._note_loaded)

    @classmethod
    def open(cls, home: Path | str | None = None) -> "Registry":
        """Opens the registry with this computer's enrolment. No network is needed. Raises `NotEnrolledError`."""
        place = Home(home)
        return cls(place, place.enrolment())

    @property
    def enrolment(self) -> Enrolment:
        return self._connection.enrolment

    @property
    def http(self) -> Http:
        """The connection to the registry."""
        return self._connection.http

    # ---------------------------------------------------------------- versions

    def sync(self, names: Sequence[str] = (), progress: Progress | None = None) -> SyncReport:
        """Fetches new versions, and sends settings and bindings to the registry. Loaded versions stay as they are.

        `names` asks for public and built-in definitions, now and at every later sync. Without the network, the report
        has `online` false, and the present versions stay. Raises `NotEnrolledError`, `FolderError`.
        """
        return self._sync(self.store, self._choice, names, progress)

    def _sync(
        self, store: Store, choice: Choice, names: Sequence[str] = (), progress: Progress | None = None
    ) -> SyncReport:
        self._connection.renew()
        self._note_loaded()
        syncer = Syncer(self.home, self.enrolment, self.http, self._bound.bindings, self._listed, store, choice.used)
        report = syncer.run(names, progress)
        self._connection.enrolment = syncer.versions.keys.enrolment
        for update in self.updates():
            if update.revoked is not None:
                text = f"{update.name} v{update.loaded} is in use and was revoked: {update.revoked}"
                report.warnings.append(text)
        alarm.look()
        return report.make_visible()

    def resolve(self, name: str, version: int | None = None) -> Installed:
        """Returns the version to use for a name: `version`, the pinned version or the newest one.

        Raises `UnknownDefinitionError`, `RefusedError`.
        """
        return self._choice.resolve(name, version)

    def fetch(self, name: str, version: int | None) -> Installed:
        """As `resolve`, but first fetches a public or built-in definition that is not here, if the registry can be
        reached. Raises what `resolve` raises.
        """
        try:
            return self.resolve(name, version)
        except UnknownDefinitionError:
            can_come = NAME.fullmatch(name) is not None and self.manifest().newest(name) is None
            if not can_come or not self.enrolment.token or not self.sync([name]).online:
                raise
        return self.resolve(name, version)

    def _get_older(self, store: Store, name: str, version: int, manifest: Manifest) -> Installed:
        return Versions(self.home, self.enrolment, self.http, store).get_older(name, version, manifest)

    def pins(self) -> dict[str, int]:
        """The versions that are pinned on this computer, by name."""
        return self._choice.pins()

    def pin(self, name: str, version: int | None = None) -> Installed:
        """Pins a definition to a version until `unpin`. Without `version`, pins the definition to its present version.

        If the pinned version is revoked later, the newest version that is not revoked is used, and a warning is logged.
        Raises `RefusedError`, `UnknownDefinitionError`, `FolderError`.
        """
        return self._choice.pin(name, version)

    def unpin(self, name: str) -> bool:
        """Removes a pin. Returns whether the definition was pinned. Raises `FolderError`, `UnknownDefinitionError`."""
        return self._choice.unpin(name)

    # ---------------------------------------------------------------- instruments

    def discover(self) -> list[Found]:
        """Lists the instruments that are bound to this computer. Creates no objects."""
        return self._bound.discover()

    def load(self, definition: str, version: int | None = None) -> type:
        """Returns the class of a definition. Raises what `create` raises."""
        installed = self.fetch(definition, version)
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
        """Creates an instrument of a definition. Uses `version`, the pinned version or the newest one.

        `adapter` is a VISA address (`GPIB::8::INSTR`). `options` are passed to the constructor. Raises `RefusedError`,
        `UnknownDefinitionError`, `ConstructionError`, or any error that the definition's code raises.
        """
        installed = self.fetch(definition, version)
        return self._create(installed, Call(adapter, name, options, version))

    def _create(self, installed: Installed, call: Call) -> Any:
        cls = self.library.load(installed.name, installed.commit)
        shown = installed.fields.get("display_name") or installed.name
        instance = construct(cls, call.name, call.adapter, shown, call.options)
        instance.__dict__[CALL] = call
        instances.remember(instance)
        return instance

    def instruments(self) -> list[Any]:
        """Lists the instruments in use in this process. Instruments from another data folder are left out."""
        return [one for one in instances.list_live() if self._holds(getattr(one, "_definition", None))]

    def _holds(self, origin: Any) -> bool:
        return isinstance(origin, dict) and self.store.folder(origin["name"], origin["commit"]).is_dir()

    def _note_loaded(self) -> None:
        """Records which versions this program uses. A sync by any program reports the versions of all programs."""
        loaded: dict[str, int] = {}
        for one in self.instruments():
            name, version = one._definition["name"], one._definition["version"]
            loaded[name] = min(version, loaded.get(name, version))
        self._presence.record(loaded)

    def updates(self) -> list[Update]:
        """Lists the instruments in use that would get another version after a restart, and those that use a revoked
        version.
        """
        return updates.find_updates(self.instruments(), self.manifest(), self._make_resolver())

    def _make_resolver(self) -> Callable[[Any], Installed]:
        """Returns a function that finds the version which an instrument would get after a restart.

        A pin of the instrument's binding takes precedence over a pin of the definition.
        """
        pinned = {found.instrument.get("id"): found.version for found in self.discover()}

        def resolve(instrument: Any) -> Installed:
            number = instrument.__dict__.get(NUMBER)
            return self.resolve(instrument._definition["name"], pinned.get(number) if number is not None else None)

        return resolve

    def reload(self, instrument: Any) -> Any:
        """Shuts an instrument down, and returns a new one with its settings. The new instrument has the version that a
        restart would use.

        The new class is loaded first: if that fails, the old instrument stays as it is. If the new instrument cannot be
        constructed, the old object is opened again. Raises what `create` raises.
        """
        installed = self._make_resolver()(instrument)
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
        """Stores an instrument's address on this computer at once, and in the registry as soon as possible.

        `instrument` is an object that `create` made, one that `discover` found, or an instrument's id. If the registry
        does not know the instrument, it adds the instrument to this computer's lab. If a later program binds an object
        with the same name at the same address, it binds the same instrument. Without an address, or with one of
        PyBirch's placeholders, the instrument is bound and keeps its present address. `is_primary` says whether this
        computer is the instrument's usual one. By default, the first computer of an instrument is its usual one.

        Raises `AddressError`, `FolderError`, and `AnswerError` if the registry refuses the binding.
        """
        self._bound.bind(instrument, adapter, adapter_type, is_primary)

    def unbind(self, instrument: Any) -> bool:
        """Deletes an instrument's binding on this computer at once, and in the registry as soon as possible.

        The registry keeps the instrument. `instrument` is what `bind` accepts. Returns whether the instrument was bound
        here. Raises `FolderError`, `AnswerError`.
        """
        return self._bound.unbind(instrument)

    def find_bound(self, instrument: str) -> Found | None:
        """Finds an instrument that is bound here, by its number, its name or the name of its definition.

        Finds instruments that the registry does not know yet, too. Raises `UnknownDefinitionError` if several match.
        """
        return self._bound.find(instrument)

    def bind_by_name(self, instrument: str, adapter: str, called: str | None = None) -> None:
        """Binds an instrument as `bind` does. `instrument` is its number, its name here or in the registry, or a
        definition's name.

        A definition's name stands for the only instrument here that uses the definition, or for a new one if there is
        none. `called` names an instrument of the definition. If there is no instrument with this name, it is added.
        Raises `UnknownDefinitionError`, `UnreachableError`.
        """
        self._bound.bind_by_name(instrument, adapter, called)

    def save_settings(self, instrument: Any) -> None:
        """Stores an instrument's settings, which `discover` returns later. Newer settings replace older ones. Raises
        `FolderError`.
        """
        self.remember_settings(instrument, instrument.settings)

    def remember_settings(self, instrument: Any, settings: Mapping[str, Any]) -> None:
        """Stores the given settings, as `save_settings` does. `instrument` may be an instrument's id."""
        self._bound.remember_settings(instrument, settings)

    def waiting(self) -> int:
        """Counts the settings and bindings that the registry has not accepted yet."""
        return self._bound.waiting()

    # ---------------------------------------------------------------- beside PyBirch

    def choose(self, file_based: Mapping[str, type]) -> dict[str, type]:
        """Merges definitions into the classes that a program loads from files. The keys are names.

        If a name has a class and a definition, the definition is used if it is bound here or belongs to this computer's
        lab. A warning is then logged. Otherwise the class from the file is used. A definition that cannot be loaded is
        left out, and an error is logged. If the broken definition would replace a file, this method raises what `load`
        raises: nobody would notice that the file is used instead.
        """
        chosen = dict(file_based)
        for name in self.store.names():
            if name in chosen and not self.goes_before_file(name):
                continue
            try:
                cls = self.load(name)
            except Exception as error:  # a definition's code may raise anything
                if name in chosen:
                    raise
                log.error("%s is left out: %s", name, error)
                continue
            if name in chosen:
                log.warning("%s: the registry's definition is used instead of the file", name)
            chosen[name] = cls
        return chosen

    def goes_before_file(self, name: str) -> bool:
        """Whether a definition takes precedence over a class with the same name from a file."""
        return self._bound.goes_before_file(name)

    def service(self, database: Any = None) -> Service:
        """Returns the database service for PyBirch's `InstrumentFactory` and instrument tree.

        If `database` is PyBirch's own `DatabaseService`, every part of PyBirch can use the service.
        """
        return Service(self._bound, self._choice, database)

    def watch(self, on_sync: OnSync, on_trouble: OnTrouble | None = None, stop: threading.Event | None = None) -> None:
        """Syncs now, and then within a second of every landing, until `stop` is set.

        `on_sync` is called with each report. `on_trouble` is called with each failure and the seconds until the next
        attempt. Raises `NotEnrolledError`.
        """
        watch(self._connection, self._make_sync(), on_sync, on_trouble, stop)

    def _make_sync(self) -> Callable[[], SyncReport]:
        """Returns a function that syncs. Each call of the function checks only what has changed since the call
        before.
        """
        store = RememberingStore(self.home)
        choice = Choice(self.home, store, self.manifest, partial(self._get_older, store))

        def sync() -> SyncReport:
            store.look()
            return self._sync(store, choice)

        return sync
