"""Decides which files a definition may read and write, and which trusted code may do this for it."""

import os
import re
import stat
import sys
import sysconfig
import zoneinfo
from collections.abc import Iterable
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from .charge import PYTHON, Standing
from .commands import LIBRARY, Commands, exact_text
from .importing import READING, WRITING

WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
DEVICES = re.compile(r"/dev/(?:tty|cu\.|usbtmc|gpib|hidraw|rfcomm|serial/|bus/usb/|pts/)[^\0]*")
PORTS = re.compile(r"\\\\\.\\COM\d+", re.IGNORECASE)
"""The names of serial ports on Windows."""
PLAIN = (PurePosixPath, PureWindowsPath, type(PurePath()), type(Path()))
UNREAL = ("/proc/", "/dev/", "/memfd:", "/sys/")
"""The folders of files that exist only in memory, where no library is installed."""


def beginning(folder: str) -> str:
    """The start of all paths in a folder, in lower case on systems that ignore the case of file names."""
    return os.path.normcase(os.path.realpath(folder)) + os.sep


def folders(paths: Iterable[str]) -> tuple[str, ...]:
    """The starts of the paths in several folders."""
    return tuple({beginning(path) for path in paths})


_installation = folders(sysconfig.get_paths()[key] for key in PYTHON)
_zones = folders(zoneinfo.TZPATH)
_nowhere = os.path.realpath(os.devnull)


def place(path: Any) -> str | None:
    """The path with links resolved, or None for an object that is not a plain path.

    Uses the characters that the operating system receives. An object with its own `__fspath__` could return a different
    path each time, so only pathlib's own classes are converted.
    """
    if type(path) in PLAIN:
        path = str(path)
    name = exact_text(path)
    return None if name is None else os.path.realpath(name)


def refused_path(event: str, path: Any, writes: bool, standing: Standing) -> str | None:
    """Describes what a definition tried to do with a file, or returns None if this is allowed."""
    charge, through = standing.charge, standing.through
    if "files" in charge.lifted or "logging" in through or path is None:
        return None
    verb = "write" if writes else "read"
    if isinstance(path, int) and not isinstance(path, bool):
        return None if event == "open" and _is_pipe(path, standing) else f"{verb} the open file {int(path)}"
    where = place(path)
    if where is None:
        return f"{verb} {type(path).__name__}, which is not a plain path"
    if event == "open" and where == _nowhere:
        return None
    is_allowed = _may_write(event, where, standing) if writes else _may_read(where, standing)
    if is_allowed:
        return None
    if not writes and standing.importer is not None and _is_inside(where, charge.folder):
        return "import from its own folder without its own `import`"
    return f"{verb} {where}"


def _is_pipe(descriptor: int, standing: Standing) -> bool:
    """Whether a file descriptor belongs to an allowed program, or to a file that the import system has opened."""
    return "popen" in standing.through or standing.importer in WRITING


def _is_inside(where: str, folder: str) -> bool:
    return (os.path.normcase(where) + os.sep).startswith(os.path.normcase(folder) + os.sep)


def _may_read(where: str, standing: Standing) -> bool:
    if _is_inside(where, standing.charge.folder):
        # Python's own finders and loaders would run these files without the guard.
        return standing.importer is None
    if standing.importer in READING:
        return not where.startswith(UNREAL)
    if standing.through & {"setup", "visa"}:
        return True
    if "finder" in standing.through and re.fullmatch(LIBRARY, where):
        return True
    inside = os.path.normcase(where) + os.sep
    return inside.startswith(_zones) or (not standing.is_direct and inside.startswith(_installation))


def _may_write(event: str, where: str, standing: Standing) -> bool:
    if standing.importer in WRITING:
        return "__pycache__" in where
    if "finder" in standing.through:
        return commands().is_scratch(where)
    return "visa" in standing.through and event == "open" and is_device(where)


def is_device(where: str) -> bool:
    """Whether a path is a device to which instruments are connected. `/dev/shm` and `/dev/mem` are not devices
    of instruments.
    """
    if sys.platform == "win32":
        return PORTS.fullmatch(where) is not None
    if not DEVICES.fullmatch(where):
        return False
    try:
        return stat.S_ISCHR(os.stat(where).st_mode)  # noqa: PTH116
    except OSError:
        return True  # opening the device fails too


def is_foreign_library(name: Any) -> bool:
    """Whether a shared library is not an installed one: it is in a definition's folder, or exists only in memory."""
    if name is None or (isinstance(name, int) and not isinstance(name, bool)):
        return False
    where = place(name)
    if where is None:
        return True
    if os.sep not in (exact_text(name) or str(name)):
        return False  # the system searches installed libraries
    return where.startswith(UNREAL) or any(_is_inside(where, folder) for folder in _versions)


_versions: set[str] = set()
"""The folders of all loaded definitions."""
_commands: list[Commands] = []


def record_host(folder: str) -> None:
    """Records the present environment of the host program, and the folder of a definition."""
    _versions.add(folder)
    _commands[:] = [Commands()]


def commands() -> Commands:
    return _commands[0]
