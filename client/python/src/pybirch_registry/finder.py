"""The finder of Python's import system for definitions. Modules have real file names, and each version has its own
package.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

from .approved import DRIVER, ROOT, Approved, Provider, add_provider, find_approved, has_providers
from .driver import DriverLoader
from .loader import DefinitionLoader


def install(default: Callable[[], Provider]) -> None:
    """Adds the finder to `sys.meta_path`, once in a process.

    `default` makes the provider of a process that opened no registry, such as one that only reads a pickle.
    """
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder(default))


class Finder(importlib.abc.MetaPathFinder):
    """Finds modules below `pybirch_registry.definitions`, and no others."""

    def __init__(self, default: Callable[[], Provider]) -> None:
        self._default = default

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not fullname.startswith(f"{ROOT}."):
            return None
        name, _, rest = fullname[len(ROOT) + 1 :].partition(".")
        version, _, module = rest.partition(".")
        if not version:
            return importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        if not has_providers():
            add_provider(self._default())
        approved = find_approved(name, version[1:])
        if approved is None:
            return None
        if module == DRIVER:
            return importlib.machinery.ModuleSpec(fullname, DriverLoader(approved))
        path = module.replace(".", "/")
        spec = _spec(fullname, path, approved)
        if spec is None and not any(file.startswith((f"{path}/", f"{path}.")) for file in approved.installed.files):
            # If this returned None, Python would search the folder itself and run files that were added after the
            # check.
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return spec


def _spec(fullname: str, module: str, approved: Approved) -> importlib.machinery.ModuleSpec | None:
    prefix = f"{module}/" if module else ""
    is_package = not module or any(path.startswith(prefix) for path in approved.sources)
    candidates = [f"{prefix}__init__.py", *([f"{module}.py"] if module else [])]
    path = next((c for c in candidates if c in approved.sources), None)
    if path is None and not is_package:
        return None
    loader = DefinitionLoader(approved, path)
    spec = importlib.machinery.ModuleSpec(
        fullname,
        loader,
        origin=str(approved.folder / (path or module)),
        is_package=is_package and path != f"{module}.py",
    )
    if spec.submodule_search_locations is not None:
        spec.submodule_search_locations = [str(approved.folder / module)]
    spec.has_location = path is not None
    return spec
