"""The audit hook (PEP 578), which judges events that reach files, processes, sockets, foreign memory or the
guard itself.
"""

import os
import re
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any, NamedTuple

from ..errors import BannedImportError, GuardError
from .charge import Charge, Definitions, Standing, audit_pidfd_signals, audit_thread_starts
from .commands import exact_text
from .environment import watch_environment
from .events import FILE_EVENTS, GUARD_EVENTS, HOST_EVENTS, PROCESS_EVENTS, READING, REGISTRY_READS
from .files import WRITE_FLAGS, beginning, commands, is_foreign_library, record_host, refused_path
from .importing import LOADING
from .modules import Silent
from .policy import Policy
from .twins import SILENT

WAYS_OUT = re.compile(
    r"(?:system|popen|v?fork|exec(?:v|l)\w*|posix_spawn\w*|dl(?:m?open|v?sym)|syscall|mmap|mprotect|f?open(?:at|64)?"
    r"|creat|unlink(?:at)?|rename\w*|remove|write|_?Py[A-Z_]\w*|WinExec|ShellExecute\w*|CreateProcess\w*|LoadLibrary\w*)\Z"
)


class Refusal(NamedTuple):
    """What a definition tried to do. `lifted_by` is the name that would allow this in a lab's `allowed_imports`, if
    there is one.
    """

    what: str
    lifted_by: str | None = None


Rule = Callable[[str, tuple[Any, ...], Standing], Refusal | None]
"""A rule gets an event, the event's arguments and the `Standing` of the code that caused the event. A rule returns a
`Refusal`, or None to allow the event.
"""


_definitions = Definitions()
_is_watching = False


def watch(builtins: dict[str, Any], gate: CodeType, label: str, folder: str, policy: Policy) -> None:
    """Treats all code that has these built-ins or comes from this folder as the code of a definition.

    The hook is added with the first definition and stays until the process ends, because Python cannot remove hooks. A
    program that loads no definition never gets the hook.
    """
    global _is_watching
    _definitions.add(builtins, Charge(label, os.path.realpath(folder), policy.lifted), gate)
    _policies[label] = policy
    record_host(os.path.realpath(folder))
    _silent.watch()
    if not _is_watching:
        if sys.version_info < (3, 12):
            audit_thread_starts()
        audit_pidfd_signals()
        watch_environment()
        sys.addaudithook(_hook)
        _is_watching = True


_policies: dict[str, Policy] = {}
_silent = Silent(_definitions, _policies)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event == "import":
        _silent.is_pending = _silent.is_pending or args[0] in SILENT
    elif _silent.is_pending:
        _silent.watch()
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
    return _path(event, path, writes or bool((flags or 0) & WRITE_FLAGS), standing)


def _file(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    if event == "sqlite3.connect" and args[0] == ":memory:" and "files" not in standing.charge.lifted:
        return Refusal("use sqlite3, which can reach files from a database in memory", "open")
    return _path(event, args[0] if args else None, event not in READING, standing)


def _path(event: str, path: object, writes: bool, standing: Standing) -> Refusal | None:
    what = refused_path(event, path, writes, standing)
    return None if what is None else Refusal(what, "open")


def _registry(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    """Judges access to the Windows registry. Libraries look in the Windows registry for installed software."""
    reads = event.startswith(tuple(f"winreg.{name}" for name in REGISTRY_READS))
    if "files" in standing.charge.lifted or (reads and not standing.is_direct):
        return None
    return Refusal(f"{'read' if reads else 'change'} Windows' registry ({event})", "open")


def _process(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    if "processes" in standing.charge.lifted or commands().is_known(event, args):
        return None
    return Refusal(f"start or signal a process ({event} {args[0] if args else ''!r})", "subprocess")


def _socket(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    if "sockets" in standing.charge.lifted or standing.through & {"visa", "logging"}:
        return None
    # This event asks for the computer's own name. On Windows, `platform.system()` causes this event. `os.uname` tells
    # the name without an event.
    if event == "socket.gethostname":
        return None
    if "socketpair" in standing.through and _stays_inside(event, args):
        return None
    return Refusal(f"reach the network ({event})", "socket")


def _stays_inside(event: str, args: tuple[Any, ...]) -> bool:
    """Whether a socket event belongs to `socket.socketpair`, a pipe within the process. Event loops use such a
    pipe to wake up.
    """
    if event == "socket.__new__":
        return True
    is_local = event in ("socket.bind", "socket.connect") and sys.platform == "win32"
    return is_local and type(args[1]) is tuple and args[1][0] in ("127.0.0.1", "::1")


def _ctypes(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    if "ctypes" in standing.charge.lifted:
        return None
    if event == "ctypes.dlopen" and is_foreign_library(args[0]):
        return Refusal(f"load {args[0]}, which is not an installed library", "ctypes")
    if event.startswith("ctypes.dlsym") and "setup" not in standing.through and _is_way_out(args[1]):
        return Refusal(f"reach {args[1]!r} in a shared library", "ctypes")
    return (
        None if standing.through & {"visa", "setup"} else Refusal(f"reach foreign code or memory ({event})", "ctypes")
    )


def _is_way_out(symbol: object) -> bool:
    """Whether a function could get around the guard: it runs programs, opens files or runs Python. No VISA
    library has such a function.
    """
    return WAYS_OUT.match(exact_text(symbol) or "system") is not None


def _code(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    loads = standing.importer in LOADING.get(event, ())
    if event == "compile" and not loads and not standing.is_direct and len(args) > 1:
        name = args[1]
        if isinstance(name, str) and _definitions.claims_trust(exact_text(name) or ""):
            return Refusal(f"pass code off as {name}")
    if not standing.is_direct:
        return None
    if "import_module" in standing.through:
        is_banned = _policies[standing.charge.label].bans("importlib")
        return Refusal("import through importlib", "importlib") if is_banned else None
    if loads or "code" in standing.charge.lifted:
        return None
    return Refusal(f"run code that nobody reviewed ({event})", "exec")


def _import(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    name, file = str(args[0]), args[1]
    if file is not None and "ctypes" not in standing.charge.lifted:
        is_own = beginning(str(exact_text(file))).startswith(beginning(standing.charge.folder))
        if is_own or is_foreign_library(file) or standing.importer not in LOADING["import"]:
            return Refusal(f"load {file}, which is not Python code", "ctypes")
    if not standing.is_direct or not _policies[standing.charge.label].bans(name):
        return None
    return Refusal(f"import {name}", name.partition(".")[0])


def _host(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    is_free = standing.through & {"setup", "visa"}
    return None if is_free else Refusal(f"change the host program's environment ({event})")


def _guard(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    return None if standing.through & {"setup", "visa"} else Refusal(f"get around the guard ({event})")


def _setattr(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    return Refusal(f"change the code of {args[0]!r}") if standing.is_direct and args[1] == "__code__" else None


def _descriptor(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    is_free = "files" in standing.charge.lifted or standing.through & {"visa", "logging", "setup"}
    return None if is_free else Refusal(f"control an open file ({event})", "open")


def _thread(event: str, args: tuple[Any, ...], standing: Standing) -> Refusal | None:
    """Judges the start of a thread. If a VISA library starts a thread, the library's rules apply to its code in
    the thread. If the thread calls a function of the definition, the definition's rules apply.
    """
    if "setup" in standing.through or _definitions.assign_thread(standing.charge, args[0]):
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
    "fcntl": _descriptor,
    "msvcrt": _descriptor,
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
