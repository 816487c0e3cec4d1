"""The one object that a program on a lab computer needs."""

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import instances
from .api import Http
from .computer import get_computer_info
from .construct import construct
from .discovery import Found, adapter_type_of, apply_settings, discover
from .driver import close_session
from .errors import RefusedError, RegistryError, UnknownDefinitionError, UnreachableError
from .files import locked, read_json, write_json
from .finder import add_shelf
from .home import Enrolment, Home
from .library import Library
from .manifest import Manifest
from .outbox import Outbox, now
from .service import Service
from .store import Installed, Store
from .sync import Progress, Syncer, SyncReport, last_manifest
from .versions import Versions

log = logging.getLogger(__name__)

SEND_NOW_S = 3.0
"""How long `bind` and `save_settings` wait for the registry before they leave it to the next sync, in seconds."""


@dataclass(frozen=True)
class Update:
    """An instrument in use whose version is not the one that a new start would take."""

    instrument: Any
    name: str
    loaded: int
    newest: int
    revoked: str | None
    """Why the loaded version was revoked, or None where it stands."""


class Registry:
    """The definitions of this computer. Make one with `Registry.open()`."""

    def __init__(self, home: Home, enrolment: Enrolment) -> None:
        self.home = home
        self.enrolment = enrolment
        self.store = Store(home)
        self.outbox = Outbox(home)
        self._http: Http | None = None
        self._manifest: tuple[object, Manifest] | None = None
        self.library = Library(home, self.manifest)
        add_shelf(self.library)

    @classmethod
    def open(cls, home: Path | str | None = None) -> "Registry":
        """With the enrolment of this computer; needs no network. Raises `NotEnrolledError`."""
        place = Home(home)
        return cls(place, place.enrolment())

    @property
    def http(self) -> Http:
        if self._http is None:
            self._http = Http(self.enrolment.url, self.enrolment.token)
        return self._http

    def manifest(self) -> Manifest:
        """What the last sync brought, by this process or another."""
        try:
            stat = self.home.manifest.stat()
            stamp: object = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        except OSError:
            stamp = None
        if self._manifest is None or self._manifest[0] != stamp:
            self._manifest = (stamp, last_manifest(self.home))
        return self._manifest[1]

    def sync(self, names: Sequence[str] = (), progress: Progress | None = None) -> SyncReport:
        """What came, what stayed, what was refused and why. Never touches what is loaded.

        `names` asks for public and built-in definitions, now and from then on. Without the network the report says
        so (`online` is false) and the last good versions stay. Raises `NotEnrolledError`, `FolderError`.
        """
        loaded = {i._definition["name"]: i._definition["version"] for i in self.instruments()}
        syncer = Syncer(self.home, self.enrolment, self.http)
        report = syncer.run(names, loaded, progress)
        self.enrolment = syncer.versions.enrolment
        for update in self.updates():
            if update.revoked is not None:
                text = f"{update.name} v{update.loaded} is in use and was revoked: {update.revoked}"
                log.error("%s", text)
                report.warnings.append(text)
        return report

    def discover(self) -> list[Found]:
        """The instruments that are bound to this computer, none of them created yet."""
        return discover(self, self.manifest(), self.outbox)

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
        cls = self.library.load(installed.name, installed.commit)
        shown = installed.fields.get("display_name") or installed.name
        instance = construct(cls, name, adapter, shown, options)
        instance.__dict__["_registry_call"] = {"adapter": adapter, "name": name, "options": options}
        instances.remember(instance)
        return instance

    def load(self, definition: str, version: int | None = None) -> type:
        """The class itself. Raises as `create` does."""
        installed = self._resolve_or_ask(definition, version)
        return self.library.load(installed.name, installed.commit)

    def _resolve_or_ask(self, name: str, version: int | None) -> Installed:
        """A public or built-in definition that nobody asked for yet comes now, if the registry can be reached."""
        try:
            return self.resolve(name, version)
        except UnknownDefinitionError:
            if self.manifest().newest(name) is not None or not self.sync([name]).online:
                raise
        return self.resolve(name, version)

    def resolve(self, name: str, version: int | None = None) -> Installed:
        """Which version on this computer a name means. Raises `UnknownDefinitionError`, `RefusedError`."""
        wanted = version or self.pins().get(name)
        if wanted is not None:
            return self._exactly(name, wanted)
        listed = self.manifest()
        known = {i.commit: i for i in self.store.versions(name)}
        items = sorted((i for i in listed.items if i.name == name), key=lambda i: -i.version)
        offered = [known[i.commit] for i in items if i.commit in known]
        standing = [i for i in offered or known.values() if listed.revocation(i.commit) is None]
        if not standing:
            self._explain(name, listed, bool(known))
        return standing[0]

    def _exactly(self, name: str, version: int) -> Installed:
        listed = self.manifest()
        item = listed.find(name, version)
        for installed in self.store.versions(name):
            if installed.version == version and (item is None or item.commit == installed.commit):
                return installed
        return Versions(self.home, self.enrolment, self.http, self.store).older(name, version, listed)

    def _explain(self, name: str, listed: Manifest, is_known: bool) -> None:
        if is_known:
            raise RefusedError(f"Every version of {name} on this computer was revoked")
        if listed.newest(name):
            raise UnknownDefinitionError(f"{name} has not arrived yet. Run: pybirch-registry sync")
        raise UnknownDefinitionError(
            f"No definition {name} on this computer. If it is a public or built-in one, ask for it: "
            f"pybirch-registry sync {name}"
        )

    def instruments(self) -> list[Any]:
        """Those in use in this process whose version is in this folder."""
        return [one for one in instances.live() if self._holds(getattr(one, "_definition", None))]

    def _holds(self, origin: Any) -> bool:
        return isinstance(origin, dict) and self.store.read(origin["name"], origin["commit"]) is not None

    def updates(self) -> list[Update]:
        """Instruments in use that a new start would give another version, and those whose version was revoked."""
        found = []
        listed = self.manifest()
        for instance in self.instruments():
            loaded = instance._definition
            revoked = listed.revocation(loaded["commit"])
            try:
                newest = self.resolve(loaded["name"]).version
            except RegistryError:
                newest = loaded["version"]
            if newest != loaded["version"] or revoked is not None:
                found.append(Update(instance, loaded["name"], loaded["version"], newest, revoked))
        return found

    def reload(self, instrument: Any) -> Any:
        """Shuts an instrument down and gives it anew at the version of a new start, with its settings.

        The new class is loaded first: where that fails, the old instrument goes on unharmed. Raises as `create`
        does.
        """
        installed = self.resolve(instrument._definition["name"])
        self.library.load(installed.name, installed.commit)
        call = instrument.__dict__.get("_registry_call", {})
        settings = instrument.settings
        adapter = getattr(instrument, "adapter", None) or call.get("adapter")
        instrument.shutdown()
        close_session(instrument)
        fresh = self.create(
            installed.name,
            adapter=adapter,
            version=installed.version,
            name=getattr(instrument, "name", call.get("name")),
            **call.get("options", {}),
        )
        for key in ("nickname", "_registry_instrument"):
            if key in instrument.__dict__:
                setattr(fresh, key, instrument.__dict__[key])
        apply_settings(fresh, settings)
        instances.forget(instrument)
        return fresh

    def bind(self, instrument: Any, adapter: str, adapter_type: str | None = None) -> None:
        """Remembers an instrument's address on this computer, at once here and as soon as may be in the registry.

        `instrument` is an object that came from `create` or `discover`, or an instrument's id. One that the registry
        does not know yet is made in this computer's lab. Raises `FolderError`.
        """
        body = {
            **{key: get_computer_info(self.home.root)[key] for key in ("computer_id", "username")},
            "adapter": adapter,
            "adapter_type": adapter_type or adapter_type_of(adapter),
            "last_connected": now(),
        }
        self._remember(instrument, body)

    def bind_by_name(self, instrument: str, adapter: str) -> None:
        """As `bind`, for an instrument's number, the name of one bound here or known to the registry, or a definition.

        A definition's name means the one instrument here that uses it, or makes a new one. Raises
        `UnknownDefinitionError`, `UnreachableError`.
        """
        if instrument.isdigit():
            return self.bind(int(instrument), adapter)
        known = [found for found in self.discover() if isinstance(found.instrument.get("id"), int)]
        bound = [f for f in known if f.name == instrument] or [f for f in known if f.definition == instrument]
        if len(bound) > 1:
            numbers = ", ".join(str(found.instrument["id"]) for found in bound)
            raise UnknownDefinitionError(f"{instrument} is bound here more than once: give its number ({numbers})")
        if bound:
            return self.bind(int(bound[0].instrument["id"]), adapter)
        if self.store.versions(instrument):
            return self.bind(Unmade(self.resolve(instrument)), adapter)
        answer = self.http.json("GET", f"/api/instruments?per_page=200&q={quote(instrument)}")
        named = [one for one in answer["items"] if one["name"] == instrument]
        if len(named) != 1:
            many = "several instruments are called" if named else "no instrument is called"
            raise UnknownDefinitionError(f"In the registry {many} {instrument}; give its number")
        return self.bind(int(named[0]["id"]), adapter)

    def save_settings(self, instrument: Any) -> None:
        """Remembers its settings for the next `discover`; the newest win. Raises `FolderError`."""
        self.remember_settings(instrument, instrument.settings)

    def remember_settings(self, instrument: Any, settings: Mapping[str, Any]) -> None:
        """As `save_settings`, with the settings given. `instrument` may be an instrument's id."""
        self._remember(instrument, {"last_settings": plain(settings)})

    def _remember(self, instrument: Any, body: dict[str, Any]) -> None:
        computer = self.enrolment.computer_name
        number = instrument if isinstance(instrument, int) else instrument.__dict__.get("_registry_instrument")
        if isinstance(number, int):
            path = f"/api/instruments/{number}/bindings/{computer}"
            self.outbox.put(f"binding:{number}", "PUT", path, body)
        else:
            key = instrument.__dict__.setdefault("_registry_key", str(uuid.uuid4()))
            path = f"/api/computers/{computer}/bindings"
            self.outbox.put(f"new:{key}", "POST", path, {**self._about(instrument, key), **body})
        try:
            answers, refused = self.outbox.send(self.http, SEND_NOW_S)
        except (UnreachableError, OSError) as error:
            log.info("Kept for the next sync: %s", error)
            return
        for text in refused:
            log.warning("%s", text)
        for answer in answers:
            self._take_binding(answer)

    def _about(self, instrument: Any, key: str) -> dict[str, Any]:
        """What the registry needs to make an instrument; `key` lets it know one that it has made already."""
        origin = getattr(instrument, "_definition", None) or {}
        name = origin.get("name", type(instrument).__name__)
        known = self.store.versions(name)
        return {
            "key": key,
            "name": getattr(instrument, "nickname", None) or getattr(instrument, "name", name),
            "pybirch_class": name,
            "definition_id": known[0].id if known else None,
        }

    def _take_binding(self, answer: Any) -> None:
        """Lays the registry's answer into the last list, so that `discover` tells of it before the next sync."""
        instrument = answer.get("instrument") if isinstance(answer, dict) else None
        if not instrument:
            return
        for live in self.instruments():
            if answer.get("key") and live.__dict__.get("_registry_key") == answer["key"]:
                live.__dict__["_registry_instrument"] = instrument["id"]
        with locked(self.home.lock("manifest")):
            kept = read_json(self.home.manifest)
            if kept is None:
                return
            bindings = kept["manifest"].get("bindings") or []
            others = [b for b in bindings if (b.get("instrument") or {}).get("id") != instrument["id"]]
            kept["manifest"]["bindings"] = [*others, answer]
            write_json(self.home.manifest, {**kept, "etag": None})

    def pins(self) -> dict[str, int]:
        """Versions that were chosen on this computer, by name."""
        return {str(k): int(v) for k, v in (read_json(self.home.pins) or {}).items()}

    def pin(self, name: str, version: int | None = None) -> Installed:
        """Stays at a version (by default the present one) until `unpin`. Raises as `resolve` does."""
        installed = self.resolve(name, version)
        write_json(self.home.pins, {**self.pins(), name: installed.version})
        return installed

    def unpin(self, name: str) -> bool:
        """Whether there was a pin."""
        pins = self.pins()
        was = pins.pop(name, None)
        write_json(self.home.pins, pins)
        return was is not None

    def choose(self, file_based: Mapping[str, type]) -> dict[str, type]:
        """Classes by name for a program that also has classes from files: which of two with one name to use.

        A definition goes before the file if it is bound here or the lab's own, and that is logged; a public or
        built-in one never displaces a file. Raises as `load` does.
        """
        chosen = dict(file_based)
        for name in self.store.names():
            if name in chosen and not self.goes_before_file(name):
                continue
            if name in chosen:
                log.warning("%s: the registry's definition is used instead of the file", name)
            chosen[name] = self.load(name)
        return chosen

    def goes_before_file(self, name: str) -> bool:
        """Whether a definition takes precedence over a class of the same name in a file."""
        items = [item for item in self.manifest().items if item.name == name]
        lab = self.manifest().computer.get("lab_id")
        return any(item.bound or (lab is not None and item.fields.get("lab_id") == lab) for item in items) or any(
            found.definition == name for found in self.discover()
        )

    def service(self) -> Service:
        """What PyBirch's `InstrumentFactory` and instrument tree take as their database service."""
        return Service(self)

    def watch(self, on_sync: Callable[[SyncReport], None], **options: Any) -> None:
        """Follows the registry's events until `stop` is set; see `events.watch`."""
        from .events import watch

        watch(self, on_sync, **options)


class Unmade:
    """Stands for an instrument that no object was made of."""

    def __init__(self, installed: Installed) -> None:
        self._definition = installed.provenance
        self.name = installed.fields.get("display_name") or installed.name


def plain(value: Any) -> Any:
    """Settings as JSON takes them: numpy's scalars and arrays become Python's numbers and lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(one) for one in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
