"""The programs that Python's library and pyvisa run to find a shared library or to describe the computer.

The guard recognizes a program by its whole command line. For example, `ldconfig -p` only lists installed libraries. A
definition may run these command lines, through any function, and no other programs.
"""

import os
import re
import sys
import tempfile
from typing import Any

NAME = r"[A-Za-z0-9_.+-]{1,64}"
LIBRARY = r"[^\0-][^\0]*\.(?:so|a|sl|dylib|dll)(?:\.[0-9.]+)?"
SYSTEM = ("/bin", "/usr/bin", "/sbin", "/usr/sbin", "/system/bin")
VARIED = ("LC_ALL", "LANG")
"""The environment variables that the standard library and pyvisa change for the programs that they run."""
NOTHING = r"(?!)"
"""A regular expression that matches no text."""


class Commands:
    """The known command lines, for the environment that the host program has when this object is created."""

    def __init__(self) -> None:
        named = _temporary_folder()
        self.temporary = None if named is None else os.path.realpath(named)
        self._folders = {*os.environ.get("PATH", "").split(os.pathsep), *SYSTEM, ""}
        scratch = NOTHING
        if named is not None and self.temporary is not None:
            folders = f"(?:{re.escape(named)}|{re.escape(self.temporary)})"
            scratch = rf"{folders}{re.escape(os.sep)}tmp[a-z0-9_]{{8}}"
        python = f"(?:{re.escape(sys.executable)}|{re.escape(os.path.realpath(sys.executable))})"
        self._scratch = re.compile(scratch)
        lines = (
            r"ldconfig\0-[pr]",
            rf"(?:gcc|cc)\0-Wl,-t\0-o\0{scratch}\0-l{NAME}",
            rf"objdump\0-p\0-j\0\.dynamic\0{LIBRARY}",
            rf"ld\0-t(?:\0-L\0[^\0-][^\0]*)*\0-o\0/dev/null\0-l{NAME}",
            rf"file\0(?:-b\0)?(?:{LIBRARY}|{python})",
            r"uname\0-p",
            r"ip\0link",
            r"ifconfig(?:\0-av?)?",
            r"arp\0-an?",
            r"netstat\0-ian",
            r"lanscan\0-ai",
            r"sh\0-c\0/sbin/ldconfig -p 2>/dev/null",
            rf"sh\0-c\0ldd {python} 2>/dev/null",
            rf"sh\0-c\0if type gcc >/dev/null 2>&1; then CC=gcc; else CC=cc; fi;\$CC -Wl,-t -o {scratch} 2>&1 -l{NAME}",
        )
        self._lines = re.compile("|".join(f"(?:{line})" for line in lines))

    def is_known(self, event: str, args: tuple[Any, ...]) -> bool:
        """Whether `subprocess.Popen` was called with a known command line. The events that `subprocess.Popen`
        causes are checked in the same way.
        """
        if event == "_winapi.CreateProcess":
            return _is_version(args[1])
        if event == "subprocess.Popen":
            executable, line, folder, environment = args
            if isinstance(line, str):
                return folder is None and _is_version(line)
        elif event == "os.posix_spawn":
            executable, line, environment = args
            folder = None
        else:
            return False
        return folder is None and self._is_known_line(executable, line) and _is_unchanged(environment)

    def _is_known_line(self, executable: object, line: Any) -> bool:
        words = [exact_text(word) for word in (executable, *line)]
        if None in words or len(words) < 2:
            return False
        folder, program = os.path.split(str(words[0]))
        first = os.path.split(str(words[1]))
        if first not in ((folder, program), ("", program)) or folder not in self._folders:
            return False
        return self._lines.fullmatch("\0".join([program, *map(str, words[2:])])) is not None

    def is_scratch(self, path: str) -> bool:
        """Whether a path is the folder for temporary files, or a file in it that `tempfile` has named."""
        return path == self.temporary or self._scratch.fullmatch(path) is not None


def _temporary_folder() -> str | None:
    """The folder for temporary files, or None if no file can be written. Definitions must also run on a full disk."""
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:
        return None


def exact_text(value: object) -> str | None:
    """The characters of a str or bytes as C code sees them. Methods of a subclass are not called. None for other
    objects.
    """
    if isinstance(value, str):
        return str.__str__(value)
    return os.fsdecode(bytes.join(b"", [value])) if isinstance(value, bytes) else None


def _is_version(line: object) -> bool:
    """Whether a line is the Windows command line with which `platform` reads the system's version."""
    return re.fullmatch(r'[^"&|]*cmd(\.exe)? /c "(cmd /c )?(command /c )?ver"', exact_text(line) or "") is not None


def _is_unchanged(environment: Any) -> bool:
    if environment is None:
        return True
    if type(environment) is not dict and environment is not os.environ:
        return False
    given = {exact_text(key): exact_text(value) for key, value in environment.items() if exact_text(key) not in VARIED}
    return given == {key: value for key, value in os.environ.items() if key not in VARIED}
