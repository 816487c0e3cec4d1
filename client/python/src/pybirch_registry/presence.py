"""Which versions the programs on this computer have loaded, so that a sync by any of them can tell of all."""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from .errors import FolderError
from .files import open_lock, read_json, try_lock, write_json
from .home import Home

_held: dict[Path, int] = {}
"""Locks of this process: they end with it, however it ends, and so does what it told."""


class Presence:
    """A file per program, which counts for as long as the program lives."""

    def __init__(self, home: Home) -> None:
        self._folder = home.running
        self._own = self._folder / f"{os.getpid()}.json"

    def tell(self, loaded: Mapping[str, int]) -> None:
        """The versions that this program has loaded, by name. A folder that cannot be written hinders nothing."""
        lock = self._own.with_suffix(".lock")
        if lock not in _held and not loaded:
            return
        with contextlib.suppress(FolderError):
            if lock not in _held:
                handle = open_lock(lock)
                if not try_lock(handle):
                    os.close(handle)
                    return
                _held[lock] = handle
            if read_json(self._own) != dict(loaded):
                write_json(self._own, dict(loaded))

    def all(self) -> dict[str, int]:
        """Of every living program; the oldest version where they differ, for that is what somebody may look for."""
        found: dict[str, int] = {}
        for path in sorted(self._folder.glob("*.json")):
            if not self._is_alive(path):
                continue
            for name, version in (read_json(path) or {}).items():
                found[name] = min(found.get(name, version), version)
        return found

    def _is_alive(self, path: Path) -> bool:
        """Clears away what a program that ended has left."""
        lock = path.with_suffix(".lock")
        if lock in _held:
            return True
        try:
            handle = open_lock(lock)
        except FolderError:
            return True
        try:
            alive = not try_lock(handle)
        finally:
            os.close(handle)
        if not alive:
            for gone in (path, lock):
                with contextlib.suppress(OSError):
                    gone.unlink()
        return alive
