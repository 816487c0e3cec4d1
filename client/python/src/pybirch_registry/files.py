"""Files that are there whole or not at all, and locks between processes."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from .errors import FolderError, RefusedError

WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))]
)
LOCK_TIMEOUT_S = 120.0


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns an error of the operating system into a `FolderError` that tells a user what to do."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FolderError):
            raise
        reasons = {
            errno.ENOSPC: "the disk is full",
            errno.EDQUOT if hasattr(errno, "EDQUOT") else -1: "the disk quota is used up",
            errno.EROFS: "the disk is read-only",
            errno.EACCES: "this account may not write there",
            errno.EPERM: "this account may not write there",
        }
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        raise FolderError(f"Cannot write {path}: {reason}. What was there before is untouched.") from error


def write_atomic(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Writes a new file beside `path`, on the disk before it takes the name. Raises `FolderError`."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(mode)
            replace(Path(temporary), path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def replace(source: Path, target: Path) -> None:
    """Renames; on Windows a virus scanner or a reader may hold the name for a moment."""
    for attempt in range(20):
        try:
            source.replace(target)
            return
        except PermissionError:
            if os.name != "nt" or attempt == 19:
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
    parts = path.split("/")
    for part in parts:
        bad = (
            part in ("", ".", "..")
            or part.lower() == ".git"
            or part[-1] in ". "
            or any(c in '<>:"\\|?*' or ord(c) < 32 for c in part)
            or part.split(".")[0].lower() in WINDOWS_DEVICES
        )
        if bad:
            raise RefusedError(f"{path!r} cannot be a file name on every computer")
    return PurePosixPath(path)


def write_tree(folder: Path, files: dict[str, bytes]) -> None:
    """Makes the folder with these files, whole or not at all; one that is there already is replaced.

    Raises `FolderError`, or `RefusedError` for paths that some platform cannot have.
    """
    paths = {check_path(path): content for path, content in files.items()}
    if len({str(path).lower() for path in paths}) != len(paths):
        raise RefusedError("two files differ only by upper and lower case")
    with explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".incoming-", dir=folder.parent))
        try:
            for path, content in paths.items():
                target = temporary / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            temporary.chmod(0o755)
            if folder.exists():
                discard(folder)
            replace(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def discard(folder: Path) -> None:
    """Moves a folder out of the way first, so that it is never seen half-deleted."""
    aside = Path(tempfile.mkdtemp(prefix=".discarded-", dir=folder.parent))
    replace(folder, aside / "it")
    shutil.rmtree(aside, ignore_errors=True)


def tree_hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file under a folder by its path with slashes; Python's own caches do not count."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@contextlib.contextmanager
def locked(path: Path, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Holds a lock that other processes see; it ends with the process. Raises `FolderError` after `timeout_s`."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + timeout_s
        while not _try_lock(handle):
            if time.monotonic() > deadline:
                raise FolderError(f"Another program has held {path} for {timeout_s:.0f} s")
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)


if os.name == "nt":  # pragma: no cover

    def _try_lock(handle: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True

else:

    def _try_lock(handle: int) -> bool:
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            raise
        return True
