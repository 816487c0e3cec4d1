"""The audit hook (PEP 578): what reaches files, processes, sockets, foreign memory or the guard itself."""

import os
import sys
import sysconfig
import zoneinfo
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any

from ..errors import BannedImportError, GuardError
from .charge import Charge, Definitions, Standing, take_thread, tell_of_threads
from .policy import Policy

FILE_EVENTS = (
    "glob.glob",
    "os.chdir",
    "os.chflags",
    "os.chmod",
    "os.chown",
    "os.fwalk",
    "os.getxattr",
    "os.link",
    "os.listdir",
    "os.listxattr",
    "os.lockf",
    "os.mkdir",
    "os.remove",
    "os.removexattr",
    "os.rename",
    "os.rmdir",
    "os.scandir",
    "os.setxattr",
    "os.symlink",
    "os.truncate",
    "os.utime",
    "os.walk",
    "pathlib.Path.glob",
    "pathlib.Path.rglob",
    "sqlite3.connect",
)
READING = ("glob.glob", "os.fwalk", "os.listdir", "os.scandir", "os.walk", "pathlib.Path.glob", "pathlib.Path.rglob")
PROCESS_EVENTS = (
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "subprocess.Popen",
    "webbrowser.open",
)
HOST_EVENTS = (
    "os.putenv",
    "os.unsetenv",
    "resource.prlimit",
    "resource.setrlimit",
    "syslog.openlog",
    "syslog.setlogmask",
    "syslog.syslog",
)
GUARD_EVENTS = (
    "code.__new__",
    "cpython.PyInterpreterState_New",
    "function.__new__",
    "gc.get_objects",
    "gc.get_referents",
    "gc.get_referrers",
    "sys._current_exceptions",
    "sys._current_frames",
    "sys.addaudithook",
    "sys.setprofile",
    "sys.settrace",
    "cpython.remote_debugger_script",
)
PYTHON = ("stdlib", "platstdlib", "purelib", "platlib")
"""Folders of Python's own and installed packages, which libraries read from while they run."""
WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

Rule = Callable[[str, tuple[Any, ...], Standing], str | None]
"""(event, its arguments, who is in charge) → what is refused, in words, or None."""


def folders(paths: Iterable[str]) -> tuple[str, ...]:
    """As the beginnings of what lies in them."""
    return tuple({os.path.realpath(path) + os.sep for path in paths})


_definitions = Definitions()
_installation = folders(sysconfig.get_paths()[key] for key in PYTHON)
_zones = folders(zoneinfo.TZPATH)
_is_watching = False


def watch(builtins: dict[str, Any], gate: CodeType, label: str, folder: str, policy: Policy) -> None:
    """From now on, code with these built-ins or from this folder is a definition's.

    The hook is added with the first definition and stays for as long as the process lives (Python removes none); a
    program that loads no definition never has it.
    """
    global _is_watching
    _definitions.add(builtins, Charge(label, os.path.realpath(folder), policy.lifted), gate)
    _policies[label] = policy
    if not _is_watching:
        if sys.version_info < (3, 12):
            tell_of_threads()
        sys.addaudithook(_hook)
        _is_watching = True


_policies: dict[str, Policy] = {}


def _hook(event: str, args: tuple[Any, ...]) -> None:
    rule = _RULES.get(event) or _FAMILIES.get(event.partition(".")[0])
    if rule is None:
        return
    standing = _definitions.standing(sys._getframe().f_back)
    if standing is None:
        return
    refused = rule(event, args, standing)
    if refused is not None:
        label = standing.charge.label
        kind = BannedImportError if rule is _import else GuardError
        raise kind(f"{label} tried to {refused}. A definition may not do that on this computer")


def _open(event: str, args: tuple[Any, ...], standing: Standing) -> str | None:
    path, mode, flags = args[0], args[1], args[2] if len(args) > 2 else 0
    writes = any(c in mode for c in "wax+") if isinstance(mode, str) else False
    writes = writes or bool((flags or 0) & WRITE_FLAGS)
    return _path(path, writes, standing)


def _file(event: str, args: tuple[Any, ...], standing: Standing) -> str | None:
    if event == "sqlite3.connect" and args[0] == ":memory:" and "files" not in standing.charge.lifted:
        return "use sqlite3, which reaches files from memory too"
    return _path(args[0] if args else None, event not in READING, standing)


