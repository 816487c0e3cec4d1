"""Decides whether running code belongs to a definition or to the host program.

A definition is in charge if one of its functions is on the stack of the running thread, at any depth. The functions of
a definition have a dictionary of built-ins that no other code has, and the files that they were compiled from are
known. A thread that a definition started belongs to the definition until it ends. So the guard never affects the host
program's threads and callbacks, and calls need no marker around them.
"""

import _thread
import importlib
import importlib.util
import logging
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import weakref
from dataclasses import dataclass
from types import CodeType, FrameType, MethodType
from typing import Any

from .importing import FROZEN, IMPORTING, importer

VISA_PACKAGES = (
    "pyvisa",
    "pyvisa_py",
    "pyvisa_sim",
    "serial",
    "usb",
    "gpib",
    "gpib_ctypes",
    "Gpib",
    "vxi11",
)
"""The packages that may open sockets, device files and shared libraries for a definition."""


PYTHON = ("stdlib", "platstdlib", "purelib", "platlib")
"""The folders of Python itself and of installed packages, in which libraries read their own files."""
BOOTSTRAP: Any = threading.Thread._bootstrap  # type: ignore[attr-defined]
"""The method that runs every thread of the threading module. The method's `self` is the thread."""


@dataclass(frozen=True)
class Charge:
    """A version of a definition, as the guard knows it."""

    label: str
    folder: str
    """The folder's absolute path, with links resolved."""
    lifted: frozenset[str]


@dataclass(frozen=True)
class Standing:
    """What is on the stack between a definition's function and the event."""

    charge: Charge
    through: frozenset[str]
    """The kinds of trusted code on the stack between the definition and the event. A definition may do some things only
    through trusted code (see the table in GUARD.md).

    The values are `visa`, `logging`, `finder`, `popen`, `socketpair`, `setup`, `import` and `import_module`. `finder`
    searches for a shared library. `setup` is the code of an installed library during its import. `import` finds a
    module. `import_module` bypasses the definition's own `import`.
    """
    is_direct: bool
    """Whether the stack between the definition and the event contains no Python functions other than the import
    system's.
    """
    importer: str | None
    """The function of the import system that caused the event while it searched for a module, or None."""


