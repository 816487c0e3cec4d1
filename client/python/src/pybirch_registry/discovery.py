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
"""The attribute of an instrument that holds its id in the registry."""
KEY = "_registry_key"
"""The attribute that names an instrument that the registry does not know yet."""


class Creator(Protocol):
    """Creates instruments; `Registry` is one."""

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
    """One binding: an instrument of the lab at an address of this computer."""

    registry: Creator
    instrument: Mapping[str, Any]
    """`id`, `name` and the rest as the registry has it; `id` is None until the registry knows of it."""
    definition: str | None
    version: int | None
    """Where the instrument is pinned to one; None for the newest."""
    adapter: str
    adapter_type: str | None
    last_connected: str | None
    last_settings: Mapping[str, Any]
    key: str | None = None
    """What this computer calls an instrument that the registry does not know yet."""
    binding: Mapping[str, Any] = field(default_factory=dict)
    """All that the registry says of the binding; empty until it knows of it."""

    @property
    def name(self) -> str:
        return str(self.instrument.get("name") or self.definition)

    @property
    def numbered(self) -> str:
        """Its number in the registry, for a sentence; empty until there is one."""
        number = self.instrument.get("id")
        return "" if number is None else f" ({number})"

    def create(self, **options: Any) -> Any:
        """The instrument: its class at its version, the adapter given, the last settings applied.

        `options` go to the constructor (`axis=2`). Settings that the instrument does not take (a device that is
        switched off, mostly) are logged as a warning and change nothing else. Raises as `Registry.create` does.
        """
        if self.definition is None:
            raise UnknownDefinitionError(f"{self.name} has no definition in the registry")
        instance = self.registry.create(
            self.definition, adapter=self.adapter, version=self.version, name=self.name, **options
        )
        # Its version is the binding's choice and not the program's: it may be another at the next sync.
        instance.__dict__[CALL] = replace(instance.__dict__[CALL], version=None)
        self.stand_for(instance)
        apply_settings(instance, self.last_settings)
        return instance

    def stand_for(self, instance: Any) -> None:
        """From now on the object is this instrument, for what is remembered of it."""
        instance.__dict__[NUMBER] = self.instrument.get("id")
        if self.key is not None:
            instance.__dict__[KEY] = self.key


def find_again(instance: Any, definition: str, name: str, adapter: str | None, bound: list[Found]) -> None:
    """Makes an object stand for an instrument that was bound before, so that a program that is started anew binds no
    second one: of that definition, at that address, of that name unless the program gave it none, and no other object
    of this process stands for it.
    """
    live = [one.__dict__ for one in instances.live() if one is not instance]
    taken = {state[key] for state in live for key in (NUMBER, KEY) if state.get(key) is not None}
    free = [f for f in bound if not {f.instrument.get("id"), f.key} & taken]
    here = [f for f in free if adapter and (f.definition, f.adapter) == (definition, adapter)]
    call = instance.__dict__.get(CALL)
    is_nameless = call is not None and call.name is None
    same = [f for f in here if f.name == name] or (here if is_nameless else [])
    if same:
        same[0].stand_for(instance)


def others_at(adapter: str, own: Found | None, bound: list[Found]) -> list[Found]:
    """Those at the same address, however it is written."""
    me = None if own is None else (own.instrument.get("id"), own.key)
    at = [one for one in bound if canonical(one.adapter) == canonical(adapter)]
    return [one for one in at if (one.instrument.get("id"), one.key) != me]


def apply_settings(instance: Any, settings: Mapping[str, Any]) -> bool:
    """Whether the instrument took them; a refusal is logged, for an instrument without settings is still one."""
    if not settings:
        return True
    try:
        instance.settings = dict(settings)
    except Exception as error:  # the definition's own code: a device that is off raises whatever it likes
        log.warning("%s did not take its last settings: %s", instance, error)
        return False
    return True


def discover(registry: Creator, manifest: Manifest, outbox: Outbox) -> list[Found]:
    """What the registry lists, with what still waits to be sent laid over it."""
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