def _path(path: object, writes: bool, standing: Standing) -> str | None:
    charge, through = standing.charge, standing.through
    if "files" in charge.lifted or "logging" in through or {"visa", "find_library"} <= through:
        return None
    verb = "write" if writes else "read"
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None if path is None else f"{verb} the open file {path!r}"
    where = os.path.realpath(os.fsdecode(path))
    if not writes:
        inside = where + os.sep
        if inside.startswith(charge.folder + os.sep) or through & {"import", "visa"}:
            return None
        if inside.startswith(_zones) or (not standing.is_direct and inside.startswith(_installation)):
            return None
    elif ("import" in through and ("__pycache__" in where)) or (
        "visa" in through and where.startswith(("/dev/", "\\\\.\\"))
    ):
        return None
    return f"{verb} {where}"


def _process(event: str, args: tuple[Any, ...], standing: Standing) -> str | None:
    if "processes" in standing.charge.lifted or {"visa", "find_library"} <= standing.through:
        return None
    return f"start or signal a process ({event} {args[0] if args else ''!r})"


def _socket(event: str, args: tuple[Any, ...], standing: Standing) -> str | None:
    if "sockets" in standing.charge.lifted or standing.through & {"visa", "logging"}:
        return None
    return f"reach the network ({event})"


def _ctypes(event: str, args: tuple[Any, ...], standing: Standing) -> str | None:
    if "ctypes" in standing.charge.lifted or standing.through & {"visa", "import"}:
        return None
    return f"reach foreign code or memory ({event})"


def _code(event: str, args: tuple[Any, ...], standing: Standing) -> str | None:
    if event == "compile" and len(args) > 1 and not standing.is_direct:
        name = args[1]
        if isinstance(name, str) and "import" not in standing.through and _definitions.claims_trust(name):
            return f"pass code off as {name}"
    if not standing.is_direct:
        return None
    if "import_module" in standing.through:
        is_banned = _policies[standing.charge.label].bans("importlib")
        return "import by way of importlib" if is_banned else None
    if "import" in standing.through or "code" in standing.charge.lifted:
        return None
    return f"run code that nobody reviewed ({event})"


def _import(event: str, args: tuple[Any, ...], standing: Standing) -> str | None:
    name = str(args[0])
    if not standing.is_direct or not _policies[standing.charge.label].bans(name):
        return None
    return f"import {name}"


def _host(event: str, args: tuple[Any, ...], standing: Standing) -> str | None:
    return None if standing.through & {"import", "visa"} else f"change the host program's surroundings ({event})"


def _guard(event: str, args: tuple[Any, ...], standing: Standing) -> str | None:
    return None if standing.through & {"import", "visa"} else f"get around the guard ({event})"


def _setattr(event: str, args: tuple[Any, ...], standing: Standing) -> str | None:
    return f"change the code of {args[0]!r}" if standing.is_direct and args[1] == "__code__" else None


def _thread(event: str, args: tuple[Any, ...], standing: Standing) -> str | None:
    if standing.through & {"visa", "import"} or take_thread(standing.charge, args[0]):
        return None
    return "start a thread without the threading module"


_RULES: dict[str, Rule] = {
    "open": _open,
    **dict.fromkeys(FILE_EVENTS, _file),
    **dict.fromkeys(PROCESS_EVENTS, _process),
    **dict.fromkeys(GUARD_EVENTS, _guard),
    **dict.fromkeys(HOST_EVENTS, _host),
    "compile": _code,
    "exec": _code,
    "marshal.load": _code,
    "marshal.loads": _code,
    "import": _import,
    "object.__setattr__": _setattr,
    "urllib.Request": _socket,
    "_thread.start_new_thread": _thread,
    "_thread.start_joinable_thread": _thread,
}
_FAMILIES: dict[str, Rule] = {
    "ctypes": _ctypes,
    "ftplib": _socket,
    "http": _socket,
    "imaplib": _socket,
    "poplib": _socket,
    "shutil": _file,
    "smtplib": _socket,
    "socket": _socket,
    "tempfile": _file,
    "winreg": _file,
    "_winapi": _process,
}
