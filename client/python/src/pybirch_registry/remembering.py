"""The store of a program that watches. A sync checks only the versions of which something has changed.

Before each sync, one look at `versions/` compares the sizes, times and numbers of all files with those before. What was
found in order counts until one of them changes, at most for an hour. Whatever is loaded is hashed in any case.
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
"""How long a version counts as unchanged without being hashed, in seconds: a disk may lose bytes without a trace."""
SETTLED_NS = 2_000_000_000
"""Two changes within this time may leave the same times, as on FAT."""

Stamp = tuple[tuple[object, ...], ...]


@dataclass
class _Seen:
    """What was found out about one definition while its files had this stamp; None if they may still change unseen."""

    stamp: Stamp | None
    is_repaired: bool = False
    records: dict[str, Installed | None] = field(default_factory=dict)
    versions: list[Installed] | None = None
    sound: set[str] = field(default_factory=set)


class RememberingStore(Store):
    """Call `look` before each sync. What other programs change afterwards counts from the next one on."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self._seen: dict[str, _Seen] = {}
        self._seal: Stamp | None = None
        self._hashed_at = monotonic()

    def look(self) -> None:
        """Forgets what was found out about definitions whose files have changed, and everything after an hour."""
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
        # Another program may have installed it since the last look.
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
    """Follows no links. Raises `OSError`."""
    with os.scandir(folder) as entries:
        for entry in entries:
            yield entry.path
            if entry.is_dir(follow_symlinks=False):
                yield from _paths_under(entry.path)


def _stamp_of(paths: Iterator[Path] | Iterator[str]) -> Stamp | None:
    """None if the files may change without another stamp: they have changed just now, cannot be read, or Windows
    takes their content from elsewhere."""
    found: list[tuple[object, ...]] = []
    settled = time_ns() - SETTLED_NS
    try:
        for path in paths:
            # The entries of a folder do not have all of it on Windows, and may be behind.
            now: Any = os.lstat(path)
            if max(now.st_mtime_ns, now.st_ctime_ns) > settled or getattr(now, "st_reparse_tag", 0):
                return None
            size = 0 if stat.S_ISDIR(now.st_mode) else now.st_size
            found.append((str(path), now.st_mode, now.st_ino, size, now.st_mtime_ns, now.st_ctime_ns))
    except OSError:
        return None
    return tuple(sorted(found, key=lambda one: str(one[0])))
