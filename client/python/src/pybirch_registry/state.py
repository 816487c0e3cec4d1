"""Files that must not be lost. Each file has a copy, so that damage to the file or the copy loses nothing.

`save` writes the file and then its copy, each completely or not at all. `load` reads the file. If the file is damaged
or missing, `load` logs an error and reads the copy. `repair` restores a damaged file from its copy, or a damaged copy
from its file. If file and copy are damaged, `load` raises an error, because it must never assume that nothing is pinned
or revoked.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .errors import FolderError
from .files import reason_of, remove, retry_in_use, to_json, write_json, write_twice
from .text import logger

log = logger(__name__)

COPY = ".copy"

Check = Callable[[dict[str, Any]], object]
"""Checks the content of a file. Raises `ValueError`, `TypeError`, `KeyError` or `AttributeError` for wrong content."""

_logged: set[tuple[Path, int]] = set()


class LostError(FolderError):
    """A file that must not be lost is damaged, and so is its copy."""

    code = "lost"


def copy_of(path: Path) -> Path:
    return path.with_name(path.name + COPY)


def files_in(folder: Path) -> list[Path]:
    """The files that were saved in a folder. A file counts even if only its copy remains."""
    names = {path.name.removesuffix(COPY) for path in folder.glob("*.json*")}
    return [folder / name for name in sorted(names) if name.endswith(".json")]


def save(path: Path, value: dict[str, Any], mode: int = 0o644) -> None:
    """Saves a file and its copy. If `save` raises `FolderError`, at least the file or the copy is undamaged."""
    write_twice(path, copy_of(path), to_json(value), mode)


def forget(path: Path) -> None:
    """Deletes the file and its copy. Raises `FolderError`."""
    remove(copy_of(path))
    remove(path)


def load(path: Path, check: Check) -> dict[str, Any] | None:
    """Returns the content that was saved last, or None if nothing was ever saved.

    Raises `LostError` if both the file and its copy are damaged, `FolderError` if one of them cannot be read.
    """
    value, fault = _read(path, check)
    if value is not None:
        return value
    kept, copy_fault = _read(copy_of(path), check)
    if kept is not None:
        _log_once(path, _used(path, fault))
        return kept
    if fault == copy_fault == GONE:
        return None
    raise LostError(f"{path} {fault}, and its copy {copy_fault}")


def _used(path: Path, fault: str) -> str:
    return f"{path} {fault}; its copy is used, and the next sync restores it"


def find_faults(paths: Iterable[Path], check: Check) -> list[str]:
    """Describes the files that are damaged or missing. Raises what `load` raises."""
    found = [(path, _read(path, check)[1]) for path in paths if load(path, check) is not None]
    return [_used(path, fault) for path, fault in found if fault]


def repair(paths: Iterable[Path], check: Check) -> list[str]:
    """Restores damaged or missing files and copies. Returns messages for the user. Raises `FolderError`.

    The caller holds the lock that every writer of these files takes.
    """
    notes = []
    for path in paths:
        value, fault = _read(path, check)
        if value is not None and _has_same_bytes(path, copy_of(path)):
            continue
        kept, _ = _read(copy_of(path), check)
        if value is None and kept is not None:
            write_json(path, kept, copy_of(path).stat().st_mode & 0o777)
            notes.append(f"{path} {fault}; it was restored from its copy")
        elif value is not None and kept is None:
            write_json(copy_of(path), value, path.stat().st_mode & 0o777)
    return notes


def _has_same_bytes(path: Path, other: Path) -> bool:
    try:
        return retry_in_use(path.read_bytes) == retry_in_use(other.read_bytes)
    except OSError:
        return False


GONE = "is missing"


def _read(path: Path, check: Check) -> tuple[dict[str, Any] | None, str]:
    """The object in a file, and a description of what is wrong with the file. The description is empty if nothing is
    wrong.
    """
    try:
        value = json.loads(retry_in_use(path.read_bytes))
        if not isinstance(value, dict):
            return None, "is damaged (it is not a JSON object)"
        check(value)
    except (FileNotFoundError, NotADirectoryError):
        return None, GONE
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None, "is damaged"
    except OSError as error:
        raise FolderError(f"Cannot read {path}: {reason_of(error, 'read')}") from error
    return value, ""


def _log_once(path: Path, text: str) -> None:
    """Logs an error once for each state of the file, so that repeated reads do not repeat it."""
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        stamp = 0
    if (path, stamp) not in _logged:
        _logged.add((path, stamp))
        log.error("%s", text)
