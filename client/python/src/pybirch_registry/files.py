"""Writes files completely or not at all, and locks them between processes."""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from .errors import FolderError, RefusedError

T = TypeVar("T")

WINDOWS_DEVICES = frozenset(
    [
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{kind}{n}" for kind in ("com", "lpt") for n in "123456789¹²³"),
    ]
)
WINDOWS_LONGEST = 259
"""The longest path on Windows without support for long paths, in characters (MAX_PATH without the final zero)."""
LOCK_TIMEOUT_S = 120.0
PARTIAL = ".partial-"
"""The prefix of the name of a file or folder that is being written or deleted."""


def sha256(content: bytes) -> str:
    """The SHA-256 as a hexadecimal string."""
    return hashlib.sha256(content).hexdigest()


@contextlib.contextmanager
def explain_errors(path: Path) -> Iterator[None]:
    """Turns errors of the operating system into a `FolderError` that says what to do."""
    try:
        yield
    except OSError as error:
        text = f"Cannot write {path}: {reason_of(error)}. The previous content is unchanged."
        raise FolderError(text) from error


def reason_of(error: OSError, verb: str = "write") -> str:
    """The reason of an error in words. `verb` is what the user tried to do: `write` or `read`."""
    full = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
    name = error.filename if isinstance(error.filename, str) else ""
    if error.errno in full:
        return "the disk is full, or this account has used all the space that it may use"
    if error.errno == errno.EROFS:
        return "the disk is read-only"
    if error.errno == errno.ENAMETOOLONG or (sys.platform == "win32" and len(name) > WINDOWS_LONGEST):
        return "its path is too long. Name a folder with a shorter path in PYBIRCH_REGISTRY_HOME"
    if error.errno in (errno.EACCES, errno.EPERM):
        if sys.platform == "win32":
            return f"this account may not {verb} there, or another program has a file open in it"
        return f"this account may not {verb} there"
    return error.strerror or str(error)


def write_atomic(path: Path, content: bytes, mode: int = 0o644, is_synced: bool = True) -> None:
    """Writes a new file beside `path`, and renames it to `path` when its content is on the disk. Raises `FolderError`.

    Without `is_synced`, the content may not be on the disk yet, and a power failure may damage the file.
    """
    with explain_errors(path):
        _place(path, content, mode, is_synced)
        if is_synced:
            _keep_name(path.parent)


def write_twice(path: Path, copy: Path, content: bytes, mode: int) -> None:
    """Writes a file and then its copy in the same folder, each as `write_atomic` does. Raises `FolderError`.

    The folder is synced once, for both names. A power failure may undo either renaming, but never leaves half a file.
    """
    for one in (path, copy):
        with explain_errors(one):
            _place(one, content, mode, is_synced=True)
    with explain_errors(path):
        _keep_name(path.parent)


