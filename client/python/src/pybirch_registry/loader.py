"""Loads one module of a version. The source is the one that was checked."""

import importlib.abc
import importlib.util
from importlib.resources.abc import Traversable, TraversableResources
from pathlib import Path
from types import CodeType, ModuleType

from .approved import Approved
from .names import find_provided_names
from .stamp import stamp


class Resources(TraversableResources):
    """The files in one folder of a version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self) -> Traversable:
        return self._folder


class DefinitionLoader(importlib.abc.InspectLoader):
    """Compiles a module from the checked sources. Writes no bytecode cache."""

    def __init__(self, approved: Approved, path: str | None) -> None:
        """`path` is the path of the module's file, or None for a folder without `__init__.py`."""
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
        module.__dict__.update(find_provided_names(code))
        exec(code, module.__dict__)
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == module.__name__:
                stamp(value, self._approved.installed)

    def get_data(self, path: str) -> bytes:
        """A file of the version, for `pkgutil.get_data`. Raises `OSError` for any other file."""
        inside = Path(path).resolve().relative_to(self._approved.folder).as_posix()
        if inside not in self._approved.installed.files:
            raise FileNotFoundError(path)
        return (self._approved.folder / inside).read_bytes()

    def get_resource_reader(self, fullname: str) -> TraversableResources:
        """The files beside a module, for `importlib.resources`."""
        place = Path(fullname.removeprefix(self._approved.package).lstrip(".").replace(".", "/"))
        return Resources(self._approved.folder / (place if self.is_package(fullname) else place.parent))

    def _content(self) -> bytes:
        return b"" if self._path is None else self._approved.sources[self._path]
