"""The imports and built-ins that a lab bans, and what else is allowed if the lab allows one of them."""

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
"""The guard's rules, and the names in `allowed_imports` that lift each rule."""


@dataclass(frozen=True)
class Policy:
    """The `banned_imports` and `allowed_imports` of a lab."""

    banned: frozenset[str] = frozenset(DEFAULT_BANNED)
    allowed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> "Policy":
        """Reads the field `policy` of the registry's list. Missing fields get their defaults."""
        banned = fields.get("banned_imports")
        return cls(
            frozenset(DEFAULT_BANNED if banned is None else banned),
            frozenset(fields.get("allowed_imports") or ()),
        )

    def with_permissions(self, names: Iterable[str]) -> "Policy":
        """The policy for a version that may also use these names."""
        return Policy(self.banned, self.allowed | frozenset(names))

    def bans(self, name: str) -> bool:
        """Whether a built-in or a module is banned. A ban includes a module's submodules."""
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
        """The rules of `LIFTS` that are lifted, because one of their names is allowed or was never banned."""
        return frozenset(kind for kind, names in LIFTS.items() if any(not self.bans(name) for name in names))


def covers(names: frozenset[str], name: str) -> bool:
    """Whether `names` contains `name` or a package above it."""
    while name not in names:
        name, dot, _ = name.rpartition(".")
        if not dot:
            return False
    return True