class Definitions:
    """The definitions that this process has loaded."""

    def __init__(self) -> None:
        self._by_builtins: dict[int, tuple[dict[str, Any], Charge]] = {}
        self._by_folder: dict[str, Charge] = {}
        self._threads: dict[int, tuple[weakref.ref[threading.Thread], Charge]] = {}
        self._gates: dict[CodeType, str] = {
            logging.Handler.handle.__code__: "logging",
            subprocess.Popen.__init__.__code__: "popen",
        }
        for name in ("socketpair", "_fallback_socketpair"):
            if isinstance(code := getattr(getattr(socket, name, None), "__code__", None), CodeType):
                self._gates[code] = "socketpair"
        self._visa: tuple[str, ...] = ()
        self._finders: tuple[str, ...] = ()
        self._installed = tuple({sysconfig.get_paths()[key] + os.sep for key in PYTHON})

    def add(self, builtins: dict[str, Any], charge: Charge, gate: CodeType) -> None:
        self._by_builtins[id(builtins)] = (builtins, charge)
        self._by_folder[charge.folder + os.sep] = charge
        self._gates[gate] = "import"
        self._visa = _places(VISA_PACKAGES)
        self._finders = finders()

    def standing(self, frame: FrameType | None) -> Standing | None:
        """The definition in charge at a frame, or None if the host program is in charge."""
        through: set[str] = set()
        is_direct = True
        does, seen_frozen = (None, False) if frame is None else (importer(frame), False)
        while frame is not None:
            charge = self.owner(frame)
            if charge is not None:
                return Standing(charge, frozenset(through), is_direct, does if "import" in through else None)
            code = frame.f_code
            name = code.co_filename
            gate = self._gates.get(code)
            if gate is not None:
                through.add(gate)
                is_direct = False
                seen_frozen = seen_frozen or gate == "import"
            elif name.startswith(FROZEN):
                seen_frozen = True
                if code.co_name in IMPORTING:
                    through.add("import")
            elif name == importlib.__file__:
                through.add("import_module")
            else:
                is_direct = False
                if name.startswith(self._visa):
                    through.add("visa")
                elif code.co_name == "<module>" and not seen_frozen and self._is_import(frame):
                    through.add("setup")
                if name in self._finders:
                    through.add("finder")
            frame = frame.f_back
        return None

    def _is_import(self, frame: FrameType) -> bool:
        """Whether a frame runs a module of an installed library, and the import system called it."""
        caller = frame.f_back
        is_run = caller is not None and caller.f_code.co_filename.startswith(FROZEN)
        return is_run and frame.f_code.co_filename.startswith(self._installed)

    def owner(self, frame: FrameType) -> Charge | None:
        entry = self._by_builtins.get(id(frame.f_builtins))
        if entry is not None and entry[0] is frame.f_builtins:
            return entry[1]
        code = frame.f_code
        if code is BOOTSTRAP.__code__:
            thread = frame.f_locals.get("self")
            known = self._threads.get(id(thread))
            return known[1] if known is not None and known[0]() is thread else None
        name = code.co_filename
        for folder, charge in self._by_folder.items() if "versions" in name else ():
            if name.startswith(folder):
                return charge
        return None

    def assign_thread(self, charge: Charge, function: object) -> bool:
        """Assigns a thread that is about to start to a definition. Returns False if the thread cannot be assigned."""
        if type(function) is not MethodType or function.__func__ is not BOOTSTRAP:
            return False
        thread: Any = function.__self__
        key = id(thread)
        self._threads[key] = (weakref.ref(thread, lambda gone: self._let_go(key, gone)), charge)
        return True

    def _let_go(self, key: int, gone: object) -> None:
        if key in self._threads and self._threads[key][0] is gone:
            del self._threads[key]

    def claims_trust(self, filename: str) -> bool:
        """Whether code compiled under this file name would count as trusted code."""
        return filename.startswith((*FROZEN, *self._visa, *self._installed)) or filename in self._finders


def audit_thread_starts() -> None:
    """Makes the start of a thread raise an audit event. From Python 3.12 on, Python itself raises this event."""
    start = _thread.start_new_thread

    def start_new_thread(function: Any, args: Any, kwargs: Any = None, /) -> int:
        sys.audit("_thread.start_new_thread", function, args, kwargs)
        return start(function, args) if kwargs is None else start(function, args, kwargs)

    for module in (_thread, threading):
        for name in ("start_new_thread", "_start_new_thread"):
            if hasattr(module, name):
                setattr(module, name, start_new_thread)


def audit_pidfd_signals() -> None:
    """Makes a signal that is sent through a process descriptor raise an audit event. Python raises none."""
    send = getattr(signal, "pidfd_send_signal", None)
    if send is None:
        return

    def pidfd_send_signal(pidfd: int, signalnum: int, siginfo: None = None, flags: int = 0, /) -> None:
        sys.audit("os.kill", pidfd, signalnum)
        send(pidfd, signalnum, siginfo, flags)

    for module in (signal, sys.modules["_signal"]):
        vars(module)["pidfd_send_signal"] = pidfd_send_signal


def _places(names: tuple[str, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for name in names:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            continue
        if spec is not None and spec.submodule_search_locations:
            found += [folder + os.sep for folder in spec.submodule_search_locations]
        elif spec is not None and spec.origin:
            found.append(spec.origin)
    return tuple(found)


def finders() -> tuple[str, ...]:
    """The files of the modules that search for shared libraries."""
    helpers = [place + os.path.join("ctwrapper", "cthelper.py") for place in _places(("pyvisa",))]  # noqa: PTH118
    return (sysconfig.get_paths()["stdlib"] + os.path.join(os.sep, "ctypes", "util.py"), *helpers)  # noqa: PTH118
