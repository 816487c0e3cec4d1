"""An import system of its own for definitions, beside Python's: real file names, each version its own package."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable, TraversableResources
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Protocol

from .names import provided_for
from .stamp import stamp
from .store import Installed

ROOT = "pybirch_registry.definitions"
DRIVER = "__driver__"
"""The module that holds the class for PyBirch's own factory (driver.py)."""


@dataclass(frozen=True)
class Approved:
    """A version that was checked, as it is loaded."""

    installed: Installed
    folder: Path
    sources: dict[str, bytes]
    """The Python files by path, as they were when they were checked."""
    builtins: dict[str, Any]

    @property
    def package(self) -> str:
        return package_name(self.installed.name, self.installed.commit)


class Shelf(Protocol):
    """Who has versions to load."""

    def approved(self, name: str, commit: str) -> Approved | None:
        """None where it is not there. Raises `RefusedError` where it must not be loaded."""


_shelves: list[Shelf] = []


def package_name(name: str, commit: str) -> str:
    return f"{ROOT}.{name}.c{commit}"


def add_shelf(shelf: Shelf) -> None:
    """The one added last is asked first."""
    if shelf in _shelves:
        _shelves.remove(shelf)
    _shelves.insert(0, shelf)


def install() -> None:
    """Once; `pybirch_registry.definitions` does it."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())


class Finder(importlib.abc.MetaPathFinder):
    """Answers for names below `pybirch_registry.definitions` alone."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not fullname.startswith(f"{ROOT}."):
            return None
        name, _, rest = fullname[len(ROOT) + 1 :].partition(".")
        version, _, module = rest.partition(".")
        if not version:
            return importlib.machinery.ModuleSpec(fullname, None, is_package=True)
        approved = _find(name, version[1:])
        if approved is None:
            return None
        if module == DRIVER:
            from .driver import DriverLoader

            return importlib.machinery.ModuleSpec(fullname, DriverLoader(approved))
        path = module.replace(".", "/")
        spec = _spec(fullname, path, approved)
        if spec is None and not any(file.startswith((f"{path}/", f"{path}.")) for file in approved.installed.files):
            # Not None: Python would look into the folder itself, and run what somebody laid there after the check.
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return spec


def _find(name: str, commit: str) -> Approved | None:
    if not _shelves:  # a pickle is read in a process that opened no registry
        from .library import Library

        add_shelf(Library())
    return next((a for shelf in _shelves if (a := shelf.approved(name, commit))), None)


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


class Resources(TraversableResources):
    """The files of one folder of a version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self) -> Traversable:
        return self._folder


class DefinitionLoader(importlib.abc.InspectLoader):
    """One module of a version; it is compiled from what was checked, and no cache of it is written."""

    def __init__(self, approved: Approved, path: str | None) -> None:
        self._approved = approved
        self._path = path

    def get_filename(self, fullname: str = "") -> str:
        return str(self._approved.folder / (self._path or ""))

    def get_source(self, fullname: str) -> str:
        return importlib.util.decode_source(self._content())

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._content(), self.get_filename(), "exec", dont_inherit=True)

    def is_package(self, fullname: str) -> bool:
        return self._path is None or self._path.endswith("__init__.py")

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = self._approved.builtins
        if self._path is None:
            return
        code = self.get_code(module.__name__)
        module.__dict__.update(provided_for(code))
        exec(code, module.__dict__)
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == module.__name__:
                stamp(value, self._approved.installed)

    def get_data(self, path: str) -> bytes:
        """A file of the version, for `pkgutil.get_data`. Raises `OSError`, also for any other file."""
        inside = Path(path).resolve().relative_to(self._approved.folder).as_posix()
        if inside not in self._approved.installed.files:
            raise FileNotFoundError(path)
        return (self._approved.folder / inside).read_bytes()

    def get_resource_reader(self, fullname: str) -> TraversableResources:
        """Of the files beside a module, for `importlib.resources`."""
        place = Path(fullname.removeprefix(self._approved.package).lstrip(".").replace(".", "/"))
        return Resources(self._approved.folder / (place if self.is_package(fullname) else place.parent))

    def _content(self) -> bytes:
        return b"" if self._path is None else self._approved.sources[self._path]
