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
    """The definitions and instruments of this computer. Make one with `Registry.open()`."""

    def __init__(self, home: Home, enrolment: Enrolment) -> None:
        self.home = home
        self.store = Store(home)
        self._listed = ManifestFile(home)
        self.manifest = self._listed.read
        """Reads the list of the last sync, whichever process ran it."""
        self._connection = Connection(home, enrolment)
        self._choice = Choice(home, self.store, self.manifest, partial(self._get_older, self.store))
        self._bound = BoundInstruments(self._connection, self.store, self.manifest, self._choice, creator=self)
        self._presence = Presence(home)
        self.library = Library(home, self.manifest)
        add_provider(self.library)
        instances.listen(self._note_loaded)

    @classmethod
    def open(cls, home: Path | str | None = None) -> "Registry":
        """Opens the registry with this computer's enrolment. Needs no network. Raises `NotEnrolledError`."""
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
        """Brings new versions and sends what waits. Never touches what is loaded.

        `names` asks for public and built-in definitions, now and at every later sync. Without the network, the report
        has `online` false and the last good versions stay. Raises `NotEnrolledError`, `FolderError`.
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
        """Returns the version that a name means here: the one given, the one pinned, or the newest.

        Raises `UnknownDefinitionError`, `RefusedError`.
        """
        return self._choice.resolve(name, version)

    def _resolve_or_sync(self, name: str, version: int | None) -> Installed:
        """Brings a public or built-in definition that is not here yet, if the registry can be reached."""
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
        """Keeps a definition at a version, by default the present one, until `unpin`.

        If the pinned version is revoked later, the newest version that is not revoked is used, with a warning. Raises
        `RefusedError`, `UnknownDefinitionError`, `FolderError`.
        """
        return self._choice.pin(name, version)

    def unpin(self, name: str) -> bool:
        """Removes a pin. Returns whether there was one. Raises `FolderError`, `UnknownDefinitionError`."""
        return self._choice.unpin(name)

    # ---------------------------------------------------------------- instruments

    def discover(self) -> list[Found]:
        """Lists the instruments that are bound to this computer. Creates none of them."""
        return self._bound.discover()

    def load(self, definition: str, version: int | None = None) -> type:
        """Returns the class of a definition. Raises as `create` does."""
        installed = self._resolve_or_sync(definition, version)
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
        """Creates an instrument of a definition, at the version given, the one pinned, or the newest.

        `adapter` is a VISA address (`GPIB::8::INSTR`). `options` are passed to the constructor. Raises `RefusedError`,
        `UnknownDefinitionError`, `ConstructionError`, or what the definition's own code raises.
        """
        installed = self._resolve_or_sync(definition, version)
        return self._create(installed, Call(adapter, name, options, version))

    def _create(self, installed: Installed, call: Call) -> Any:
        cls = self.library.load(installed.name, installed.commit)
        shown = installed.fields.get("display_name") or installed.name
        instance = construct(cls, call.name, call.adapter, shown, call.options)
        instance.__dict__[CALL] = call
        instances.remember(instance)
        return instance

    def instruments(self) -> list[Any]:
        """Lists the instruments in use in this process whose versions are in this data folder."""
        return [one for one in instances.list_live() if self._holds(getattr(one, "_definition", None))]

    def _holds(self, origin: Any) -> bool:
        return isinstance(origin, dict) and self.store.folder(origin["name"], origin["commit"]).is_dir()

    def _note_loaded(self) -> None:
        """Records which versions this program uses, for syncs of other programs."""
        loaded: dict[str, int] = {}
        for one in self.instruments():
            name, version = one._definition["name"], one._definition["version"]
            loaded[name] = min(version, loaded.get(name, version))
        self._presence.record(loaded)

    def updates(self) -> list[Update]:
        """Lists the instruments in use that would get another version after a restart or whose version was revoked."""
        return updates.find_updates(self.instruments(), self.manifest(), self._make_resolver())

    def _make_resolver(self) -> Callable[[Any], Installed]:
        """Returns a function that finds the version an instrument would get after a restart.

        A pin of its binding goes before a pin of the definition.
        """
        pinned = {found.instrument.get("id"): found.version for found in self.discover()}

        def resolve(instrument: Any) -> Installed:
            number = instrument.__dict__.get(NUMBER)
            return self.resolve(instrument._definition["name"], pinned.get(number) if number is not None else None)

        return resolve

    def reload(self, instrument: Any) -> Any:
        """Shuts an instrument down and returns a new one, with its settings, at the version of a restart.

        The new class is loaded first: if that fails, the old instrument is untouched. If the new instrument cannot be
        constructed, the old object is opened again. Raises as `create` does.
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
        """Remembers an instrument's address on this computer: here at once, in the registry as soon as possible.

        `instrument` is an object that `create` made, one that `discover` found, or an instrument's id. The registry
        adds an instrument that it does not know to this computer's lab. An object that a later program binds at the
        same address and with the same name is the same instrument. Without an address, or with one of PyBirch's
        placeholders, the instrument is bound and keeps its present address. `is_primary` says whether this computer is
        the instrument's usual one; by default, the first computer is.

        Raises `AddressError`, `FolderError`, and `AnswerError` if the registry refuses the binding.
        """
        self._bound.bind(instrument, adapter, adapter_type, is_primary)

    def unbind(self, instrument: Any) -> bool:
        """Forgets an instrument's address on this computer: here at once, in the registry as soon as possible.

        The registry keeps the instrument. `instrument` is as for `bind`. Returns whether it was bound here. Raises
        `FolderError`, `AnswerError`.
        """
        return self._bound.unbind(instrument)

    def find_bound(self, instrument: str) -> Found | None:
        """Finds an instrument bound here by its number, its name, or its definition's name.

        Finds those that the registry does not know yet, too. Raises `UnknownDefinitionError` if there are several.
        """
        return self._bound.find(instrument)

    def bind_by_name(self, instrument: str, adapter: str, called: str | None = None) -> None:
        """As `bind`, for an instrument's number, its name here or in the registry, or a definition's name.

        A definition's name means the one instrument here that uses it; if there is none, a new one. `called` names an
        instrument of that definition, which is added if it is new. Raises `UnknownDefinitionError`, `UnreachableError`.
        """
        self._bound.bind_by_name(instrument, adapter, called)

    def save_settings(self, instrument: Any) -> None:
        """Remembers an instrument's settings for the next `discover`. The newest win. Raises `FolderError`."""
        self.remember_settings(instrument, instrument.settings)

    def remember_settings(self, instrument: Any, settings: Mapping[str, Any]) -> None:
        """As `save_settings`, with the settings given. `instrument` may be an instrument's id."""
        self._bound.remember_settings(instrument, settings)

    def waiting(self) -> int:
        """Counts the settings and bindings that the registry has not accepted yet."""
        return self._bound.waiting()

    # ---------------------------------------------------------------- beside PyBirch

    def choose(self, file_based: Mapping[str, type]) -> dict[str, type]:
        """Merges definitions into the classes that a program has from files, by name.

        If a name has both, the definition is used if it is bound here or belongs to this computer's lab, with a
        warning in the log. Otherwise the file is used. A definition that does not load is left out, with an error in
        the log, unless it replaces a file: then this raises as `load` does, because using the file instead would go
        unnoticed.
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
        """Whether a definition takes precedence over a class of the same name from a file."""
        return self._bound.goes_before_file(name)

    def service(self, database: Any = None) -> Service:
        """Returns the database service for PyBirch's `InstrumentFactory` and instrument tree.

        With PyBirch's own `DatabaseService` as `database`, every part of PyBirch can use it.
        """
        return Service(self._bound, self._choice, database)

    def watch(self, on_sync: OnSync, on_trouble: OnTrouble | None = None, stop: threading.Event | None = None) -> None:
        """Syncs now and within a second of every landing, until `stop` is set.

        `on_sync` gets each report. `on_trouble` gets each failure, and the seconds until the next attempt. Raises
        `NotEnrolledError`.
        """
        watch(self._connection, self._make_sync(), on_sync, on_trouble, stop)

    def _make_sync(self) -> Callable[[], SyncReport]:
        """Returns a function that syncs and checks only what has changed since its last call."""
        store = RememberingStore(self.home)
        choice = Choice(self.home, store, self.manifest, partial(self._get_older, store))

        def sync() -> SyncReport:
            store.look()
            return self._sync(store, choice)

        return sync
