"""Which imports and built-ins a lab bans, and what lifting one of them lifts with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .twins import TWINS

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

    def granting(self, names: Iterable[str]) -> "Policy":
        """For one version, which may use these too."""
        return Policy(self.banned, self.allowed | frozenset(names))

    def bans(self, name: str) -> bool:
        """Whether a module, or a built-in, is banned; a module with all below it."""
        if covers(self.allowed, name):
            return False
        return covers(self._banned_with_twins, name) and not covers(self._allowed_twins, name)

    @cached_property
    def _banned_with_twins(self) -> frozenset[str]:
        return self.banned | {twin for one in self.banned for twin in TWINS.get(one, ())}

    @cached_property
    def _allowed_twins(self) -> frozenset[str]:
        return frozenset(twin for one in self.allowed for twin in TWINS.get(one, ()))

    @cached_property
    def lifted(self) -> frozenset[str]:
        """The kinds of `LIFTS` that do not hold: allowed by name, or not banned in the first place."""
        return frozenset(kind for kind, names in LIFTS.items() if any(not self.bans(name) for name in names))


def covers(names: frozenset[str], name: str) -> bool:
    """Whether `name` or a package that it lies in is among them."""
    while name not in names:
        name, dot, _ = name.rpartition(".")
        if not dot:
            return False
    return True
