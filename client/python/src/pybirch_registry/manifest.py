"""The registry's list of versions for this computer, as the last sync stored it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from . import state
from .errors import AnswerError
from .files import WINDOWS_DEVICES
from .home import Home
from .text import logger
from .trust import Trust

log = logger(__name__)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Item:
    """A version that this computer should have."""

    id: int
    name: str
    version: int
    commit: str
    files: Mapping[str, str]
    """The SHA-256 of each file, by the file's path."""
    bound: bool
    pinned: bool
    fields: Mapping[str, Any]
    """All fields of the entry, as the registry sent them."""

    @property
    def label(self) -> str:
        return f"{self.name} v{self.version}"


@dataclass(frozen=True)
class Manifest:
    """The list of versions, with the bindings and settings that come with it. `parse` creates it."""

    items: tuple[Item, ...] = ()
    revoked: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """For each revoked commit, its `name`, `version` and `reason`."""
    bindings: tuple[dict[str, Any], ...] = ()
    instruments: tuple[dict[str, Any], ...] = ()
    """All of the lab's instruments that are not retired, whether or not they are bound to a computer."""
    computer: Mapping[str, Any] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    """`banned_imports` and `allowed_imports` of this computer's lab, if the registry sent them."""
    warnings: tuple[str, ...] = ()
    """Messages for the user, such as a warning that a pin has no effect."""

    @cached_property
    def _by_name(self) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in self.items:
            found.setdefault(item.name, []).append(item)
        return found

    def versions(self, name: str) -> list[Item]:
        """The listed versions of a name, newest first."""
        return sorted(self._by_name.get(name, ()), key=lambda item: -item.version)

    def newest(self, name: str) -> Item | None:
        """The highest listed version of a name, or None if the name is not listed."""
        return next(iter(self.versions(name)), None)

    def find(self, name: str, version: int) -> Item | None:
        return next((item for item in self.versions(name) if item.version == version), None)

    def revocation(self, commit: str) -> str | None:
        """The reason why a version was revoked, or None if it was not revoked."""
        entry = self.revoked.get(commit)
        return None if entry is None else str(entry.get("reason") or "no reason given")


def parse(value: object) -> Manifest:
    """Parses the registry's answer, and checks paths and names. Raises `AnswerError` if the answer is not a
    valid list.
    """
    if not isinstance(value, dict) or not isinstance(value.get("definitions"), list):
        raise AnswerError("The registry's list of definitions is not in a form that this version understands")
    try:
        items = tuple(_item(entry) for entry in value["definitions"])
        revoked = {_commit(entry): entry for entry in value.get("revoked") or ()}
        for entry in value.get("reinstated") or ():
            _commit(entry)
        bindings = [{**one, "instrument": {**(one.get("instrument") or {})}} for one in value.get("bindings") or ()]
        instruments = [{**one, "id": int(one["id"])} for one in value.get("instruments") or ()]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        log.info("%r", error)
        raise AnswerError("The registry's list of definitions is damaged: an entry is malformed") from error
    return Manifest(
        items=items,
        revoked=revoked,
        bindings=tuple(bindings),
        instruments=tuple(instruments),
        computer=_mapping(value.get("computer")),
        policy=_mapping(value.get("policy")),
        warnings=tuple(map(str, value.get("warnings") or ())),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    """Raises `AnswerError`."""
    if not isinstance(value, (dict, type(None))):
        raise AnswerError("The registry's list of definitions is damaged: a part of it is not an object")
    return value or {}


def _commit(entry: Mapping[str, Any]) -> str:
    """The commit of an entry. Raises `ValueError` if the name or the commit is not a valid name of a folder."""
    name, commit = entry["name"], entry["commit"]
    if not NAME.fullmatch(name) or name.lower() in WINDOWS_DEVICES or not COMMIT.fullmatch(commit):
        raise ValueError(f"{name!r} {commit!r}")
    return str(commit)


def _item(entry: Mapping[str, Any]) -> Item:
    name, commit = entry["name"], _commit(entry)
    files = {str(path): str(digest) for path, digest in entry["files"].items()}
    if f"{name}.py" not in files:
        raise ValueError(f"{name} without {name}.py")
    return Item(
        id=int(entry["id"]),
        name=name,
        version=int(entry["version"]),
        commit=commit,
        files=files,
        bound=bool(entry.get("bound")),
        pinned=bool(entry.get("pinned")),
        fields=entry,
    )


class ManifestFile:
    """The list of the last sync. Another process may sync, so the file is read again when it has changed."""

    def __init__(self, home: Home) -> None:
        self._path = home.manifest
        self._trust = Trust(home)
        self._kept: tuple[object, dict[str, Any] | None, Manifest] | None = None
        self._known: tuple[object, Manifest] | None = None

    def read(self) -> Manifest:
        """Returns the list with every revocation from earlier signed lists. Before the first sync, the list
        is empty.
        """
        stamp = (_stamp(self._path), _stamp(self._trust.path))
        if self._known is None or self._known[0] != stamp:
            self._known = (stamp, self._merge())
        return self._known[1]

    def kept(self) -> dict[str, Any] | None:
        """The content of the file, or None before the first sync. The caller must not change the returned
        value. Raises `LostError`, `FolderError`.
        """
        return self._load()[0]

    def save(self, kept: dict[str, Any], listed: Manifest) -> None:
        """Saves a list and its parsed form. The caller holds the lock `manifest`. Raises `FolderError`."""
        state.save(self._path, kept)
        self._kept = (_stamp(self._path), kept, listed)

    def _load(self) -> tuple[dict[str, Any] | None, Manifest]:
        stamp = _stamp(self._path)
        if self._kept is None or stamp is None or self._kept[0] != stamp:
            parsed = Manifest()

            def check(value: dict[str, Any]) -> None:
                nonlocal parsed
                parsed = check_kept(value)

            self._kept = (stamp, state.load(self._path, check), parsed)
        return self._kept[1:]

    def _merge(self) -> Manifest:
        try:
            _, listed = self._load()
            revoked = self._trust.revoked()
        except state.LostError as error:
            raise state.LostError(f"{error}: the revoked versions are not known. {SYNC}") from error
        return replace(listed, revoked={**revoked, **listed.revoked})


def _stamp(path: Path) -> object:
    try:
        stat = path.stat()
        return (stat.st_mtime_ns, stat.st_ino, stat.st_size)
    except OSError:
        return None


SYNC = "Connect to the network, then run: pybirch-registry sync"


def check_kept(value: dict[str, Any]) -> Manifest:
    """The list in a saved value. Raises `ValueError` if the value has no list."""
    names = value.get("names", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("no names")
    if not isinstance(value.get("etag"), (str, type(None))):
        raise ValueError("no tag")
    try:
        return parse(value.get("manifest"))
    except AnswerError as error:
        raise ValueError(str(error)) from error
