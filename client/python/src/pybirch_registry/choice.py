"""Chooses the version of a definition: the requested one, the one pinned on this computer, the listed one or the
newest.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from . import state
from .errors import RefusedError, RegistryError, UnknownDefinitionError
from .files import locked
from .home import Home
from .manifest import NAME, Manifest
from .store import Installed, Store
from .text import logger

log = logger(__name__)


class Choice:
    """Chooses versions. `older` fetches a version that is in the history but not on the disk (`Versions.get_older`)."""

    def __init__(
        self,
        home: Home,
        store: Store,
        manifest: Callable[[], Manifest],
        older: Callable[[str, int, Manifest], Installed],
    ) -> None:
        self._home = home
        self._store = store
        self._manifest = manifest
        self._older = older

    def resolve(self, name: str, version: int | None = None) -> Installed:
        """Raises `UnknownDefinitionError`, `RefusedError`."""
        if NAME.fullmatch(name) is None:
            raise UnknownDefinitionError(f"{name!r} is not a definition's name: names have only letters, digits and _")
        if version is not None:
            return self._exactly(name, version)
        return self._unless_pinned(name, self.pins().get(name))

    def used(self) -> list[Installed]:
        """The versions that a program would use if it started now."""
        found = []
        with suppress(RegistryError):
            pins = self.pins()
            for name in self._store.names():
                with suppress(RegistryError):
                    found.append(self._unless_pinned(name, pins.get(name)))
        return found

    def _unless_pinned(self, name: str, pinned: int | None) -> Installed:
        if pinned is not None:
            try:
                found = self._exactly(name, pinned)
            except RefusedError as error:
                log.warning("%s is pinned here to v%d, which is not used: %s", name, pinned, error)
            else:
                reason = self._manifest().revocation(found.commit)
                if reason is None:
                    return found
                log.warning("%s is pinned here to v%d, which was revoked: %s", name, pinned, reason)
        return self._newest(name)

    def _newest(self, name: str) -> Installed:
        """The newest listed version on this computer. If no listed version is installed, returns the newest
        installed version.
        """
        listed = self._manifest()
        known = {i.commit: i for i in self._store.versions(name)}
        items = listed.versions(name)
        offered = [known[i.commit] for i in items if i.commit in known]
        standing = [i for i in offered or known.values() if listed.revocation(i.commit) is None]
        if standing:
            return standing[0]
        if known:
            reasons = [f"v{i.version}: {listed.revocation(i.commit)}" for i in offered or known.values()]
            raise RefusedError(f"Every version of {name} on this computer was revoked ({'; '.join(sorted(reasons))})")
        if items:
            raise UnknownDefinitionError(f"{name} has not arrived yet. Run: pybirch-registry sync")
        alike = [other for other in self._store.names() if other.lower() == name.lower()]
        if alike:
            raise UnknownDefinitionError(
                f"No definition {name} on this computer, but {alike[0]}: names are case-sensitive"
            )
        raise UnknownDefinitionError(
            f"No definition {name} on this computer. To get a public or built-in definition, run: "
            f"pybirch-registry sync {name}"
        )

    def _exactly(self, name: str, version: int) -> Installed:
        listed = self._manifest()
        item = listed.find(name, version)
        for installed in self._store.versions(name):
            if installed.version == version and (item is None or item.commit == installed.commit):
                return installed
        if listed.newest(name) is None and not self._store.versions(name):
            return self._newest(name)  # raises the error for an unknown name
        return self._older(name, version, listed)

    def pins(self) -> dict[str, int]:
        """The versions that are pinned on this computer, by name.

        Raises `FolderError` if the file of pins cannot be read. A damaged file must not unpin anything.
        """
        return read_pins(self._home)

    def pin(self, name: str, version: int | None) -> Installed:
        """Pins a definition to a version. Raises `RefusedError` for a revoked version, `FolderError`, and the errors of
        `resolve`.
        """
        installed = self.resolve(name, version)
        reason = self._manifest().revocation(installed.commit)
        if reason is not None:
            raise RefusedError(f"{name} v{installed.version} was revoked: {reason}")
        self._change_pins({name: installed.version}, set())
        return installed

    def unpin(self, name: str) -> bool:
        """Removes a pin. Returns whether the definition was pinned. Raises `FolderError`, `UnknownDefinitionError`."""
        if name not in self.pins() and not self._store.versions(name):
            self.resolve(name)
        return self._change_pins({}, {name})

    def _change_pins(self, new: dict[str, int], gone: set[str]) -> bool:
        with locked(self._home.lock("pins")):
            before = self.pins()
            state.save(self._home.pins, {k: v for k, v in {**before, **new}.items() if k not in gone})
            return bool(gone & before.keys())


def read_pins(home: Home) -> dict[str, int]:
    """Reads the pins. Raises `FolderError` if the file of pins cannot be read."""
    try:
        return dict(state.load(home.pins, check_pins) or {})
    except state.LostError as error:
        raise state.LostError(
            f"{error}: the pinned versions are not known, so none is used. Delete both files to follow "
            "the newest versions, then pin again"
        ) from error


def check_pins(value: dict[str, Any]) -> None:
    """Raises `ValueError` if the file does not contain pins."""
    if not all(type(version) is int and version > 0 for version in value.values()):
        raise ValueError("no pins")
