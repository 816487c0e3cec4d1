"""The built-ins of a definition's modules, with an `import` that the guard controls."""

import builtins
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any

from ..errors import BannedImportError, GuardError
from .policy import Policy

IMPORTERS = ("__import__", "__lazy_import__")
"""The functions that `import` calls. Python 3.15's `lazy import` is not lazy in a definition."""
ADVICE = "leave it out, or ask the lab's admins to allow it"


def guarded_builtins(
    label: str, package: str, siblings: frozenset[str], policy: Policy
) -> tuple[dict[str, Any], CodeType]:
    """Returns the dictionary for `__builtins__`, and the code object of its `__import__`. Libraries that a definition
    imports run below that code object.

    `package` is the name of the version's package. `siblings` are the modules at the root of the package, which take
    precedence over installed modules.
    """
    found = {name: value for name, value in vars(builtins).items() if not _is_banned(name, policy)}
    found |= {name: _refuser(label, name) for name in vars(builtins) if _is_banned(name, policy)}
    stand_in = ModuleType("builtins")
    guarded = _importer(label, package, siblings, policy, stand_in)
    found |= {name: guarded for name in IMPORTERS if name in found}
    vars(stand_in).update(found)
    return found, guarded.__code__


def _is_banned(name: str, policy: Policy) -> bool:
    return name not in IMPORTERS and policy.bans(name)


def _refuser(label: str, name: str) -> Callable[..., Any]:
    def refused(*_args: object, **_options: object) -> Any:
        raise GuardError(f"{label} uses the built-in {name}, which is not allowed here: {ADVICE}")

    refused.__name__ = refused.__qualname__ = name
    return refused


def _importer(label: str, package: str, siblings: frozenset[str], policy: Policy, stand_in: ModuleType) -> FunctionType:
    real_import = builtins.__import__

    def guarded_import(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if level > 0:
            base = (globals or {}).get("__package__") or package
            target = importlib.util.resolve_name("." * level + name, base)
            if not f"{target}.".startswith(f"{package}."):
                raise BannedImportError(f"{label} imports {target} from outside its own folder")
            return real_import(name, globals, locals, fromlist, level)
        if name == "builtins":
            return stand_in
        top = name.partition(".")[0]
        if top in siblings:
            leaf = real_import(f"{package}.{name}", globals, locals, fromlist or ("__name__",), 0)
            return leaf if fromlist else real_import(f"{package}.{top}", None, None, ("__name__",), 0)
        for wanted in (name, *(f"{name}.{item}" for item in fromlist or ())):
            if policy.bans(wanted):
                raise BannedImportError(f"{label} imports {wanted}, which is not allowed here: {ADVICE}")
        if top == "pybirch_registry" and not name.startswith(package):
            raise BannedImportError(f"{label} imports {name}, the guard's own package")
        return real_import(name, globals, locals, fromlist, level)

    assert isinstance(guarded_import, FunctionType)
    return guarded_import
