"""What is tested: a definition in a folder, such as a clone or an installed version."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UnknownDefinitionError
from ..guard import Policy


@dataclass(frozen=True)
class Subject:
    """A definition to test."""

    folder: Path
    """The folder with `<name>.py`."""
    name: str
    version: int | None = None
    policy: Policy = field(default_factory=Policy)

    @property
    def label(self) -> str:
        return self.name if self.version is None else f"{self.name} v{self.version}"

    def recordings(self) -> list[Path]:
        return self._tests("*.jsonl")

    def pytest_files(self) -> list[Path]:
        return self._tests("test_*.py")

    def _tests(self, pattern: str) -> list[Path]:
        """Leaves out links, which could lead to files of this computer that are not the definition's."""
        folder = self.folder / "tests"
        found = [] if folder.is_symlink() else sorted(folder.glob(pattern))
        return [file for file in found if not file.is_symlink()]


def find_subject(folder: Path, policy: Policy | None = None) -> Subject:
    """The definition in a folder: the file at its root that has a class of its own name. If there are several, the one
    with the folder's name. Raises `UnknownDefinitionError`.
    """
    if not folder.is_dir():
        raise UnknownDefinitionError(f"{folder} is not a folder. To test a definition by its name, leave out the path")
    names = sorted(_names(folder))
    name = folder.resolve().name if folder.resolve().name in names else names[0] if len(names) == 1 else None
    if name is None:
        found = f"several: {', '.join(names)}. Put each into a folder of its name" if names else "none"
        raise UnknownDefinitionError(
            f"{folder} must have one definition, a file such as SR830.py with a class SR830; it has {found}"
        )
    return Subject(folder.resolve(), name, policy=policy or Policy())


def _names(folder: Path) -> Iterator[str]:
    for file in folder.glob("*.py"):
        try:
            body = ast.parse(file.read_bytes()).body
        except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
            if file.stem == folder.resolve().name:
                yield file.stem  # the test then says what is wrong with it
            continue
        if any(isinstance(one, ast.ClassDef) and one.name == file.stem for one in body):
            yield file.stem
