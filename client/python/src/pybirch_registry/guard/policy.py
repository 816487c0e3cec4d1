"""Which imports and built-ins a lab bans, and what lifting one of them lifts with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BUILTINS = ("open", "eval", "exec", "compile", "__import__")

DEFAULT_BANNED = (
    "os",
    "subprocess",
    "socket",
    "shutil",
    "multiprocessing",
    "ctypes",
    "importlib",
    "urllib",
    "http",
    "requests",
    *BUILTINS,
)

TWINS = {
    "os": ("posix", "nt"),
    "open": ("dbm.gnu", "_gdbm", "dbm.ndbm", "_dbm", "readline"),
    "subprocess": (
        *("_posixsubprocess", "_winapi", "tkinter", "_tkinter"),
        *("concurrent.interpreters", "_interpreters", "_xxsubinterpreters"),
    ),
    "socket": ("_socket",),
    "ctypes": ("_ctypes", "cffi", "_cffi_backend"),
    "importlib": ("_frozen_importlib", "_frozen_importlib_external", "_imp"),
    "multiprocessing": ("_multiprocessing", "_posixshmem"),
}
"""What goes with a banned name: private modules underneath, and what does the same where Python raises no event."""

LIFTS = {
    "files": ("open", "os", "shutil"),
    "processes": ("subprocess", "os", "multiprocessing"),
    "sockets": ("socket", "urllib", "http", "requests"),
    "ctypes": ("ctypes",),
    "code": ("eval", "exec", "compile"),
}
"""What an `allowed_imports` lifts of the rules at run time."""


@dataclass(frozen=True)
class Policy:
    """A lab's `banned_imports` and `allowed_imports`."""

    banned: frozenset[str] = frozenset(DEFAULT_BANNED)
    allowed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Policy":
        """Of the registry's `policy`; what it does not say is the default."""
        banned = fields.get("banned_imports")
        return cls(
            frozenset(DEFAULT_BANNED if banned is None else banned),
            frozenset(fields.get("allowed_imports") or ()),
        )

    def bans(self, name: str) -> bool:
        """Whether a module, or a built-in, is banned; a module with all below it."""
        if covers(self.allowed, name):
            return False
        banned = {*self.banned, *(twin for b in self.banned for twin in TWINS.get(b, ()))}
        lifted = {twin for a in self.allowed for twin in TWINS.get(a, ())}
        return covers(banned, name) and not covers(lifted, name)

    @property
    def lifted(self) -> frozenset[str]:
        """The kinds of `LIFTS` that do not hold: allowed by name, or not banned in the first place."""
        return frozenset(kind for kind, names in LIFTS.items() if any(not self.bans(name) for name in names))


def covers(names: frozenset[str] | set[str], name: str) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in names)
