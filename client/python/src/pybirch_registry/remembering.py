"""The store of a program that watches the registry. A sync with this store checks only versions whose files have
changed.

Before each sync, the store reads the sizes, times and inode numbers of all files in `versions/` and compares them with
the values before the last sync. A version that passed its checks is not checked again until a file changes, for at most
an hour. A version that is loaded is always hashed.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time_ns
from typing import Any

from .errors import FolderError
from .files import reason_of
from .home import Home
from .state import copy_of
from .store import Installed, Store

LONGEST_S = 3600.0
"""The longest time until an unchanged version is hashed again, in seconds. A damaged disk can change the content
of a file but not the time of the file.
"""
SETTLED_NS = 2_000_000_000
"""The coarsest file time, in nanoseconds. On the file system FAT, times are multiples of 2 seconds."""

Stamp = tuple[tuple[object, ...], ...]


@dataclass
class _Seen:
    """The results of checks for one definition, and the stamp of its files. The stamp is None if the files may change
    unnoticed.
    """

    stamp: Stamp | None
    is_repaired: bool = False
    records: dict[str, Installed | None] = field(default_factory=dict)
    versions: list[Installed] | None = None
    sound: set[str] = field(default_factory=set)


class RememberingStore(Store):
    """A store that remembers results of checks. Call `look` before each sync. Later changes by other programs count
    from the next call.
    """

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self._seen: dict[str, _Seen] = {}
        self._seal: Stamp | None = None
        self._hashed_at = monotonic()

    def look(self) -> None:
        """Forgets the results for definitions whose files have changed, and all results after an hour."""
        seal = _stamp_of(iter((self.home.seal, copy_of(self.home.seal))))
        if seal is None or seal != self._seal or monotonic() - self._hashed_at > LONGEST_S:
            self._seen, self._hashed_at = {}, monotonic()
        self._seal = seal
        before, self._seen = self._seen, {}
        for folder in _folders_in(self.home.versions):
            stamp = _stamp_of(_paths_under(folder))
            known = before.get(folder.name)
            is_same = known is not None and known.stamp is not None and known.stamp == stamp
            self._seen[folder.name] = known if known is not None and is_same else _Seen(stamp)

    def folders_to_repair(self) -> list[Path]:
        return [self.home.versions / name for name, seen in self._seen.items() if not seen.is_repaired]

    def note_repaired(self, name: str) -> None:
        self._seen[name].is_repaired = True

    def names(self) -> list[str]:
        return sorted(name for name in self._seen if re.match(r"\w", name))

    def read(self, name: str, commit: str) -> Installed | None:
        seen = self._seen.get(name)
        if seen is None:
            return super().read(name, commit)
        if commit not in seen.records:
            seen.records[commit] = super().read(name, commit)
        return seen.records[commit]

    def versions(self, name: str) -> list[Installed]:
        seen = self._seen.get(name)
        if seen is None:
            return super().versions(name)
        if seen.versions is None:
            seen.versions = super().versions(name)
        return seen.versions

    def fault(self, name: str, commit: str) -> str | None:
        seen = self._seen.get(name)
        if seen is not None and commit in seen.sound:
            return None
        fault = super().fault(name, commit)
        if fault is None and seen is not None:
            seen.sound.add(commit)
        return fault

    def install(self, installed: Installed, contents: Mapping[str, bytes]) -> None:
        # Another program may have installed this version since the last look.
        self._seen[installed.name] = _Seen(None)
        try:
            super().install(installed, contents)
        finally:
            self._seen[installed.name] = _Seen(None)


def _folders_in(folder: Path) -> list[Path]:
    """Raises `FolderError`."""
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries if entry.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise FolderError(f"Cannot read {folder}: {reason_of(error, 'read')}") from error


def _paths_under(folder: Path | str) -> Iterator[str]:
    """Yields the paths of all files and folders under a folder. Follows no links. Raises `OSError`."""
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry.path
            if entry.is_dir(follow_symlinks=False):
                yield from _paths_under(entry.path)


def _stamp_of(paths: Iterator[Path] | Iterator[str]) -> Stamp | None:
    """The sizes, times and inode numbers of files. Returns None if the files may change and keep the same
    stamp: if they have just changed, cannot be read, or are links or cloud files on Windows.
    """
    found: list[tuple[object, ...]] = []
    settled = time_ns() - SETTLED_NS
    try:
        for path in paths:
            # On Windows, the entries of a folder lack some of these values and may be out of date.
            now: Any = os.lstat(path)
            if max(now.st_mtime_ns, now.st_ctime_ns) > settled or getattr(now, "st_reparse_tag", 0):
                return None
            size = 0 if stat.S_ISDIR(now.st_mode) else now.st_size
            found.append((str(path), now.st_mode, now.st_ino, size, now.st_mtime_ns, now.st_ctime_ns))
    except OSError:
        return None
    return tuple(sorted(found, key=lambda one: str(one[0])))