def _place(path: Path, content: bytes, mode: int, is_synced: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=PARTIAL, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if is_synced:
                _write_through(file, content)
            else:
                file.write(content)
        temporary.chmod(mode)
        replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _write_through(file: Any, content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _keep_name(folder: Path) -> None:
    """Syncs a folder. On POSIX, a new file name survives a power failure only if its folder was synced. On
    Windows, this step is not necessary.
    """
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(source: Path, target: Path) -> None:
    """Renames a file. On Windows, a virus scanner or a reader may have one of the files open for a moment."""
    retry_in_use(lambda: source.replace(target))


def remove(path: Path) -> None:
    """Deletes a file if it exists. Raises `FolderError`."""
    with explain_errors(path):
        retry_in_use(lambda: path.unlink(missing_ok=True))


def retry_in_use(work: Callable[[], T], attempts: int = 40) -> T:
    """Calls `work` again for up to two seconds while Windows reports that a file is in use."""
    for _ in range(attempts - 1):
        try:
            return work()
        except PermissionError:
            if sys.platform != "win32":
                raise
            time.sleep(0.05)
    return work()


def write_json(path: Path, value: object, mode: int = 0o644, is_synced: bool = True) -> None:
    """Writes a value as JSON, as `write_atomic` does. Raises `FolderError`."""
    write_atomic(path, to_json(value), mode, is_synced)


def to_json(value: object) -> bytes:
    # Without indentation, Python's fast encoder in C writes the JSON.
    return json.dumps(value, ensure_ascii=False).encode()


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file, or None if the file is absent or damaged.

    Raises `FolderError` if the file cannot be read. A caller that treated such a file as absent would overwrite its
    content.
    """
    try:
        value = json.loads(retry_in_use(path.read_bytes))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None
    except OSError as error:
        raise FolderError(f"Cannot read {path}: {reason_of(error, 'read')}") from error
    return value if isinstance(value, dict) else None


def check_path(path: str) -> PurePosixPath:
    """Checks a file's path in a definition, which must be valid on every platform. Raises `RefusedError`."""
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


def check_paths(paths: Iterable[str]) -> None:
    """Raises `RefusedError` if two of the files or folders differ only in case."""
    spelled: dict[str, PurePosixPath] = {}
    for path in map(check_path, paths):
        for one in (path, *path.parents):
            if spelled.setdefault(unicodedata.normalize("NFC", str(one)).casefold(), one) != one:
                raise RefusedError(f"{str(one)!r} differs from another name only in case")


def write_tree(folder: Path, files: Mapping[str, bytes], folders: Iterable[str] = (), is_synced: bool = True) -> None:
    """Creates a folder with these files and folders, completely or not at all. Replaces an existing folder.

    Without `is_synced`, the content may not be on the disk yet, and a power failure may damage it.

    Raises `FolderError`, or `RefusedError` for paths that are not valid on every platform. The caller holds a lock on
    the parent folder.
    """
    check_paths(files)
    with explain_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # The temporary folder has a longer name than `folder`. A path that is too long for Windows therefore fails
        # here.
        temporary = _fresh_folder(folder)
        try:
            for path in folders:
                (temporary / path).mkdir(parents=True, exist_ok=True)
            for path, content in files.items():
                target = temporary / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("wb") as file:
                    if is_synced:
                        _write_through(file, content)
                    else:
                        file.write(content)
            temporary.chmod(0o755)
            discard(folder)
            replace(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def discard(folder: Path) -> None:
    """Deletes a folder if it exists. Renames the folder first, so that nobody sees it half-deleted."""
    if folder.is_symlink():
        folder.unlink()
    if not folder.exists():
        return
    aside = _fresh_folder(folder)
    try:
        replace(folder, aside / "it")
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _fresh_folder(beside: Path) -> Path:
    """Creates an empty folder in the parent folder of `beside`. `tempfile.mkdtemp` is not used: on Windows,
    other accounts cannot read a folder that it makes, whatever the parent folder allows.
    """
    folder = beside.with_name(f"{PARTIAL}{beside.name}-{secrets.token_hex(6)}")
    folder.mkdir()
    return folder


def clear_partial(folder: Path, of: str = "", older_s: float = 0) -> None:
    """Deletes partial files and folders that a crash left behind. `of` limits the deletion to one file.

    The caller holds the writers' lock, or sets `older_s` to an age that no unfinished write reaches.
    """
    for path in folder.glob(f"{PARTIAL}{of}*"):
        with contextlib.suppress(OSError):
            if older_s and time.time() - path.stat().st_mtime < older_s:
                continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def links_in(folder: Path) -> list[str]:
    """The symbolic links among a folder and everything in it. Junctions on Windows count too."""
    is_junction = getattr(os.path, "isjunction", lambda path: False)
    return [str(path) for path in (folder, *folder.rglob("*")) if path.is_symlink() or is_junction(path)]


def tree_hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file in a folder and its subfolders. The keys are paths with slashes."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@contextlib.contextmanager
def locked(path: Path, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Holds a lock on `path`, which other processes and threads respect. The end of the process releases the lock.

    Raises `FolderError` if the lock is not free within `timeout_s`.
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
    """A handle for `try_lock`. Closing it releases the lock. Raises `FolderError`."""
    with explain_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


def try_lock(handle: int) -> bool:
    """Tries to take the lock. Returns whether the lock is held now."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True
