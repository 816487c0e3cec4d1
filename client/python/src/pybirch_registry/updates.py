"""Finds newer versions of instruments in use, and reloads instruments."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import instances
from .construct import construct
from .discovery import KEY, NUMBER, apply_settings
from .driver import close_session
from .errors import RegistryError
from .instances import CALL, Call
from .manifest import Manifest
from .store import Installed
from .text import logger

log = logger(__name__)


@dataclass(frozen=True)
class Update:
    """An instrument in use whose version was revoked, or which would get another version after a restart."""

    instrument: Any
    name: str
    loaded: int
    newest: int
    """The version that `reload` would load, which may be the loaded version again."""
    revoked: str | None
    """The reason why the loaded version was revoked, or None if it was not revoked."""


def find_updates(live: list[Any], manifest: Manifest, anew: Callable[[Any], Installed]) -> list[Update]:
    """Checks the given instruments. `anew` returns the version that an instrument would get after a restart.

    An instrument that was created at an explicit version stays at that version, unless the version was revoked.
    """
    found = []
    for instance in live:
        loaded = instance._definition
        revoked = manifest.revocation(loaded["commit"])
        call: Call | None = instance.__dict__.get(CALL)
        is_chosen = call is not None and call.version == loaded["version"]
        newest = loaded["version"] if is_chosen and revoked is None else _newest(anew, instance)
        if newest != loaded["version"] or revoked is not None:
            found.append(Update(instance, loaded["name"], loaded["version"], newest, revoked))
    return found


def _newest(anew: Callable[[Any], Installed], instance: Any) -> int:
    try:
        return anew(instance).version
    except RegistryError:
        return int(instance._definition["version"])


def reload(old: Any, create: Callable[[Call], Any]) -> Any:
    """Shuts an instrument down, and returns a new one with its settings. The old and the new object cannot share the
    device.

    If the new object cannot be created, the old one is opened again and the error is raised. The caller has already
    loaded the new class.
    """
    settings = _settings(old)
    was_connected = getattr(old, "status", False) is True
    call: Call = old.__dict__.get(CALL) or Call(None, None, {}, None)
    adapter = getattr(old, "adapter", None) or call.adapter
    call = Call(adapter, getattr(old, "name", call.name), call.options, None)
    _shut_down(old)
    try:
        fresh = create(call)
    except Exception:
        _open_again(old, call)
        _resume(old, was_connected, settings)
        raise
    for key in ("nickname", NUMBER, KEY):
        if key in old.__dict__:
            setattr(fresh, key, old.__dict__[key])
    _resume(fresh, was_connected, settings)
    instances.forget(old)
    return fresh


def _settings(instance: Any) -> dict[str, Any] | None:
    """The settings of an instrument, or None if it has no settings or its device does not answer."""
    try:
        return dict(instance.settings)
    except Exception as error:  # a definition's code may raise anything
        log.warning("The settings of %s cannot be read: %s", instance, error)
        return None


def _shut_down(instance: Any) -> None:
    """Shuts an instrument down, even if its device does not answer. After the shutdown, the old object no
    longer occupies its address, or a controller that several instruments share.
    """
    for end in (getattr(instance, "shutdown", None), lambda: close_session(instance)):
        try:
            if end is not None:
                end()
        except Exception as error:  # a definition's code may raise anything
            log.warning("%s did not shut down: %s", instance, error)
    if "instrument" in instance.__dict__:
        instance.instrument = None


def _open_again(instance: Any, call: Call) -> None:
    nickname = getattr(instance, "nickname", None)
    try:
        construct(type(instance), call.name, call.adapter, None, call.options, into=instance)
    except Exception as error:  # a definition's code may raise anything
        log.error("%s cannot be opened again: %s", instance, error)
        return
    if nickname is not None:
        instance.nickname = nickname


def _resume(instance: Any, was_connected: bool, settings: dict[str, Any] | None) -> None:
    """Connects an instrument that was connected before, so that its settings reach the device. The device is
    not reset.
    """
    if was_connected and getattr(instance, "status", False) is not True:
        try:
            instance.connect()
        except Exception as error:  # a definition's code may raise anything
            log.warning("%s does not connect: %s", instance, error)
    apply_settings(instance, settings or {})
