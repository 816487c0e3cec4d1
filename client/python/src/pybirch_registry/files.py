"""Files that are there whole or not at all, and locks between processes."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from .errors import FolderError, RefusedError

WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))]
)
WINDOWS_LONGEST = 259
"""Characters of a path where Windows has its long paths turned off (MAX_PATH without the closing zero)."""
LOCK_TIMEOUT_S = 120.0
PARTIAL = ".partial-"
"""How the name of whatever is not whole yet, or not whole any more, begins."""


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns an error of the operating system into a `FolderError` that tells a user what to do."""
    try:
        yield
    except OSError as error:
        text = f"Cannot write {path}: {reason_of(error)}. What was there before is untouched."
        raise FolderError(text) from error


def reason_of(error: OSError) -> str:
    """In words for a lab user."""
    full = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
    name = error.filename if isinstance(error.filename, str) else ""
    if error.errno in full:
        return "the disk is full, or the space that this account may use"
    if error.errno == errno.EROFS:
        return "the disk is read-only"
    if error.errno == errno.ENAMETOOLONG or (sys.platform == "win32" and len(name) > WINDOWS_LONGEST):
        return "its path is too long. Name a folder with a shorter path in PYBIRCH_REGISTRY_HOME"
    if error.errno in (errno.EACCES, errno.EPERM):
        if sys.platform == "win32":
            return "this account may not write there, or another program has a file in it open"
        return "this account may not write there"
    return error.strerror or str(error)


def write_atomic(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Writes a new file beside `path`, on the disk before it takes the name. Raises `FolderError`."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=PARTIAL, dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                _write_through(file, content)
            temporary.chmod(mode)
            replace(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _write_through(file: Any, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def replace(source: Path, target: Path) -> None:
    """Renames; on Windows a virus scanner or a reader may hold either name for a moment."""
    _patiently(lambda: source.replace(target))


def _patiently(work: Callable[[], object], attempts: int = 40) -> None:
    """Tries for two seconds where Windows says that somebody has the file open."""
    for left in reversed(range(attempts)):
        try:
            work()
            return
        except PermissionError:
            if sys.platform != "win32" or left == 0:
                raise
            time.sleep(0.05)


def write_json(path: Path, value: object, mode: int = 0o644) -> None:
    """Raises `FolderError`."""
    write_atomic(path, json.dumps(value, indent=1, ensure_ascii=False).encode(), mode)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in the file; None where there is none, or where it is damaged (it is then as good as absent)."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def check_path(path: str) -> PurePosixPath:
    """A file's path in a definition, fit for every platform. Raises `RefusedError`."""
    for part in path.split("/"):
        bad = (
            part in ("", ".", "..")
            or part.lower() == ".git"
            or part[-1] in ". "
            or any(c in '<>:"\\|?*' or ord(c) < 32 for c in part)
            or part.split(".")[0].rstrip().lower() in WINDOWS_DEVICES
        )
        if bad:
            raise RefusedError(f"{path!r} cannot be a file name on every computer")
    return PurePosixPath(path)


def write_tree(folder: Path, files: Mapping[str, bytes]) -> None:
    """Makes the folder with these files, whole or not at all; one that is there already is replaced.

    Raises `FolderError`, or `RefusedError` for paths that some platform cannot have. The caller holds a lock on
    whatever is beside the folder.
    """
    paths = {check_path(path): content for path, content in files.items()}
    if len({str(path).lower() for path in paths}) != len(paths):
        raise RefusedError("two files differ only by upper and lower case")
    with explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=folder.parent))
        try:
            for path, content in paths.items():
                target = temporary / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    _write_through(file, content)
            temporary.chmod(0o755)
            discard(folder)
            replace(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def discard(folder: Path) -> None:
    """Deletes a folder, if it is there; moves it out of the way first, so that it is never seen half-deleted."""
    if not folder.exists():
        return
    aside = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=folder.parent))
    try:
        replace(folder, aside / "it")
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def clear_partial(folder: Path) -> None:
    """Deletes what crashes left in a folder. The caller holds the lock of all who write there."""
    for path in folder.glob(f"{PARTIAL}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def tree_hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file under a folder by its path with slashes."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextlib.contextmanager
def locked(path: Path, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Holds a lock that other processes and threads see; it ends with the process.

    Raises `FolderError` where it cannot be had within `timeout_s`.
    """
    handle = open_lock(path)
    try:
        deadline = time.monotonic() + timeout_s
        while not try_lock(handle):
            if time.monotonic() > deadline:
                raise FolderError(f"Another program has held {path} for {timeout_s:.0f} s")
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def open_lock(path: Path) -> int:
    """A handle for `try_lock`; closing it ends the lock. Raises `FolderError`."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


if sys.platform == "win32":  # pragma: no cover

    def try_lock(handle: int) -> bool:
        """Whether the lock is now held."""
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def try_lock(handle: int) -> bool:
        """Whether the lock is now held."""
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            raise
        return True
