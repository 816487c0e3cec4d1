"""The audit hook (PEP 578): what reaches files, processes, sockets, foreign memory or the guard itself."""

import os
import sys
import sysconfig
import zoneinfo
from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any, NamedTuple

from ..errors import BannedImportError, GuardError
from .charge import Charge, Definitions, Standing, tell_of_threads
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
    "signal.pthread_kill",
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
    "sys.monitoring.register_callback",
    "sys.setprofile",
    "sys.settrace",
    "cpython.remote_debugger_script",
)
PYTHON = ("stdlib", "platstdlib", "purelib", "platlib")
"""Folders of Python's own and installed packages, which libraries read from while they run."""
WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

REGISTRY_READS = ("ConnectRegistry", "EnumKey", "EnumValue", "OpenKey", "QueryInfoKey", "QueryValue")
"""Of winreg's events."""


class Refusal(NamedTuple):
    """What a definition tried, and which of a lab's `allowed_imports` lets it, if any does."""

    what: str
    lifted_by: str | None = None


Rule = Callable[[str, tuple[Any, ...], Standing], Refusal | None]
"""(event, its arguments, who is in charge) → what is refused, or None."""


def beginning(folder: str) -> str:
    """How the paths of what lies in a folder begin, where case may make no difference."""
    return os.path.normcase(os.path.realpath(folder)) + os.sep


def folders(paths: Iterable[str]) -> tuple[str, ...]:
    """As the beginnings of what lies in them."""
    return tuple({beginning(path) for path in paths})


_definitions = Definitions()
_installation = folders(sysconfig.get_paths()[key] for key in PYTHON)
_zones = folders(zoneinfo.TZPATH)
_nowhere = os.path.realpath(os.devnull)
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
        unless = f", unless a lab admin allows `{refused.lifted_by}`" if refused.lifted_by else ""
        raise kind(f"{label} tried to {refused.what}. A definition may not do that on this computer{unless}")


def _open(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    path, mode, flags = args[0], args[1], args[2] if len(args) > 2 else 0
    writes = any(c in mode for c in "wax+") if isinstance(mode, str) else False
    writes = writes or bool((flags or 0) & WRITE_FLAGS)
    return _path(path, writes, standing)


def _file(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    if event == "sqlite3.connect" and args[0] == ":memory:" and "files" not in standing.charge.lifted:
        return Refusal("use sqlite3, which reaches files from memory too", "open")
    return _path(args[0] if args else None, event not in READING, standing)


def _path(path: object, writes: bool, standing: Standing) -> Refusal | None:
    charge, through = standing.charge, standing.through
    if "files" in charge.lifted or "logging" in through or {"visa", "find_library"} <= through:
        return None
    verb = "write" if writes else "read"
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None if path is None else Refusal(f"{verb} the open file {path!r}", "open")
    where = os.path.realpath(os.fsdecode(path))
    if where == _nowhere:
        return None
    if not writes:
        inside = os.path.normcase(where) + os.sep
        if inside.startswith(os.path.normcase(charge.folder) + os.sep):
            # Python's own finders and loaders would run what lies there as anybody's code.
            is_import = standing.is_importer and "import" in through
            return Refusal("import from its own folder past its own import") if is_import else None
        if through & {"import", "visa"}:
            return None
        if inside.startswith(_zones) or (not standing.is_direct and inside.startswith(_installation)):
            return None
    elif ("import" in through and ("__pycache__" in where)) or (
        "visa" in through and where.startswith(("/dev/", "\\\\.\\"))
    ):
        return None
    return Refusal(f"{verb} {where}", "open")


def _registry(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    """Windows'; libraries look there for what is installed."""
    reads = event.startswith(tuple(f"winreg.{name}" for name in REGISTRY_READS))
    if "files" in standing.charge.lifted or (reads and not standing.is_direct):
        return None
    return Refusal(f"{'read' if reads else 'change'} Windows' registry ({event})", "open")


def _process(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    if "processes" in standing.charge.lifted or {"visa", "find_library"} <= standing.through:
        return None
    return Refusal(f"start or signal a process ({event} {args[0] if args else ''!r})", "subprocess")


def _socket(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    if "sockets" in standing.charge.lifted or standing.through & {"visa", "logging"}:
        return None
    return Refusal(f"reach the network ({event})", "socket")


def _ctypes(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    if "ctypes" in standing.charge.lifted or standing.through & {"visa", "import"}:
        return None
    return Refusal(f"reach foreign code or memory ({event})", "ctypes")


def _code(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    if event == "compile" and len(args) > 1 and not standing.is_direct:
        name = args[1]
        if isinstance(name, str) and "import" not in standing.through and _definitions.claims_trust(name):
            return Refusal(f"pass code off as {name}")
    if not standing.is_direct:
        return None
    if "import_module" in standing.through:
        is_banned = _policies[standing.charge.label].bans("importlib")
        return Refusal("import by way of importlib", "importlib") if is_banned else None
    if "import" in standing.through or "code" in standing.charge.lifted:
        return None
    return Refusal(f"run code that nobody reviewed ({event})", "exec")


def _import(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    name, file = str(args[0]), args[1]
    if file is not None and "ctypes" not in standing.charge.lifted:
        is_own = beginning(file).startswith(beginning(standing.charge.folder))
        if is_own or "import" not in standing.through:
            return Refusal(f"load {file}, which is no Python code", "ctypes")
    if not standing.is_direct or not _policies[standing.charge.label].bans(name):
        return None
    return Refusal(f"import {name}", name.partition(".")[0])


def _host(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    is_free = standing.through & {"import", "visa"}
    return None if is_free else Refusal(f"change the host program's surroundings ({event})")


def _guard(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    return None if standing.through & {"import", "visa"} else Refusal(f"get around the guard ({event})")


def _setattr(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    return Refusal(f"change the code of {args[0]!r}") if standing.is_direct and args[1] == "__code__" else None


def _thread(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    """One that a VISA library starts is its own there, and the definition's in what it calls."""
    if "import" in standing.through or _definitions.take_thread(standing.charge, args[0]):
        return None
    return None if "visa" in standing.through else Refusal("start a thread without the threading module")


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
    "os.add_dll_directory": _ctypes,
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
    "winreg": _registry,
    "_winapi": _process,
}
