"""The versions on this computer's disk. Each version has a folder, which is never rewritten, and a record
beside the folder.
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from . import state
from .errors import FolderError, RefusedError
from .files import clear_partial, links_in, locked, reason_of, sha256, tree_hashes, write_tree
from .home import Home
from .seal import SEAL, is_in_history, is_sealed, seal_record
from .text import logger

log = logger(__name__)

SYSTEM_FILES = frozenset([".DS_Store", "Thumbs.db", "desktop.ini"])
"""Files that file managers add to folders. The client does not treat these additions as edits of a version."""


@dataclass(frozen=True)
class Installed:
    """A version on the disk."""

    id: int
    name: str
    version: int
    commit: str
    files: dict[str, str]
    approved_by: list[str]
    checked_by: str
    """`signature` means that the tag of the version was checked. `list` means a snapshot that was compared with the
    hashes in a signed list.
    """
    fields: dict[str, Any] = field(default_factory=dict)
    permissions: list[str] = field(default_factory=list)
    """The modules and functions that the version may use although the lab bans them, as its signed tag says."""

    @property
    def main_file(self) -> str:
        return f"{self.name}.py"

    @property
    def provenance(self) -> dict[str, Any]:
        """The content of `_definition`. `sha256` is the hash of `<Name>.py`."""
        return {
            "name": self.name,
            "version": self.version,
            "commit": self.commit,
            "sha256": self.files[self.main_file],
            "approved_by": list(self.approved_by),
        }


class Store:
    """The folder `versions/`. Several processes may use this folder at once."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def folder(self, name: str, commit: str) -> Path:
        return self.home.versions / name / commit

    def _record(self, name: str, commit: str) -> Path:
        return self.home.versions / name / f"{commit}.json"

    def read(self, name: str, commit: str) -> Installed | None:
        """The record of a version, or None if the version is missing or incomplete on this computer."""
        try:
            value = state.load(self._record(name, commit), check_record)
        except state.LostError as error:
            log.error("%s: %s at %s is not used until the next sync restores it", error, name, commit[:12])
            return None
        return installed_of(value) if value and self.folder(name, commit).is_dir() else None

    def versions(self, name: str) -> list[Installed]:
        """The versions of a name, newest first. Names are case-sensitive, even on a disk that ignores case."""
        found = [self.read(name, path.stem) for path in state.files_in(self.home.versions / name)]
        own = [i for i in found if i is not None and i.name == name]
        return sorted(own, key=lambda i: i.version, reverse=True)

    def names(self) -> list[str]:
        folders = self.home.versions.iterdir() if self.home.versions.is_dir() else iter(())
        return sorted(path.name for path in folders if path.is_dir() and re.match(r"\w", path.name))

    def folders_to_repair(self) -> list[Path]:
        """The folders whose records may be damaged. This store remembers no results, so it returns all folders."""
        return list(self.home.versions.glob("*/"))

    def note_repaired(self, name: str) -> None:
        """Notes that the records of a definition were restored, as far as necessary and possible."""

    def install(self, installed: Installed, contents: Mapping[str, bytes]) -> None:
        """Writes a version. Does nothing if another process has already written the version.

        Raises `RefusedError` if the contents do not match the hashes, `FolderError`.
        """
        check_contents(installed, contents)
        name, commit = installed.name, installed.commit
        with locked(self.home.lock(f"install-{name}")):
            known = self.read(name, commit)
            if known is not None and self.fault(name, commit) is None:
                if known.checked_by == "list" and installed.checked_by == "signature":
                    state.save(self._record(name, commit), seal_record(self.home, asdict(installed)))
                return
            clear_partial(self.home.versions / name)
            state.forget(self._record(name, commit))
            write_tree(self.folder(name, commit), dict(contents))
            state.save(self._record(name, commit), seal_record(self.home, asdict(installed)))

    def fault(self, name: str, commit: str) -> str | None:
        """The reason why a version on the disk cannot be used, or None if it can be used. All files of the
        version are hashed.
        """
        record = self.read(name, commit)
        if record is None:
            return "it is not completely on this computer"
        return self._edited_record(name, commit) or describe_edits(self.folder(name, commit), record.files)

    def _edited_record(self, name: str, commit: str) -> str | None:
        """The reason why the record of a version is not trusted, or None if it is trusted."""
        path = self._record(name, commit)
        value = state.load(path, check_record)
        if value is not None and (value["name"], value["commit"]) == (name, commit):
            if is_sealed(self.home, value):
                return None
            if is_in_history(self.home, value):
                with contextlib.suppress(FolderError):  # a later check will seal it
                    state.save(path, seal_record(self.home, value))
                return None
        return f"{path} was edited on this computer; `pybirch-registry sync` restores the approved version"


def check_contents(installed: Installed, contents: Mapping[str, bytes]) -> None:
    """Raises `RefusedError` if the contents do not match the hashes."""
    hashes = {path: sha256(content) for path, content in contents.items()}
    if hashes != dict(installed.files):
        names = ", ".join(sorted(p for p, _ in hashes.items() ^ installed.files.items()))
        raise RefusedError(f"its files are not those that the registry lists ({names})")


def installed_of(record: Mapping[str, Any]) -> Installed:
    """The version that a record describes. Raises `TypeError` if the value is not the record of a version."""
    return Installed(**{key: value for key, value in record.items() if key != SEAL})


def check_record(value: dict[str, Any]) -> None:
    """Raises `TypeError` or `ValueError` if the value is not the record of a version."""
    one = installed_of(value)
    texts = (one.name, one.commit, one.checked_by, *one.approved_by, *one.files, *one.files.values(), *one.permissions)
    if not all(isinstance(text, str) for text in texts) or type(one.id) is not int or type(one.version) is not int:
        raise ValueError("no record")
    if one.main_file not in one.files or not isinstance(one.fields, dict):
        raise ValueError("no record")


def describe_edits(folder: Path, files: Mapping[str, str]) -> str | None:
    """Describes how a folder differs from the hashes of its files, or returns None if it does not differ."""
    try:
        links = links_in(folder)
        now = tree_hashes(folder)
    except OSError as error:
        return f"{folder} cannot be read: {reason_of(error, 'read')}"
    if links:
        return (
            f"{', '.join(links)} is a link, which may lead elsewhere later; `pybirch-registry sync` restores the files"
        )
    changed = sorted(
        path
        for path in now.keys() | files.keys()
        if now.get(path) != files.get(path) and (path in files or not _is_harmless(path))
    )
    if not changed:
        return None
    return (
        f"{', '.join(changed)} in {folder} was edited on this computer. Propose the change to the registry instead "
        "(export it, edit, push); `pybirch-registry sync` restores the approved files"
    )


def _is_harmless(path: str) -> bool:
    *folders, name = path.split("/")
    return name in SYSTEM_FILES or "__pycache__" in folders
