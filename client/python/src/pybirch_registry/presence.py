"""Records which versions the programs on this computer have loaded. The sync of any program reports the versions of all
programs.
"""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import state
from .errors import FolderError
from .files import open_lock, try_lock
from .home import Home
from .text import logger

log = logger(__name__)

_held: dict[Path, int] = {}
"""The locks of this process. When the process ends, the operating system releases the locks. Without a lock, other
processes ignore the record of this process.
"""


class Presence:
    """The records of running programs, one file for each. A file counts while its program runs."""

    def __init__(self, home: Home) -> None:
        self._folder = home.running
        self._own = self._folder / f"{os.getpid()}.json"

    def record(self, loaded: Mapping[str, int]) -> None:
        """Records the versions that this program has loaded, by name. Does nothing if the folder cannot be written."""
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
            if self._read(self._own) != dict(loaded):
                state.save(self._own, dict(loaded))

    @staticmethod
    def _read(path: Path) -> dict[str, int] | None:
        try:
            return state.load(path, check_loaded)
        except FolderError as error:
            log.error("Cannot read which versions a running program has loaded: %s", error)
            return None

    def all(self) -> dict[str, int]:
        """The versions that running programs have loaded, by name. If programs have loaded different versions,
        returns the oldest one, because a lab looks for old versions.
        """
        found: dict[str, int] = {}
        for path in sorted(self._folder.glob("*.json")):
            if not self._is_alive(path):
                continue
            for name, version in (self._read(path) or {}).items():
                found[name] = min(found.get(name, version), version)
        return found

    def _is_alive(self, path: Path) -> bool:
        """Returns whether a program is still running. If the program has ended, deletes its files."""
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
            for gone in (path, state.copy_of(path), lock):
                with contextlib.suppress(OSError):
                    gone.unlink()
        return alive


def check_loaded(value: dict[str, Any]) -> None:
    """Raises `ValueError` if the value is not a list of loaded versions."""
    if not all(type(version) is int for version in value.values()):
        raise ValueError("no versions")
