"""The instruments that are bound to this computer."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from . import instances
from .addresses import canonical
from .errors import UnknownDefinitionError
from .instances import CALL
from .manifest import Manifest
from .outbox import Outbox
from .text import logger

log = logger(__name__)


NUMBER = "_registry_instrument"
"""The attribute in which an instrument object stores the instrument's registry id."""
KEY = "_registry_key"
"""The attribute in which an instrument object stores this computer's key for an instrument that the registry does not
know yet.
"""


class Creator(Protocol):
    """Creates the objects of instruments. `Registry` is a creator."""

    def create(
        self,
        definition: str,
        /,
        adapter: str | None = None,
        version: int | None = None,
        name: str | None = None,
        **options: Any,
    ) -> Any: ...


@dataclass(frozen=True)
class Found:
    """A binding: an instrument of the lab at an address of this computer."""

    registry: Creator
    instrument: Mapping[str, Any]
    """The fields of the instrument in the registry. `id` is None until the registry knows the instrument."""
    definition: str | None
    version: int | None
    """The version that the instrument is pinned to, or None for the newest version."""
    adapter: str
    adapter_type: str | None
    last_connected: str | None
    last_settings: Mapping[str, Any]
    key: str | None = None
    """This computer's key for an instrument that the registry does not know yet."""
    binding: Mapping[str, Any] = field(default_factory=dict)
    """All fields of the binding in the registry, or no fields while the registry does not know the binding."""

    @property
    def name(self) -> str:
        return str(self.instrument.get("name") or self.definition)

    @property
    def number_label(self) -> str:
        """The instrument's number in the registry, as part of a sentence, or "" if there is no number yet."""
        number = self.instrument.get("id")
        return "" if number is None else f" ({number})"

    def create(self, **options: Any) -> Any:
        """Creates the object of the instrument from its class at the right version, with the address and last settings.

        `options` are passed to the constructor (`axis=2`). The object may reject the last settings, mostly because the
        device is off. After a rejection, a warning is logged, and the object is still returned. Raises what
        `Registry.create` raises.
        """
        if self.definition is None:
            raise UnknownDefinitionError(f"{self.name} has no definition in the registry")
        instance = self.registry.create(
            self.definition, adapter=self.adapter, version=self.version, name=self.name, **options
        )
        # The binding chose this version, and the program did not. The next sync may bring another version for the
        # binding.
        instance.__dict__[CALL] = replace(instance.__dict__[CALL], version=None)
        self.stand_for(instance)
        apply_settings(instance, self.last_settings)
        return instance

    def stand_for(self, instance: Any) -> None:
        """Marks an object as this instrument, so that its settings and bindings go to the right instrument."""
        instance.__dict__[NUMBER] = self.instrument.get("id")
        if self.key is not None:
            instance.__dict__[KEY] = self.key


def identify_bound(instance: Any, definition: str, name: str, adapter: str | None, bound: list[Found]) -> None:
    """Marks an object as an instrument that was bound before, so that a restarted program does not bind it a second
    time.

    The object and the instrument have the same definition and address. Object and instrument also have the same name,
    unless the program gave no name. No other object of this process may be marked as the instrument.
    """
    live = [one.__dict__ for one in instances.list_live() if one is not instance]
    taken = {state[key] for state in live for key in (NUMBER, KEY) if state.get(key) is not None}
    free = [f for f in bound if not {f.instrument.get("id"), f.key} & taken]
    here = [f for f in free if adapter and (f.definition, f.adapter) == (definition, adapter)]
    call = instance.__dict__.get(CALL)
    is_nameless = call is not None and call.name is None
    same = [f for f in here if f.name == name] or (here if is_nameless else [])
    if same:
        same[0].stand_for(instance)


def find_others_at(adapter: str, own: Found | None, bound: list[Found]) -> list[Found]:
    """The other instruments at the same address. The address may be written in different ways."""
    me = None if own is None else (own.instrument.get("id"), own.key)
    at = [one for one in bound if canonical(one.adapter) == canonical(adapter)]
    return [one for one in at if (one.instrument.get("id"), one.key) != me]


def apply_settings(instance: Any, settings: Mapping[str, Any]) -> bool:
    """Gives an instrument its last settings. Returns whether the instrument accepted the settings. After a
    refusal, a warning is logged and the instrument stays usable.
    """
    if not settings:
        return True
    try:
        instance.settings = dict(settings)
    except Exception as error:  # the definition's code may raise anything while its device is off
        log.warning("%s did not accept its last settings: %s", instance, error)
        return False
    return True


def discover(registry: Creator, manifest: Manifest, outbox: Outbox) -> list[Found]:
    """Lists the bindings of the last list, with the changes that have not been sent to the registry yet."""
    changed: dict[int, dict[str, Any]] = {}
    gone: set[int] = set()
    new: list[dict[str, Any]] = []
    for entry in outbox.waiting():
        kind, _, number = entry.key.partition(":")
        if kind == "binding":
            changed[int(number)] = entry.body
        elif kind == "unbind":
            gone.add(int(number))
        elif kind == "new":
            new.append(entry.body)
    listed = {int((b.get("instrument") or {}).get("id") or 0): b for b in manifest.bindings}
    unbound = {one["id"]: {"instrument": one} for one in manifest.instruments if one["id"] in changed}
    found = []
    for number, binding in {**unbound, **listed}.items():
        if number not in gone:
            told = {**binding, **changed.get(number, {})}
            found.append(_found(registry, manifest, binding.get("instrument") or {}, told))
    for body in new:
        instrument = {"id": None, "name": body["name"], "pybirch_class": body["pybirch_class"]}
        found.append(_found(registry, manifest, instrument, body))
    return found


def _found(registry: Creator, manifest: Manifest, instrument: Mapping[str, Any], binding: Mapping[str, Any]) -> Found:
    definition = instrument.get("definition") or {}
    name = definition.get("name") or _name_of(manifest, instrument.get("definition_id"))
    pinned = instrument.get("pinned_version")
    listed = definition.get("version") if pinned else None
    return Found(
        registry=registry,
        instrument=instrument,
        definition=name or instrument.get("pybirch_class"),
        version=listed or pinned,
        adapter=binding.get("adapter") or "",
        adapter_type=binding.get("adapter_type"),
        last_connected=binding.get("last_connected"),
        last_settings=binding.get("last_settings") or {},
        key=binding.get("key"),
        binding=binding,
    )


def _name_of(manifest: Manifest, definition_id: object) -> str | None:
    return next((item.name for item in manifest.items if item.id == definition_id), None)
