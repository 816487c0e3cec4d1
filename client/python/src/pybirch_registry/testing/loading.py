"""Loads the class of a definition from a folder, as a lab computer loads an approved version: under the guard, with the
names that PyBirch provides.
"""

import hashlib
import importlib
from collections.abc import Mapping
from pathlib import Path

from ..approved import Approved, add_provider, package_name
from ..errors import RefusedError
from ..files import sha256
from ..guard import Policy, guarded_builtins, watch
from ..store import Installed


class _Given:
    """A provider of one version, which was not approved and is only tested."""

    def __init__(self, approved: Approved) -> None:
        self._approved = approved

    def find_approved(self, name: str, commit: str) -> Approved | None:
        own = self._approved.installed
        return self._approved if (name, commit) == (own.name, own.commit) else None


def load_class(folder: Path, name: str, policy: Policy, label: str | None = None) -> type:
    """Returns the class `name` of `<name>.py` in a folder. `label` names the definition in errors of the guard.

    Raises `RefusedError` if there is no such class, or any error that the definition's code raises.
    """
    approved = prepare(folder, name, policy, label)
    module = importlib.import_module(f"{approved.package}.{name}")
    cls = getattr(module, name, None)
    if not isinstance(cls, type):
        raise RefusedError(f"{name}.py contains no class {name}")
    return cls


def prepare(folder: Path, name: str, policy: Policy, label: str | None = None) -> Approved:
    """Reads a definition, and makes it importable under the guard. Runs no code of it. Raises `RefusedError`."""
    folder = folder.resolve()
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_of(folder)}
    if f"{name}.py" not in contents:
        raise RefusedError(f"{folder} has no file {name}.py")
    sources = {path: content for path, content in contents.items() if path.endswith(".py")}
    hashes = {path: sha256(content) for path, content in contents.items()}
    commit = _commit(folder, hashes)
    installed = Installed(0, name, 0, commit, hashes, [], "list")
    siblings = {path.partition("/")[0].removesuffix(".py") for path in sources} - {"__init__"}
    builtins, gate = guarded_builtins(label or name, package_name(name, commit), frozenset(siblings), policy)
    watch(builtins, gate, label or name, str(folder), policy)
    approved = Approved(installed, folder, sources, builtins)
    add_provider(_Given(approved))
    return approved


def files_of(folder: Path) -> list[Path]:
    """The files of a definition in a folder, such as a clone. Leaves out links, hidden files and compiled code."""
    found = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if (
            not is_hidden
            and path.is_file()
            and not any(one.is_symlink() for one in (path, *path.parents[: len(parts)]))
        ):
            found.append(path)
    return found


def _commit(folder: Path, hashes: Mapping[str, str]) -> str:
    """A name for the version, as long as a commit's."""
    listing = "\n".join([str(folder), *(f"{digest} {path}" for path, digest in sorted(hashes.items()))])
    return hashlib.sha1(listing.encode(), usedforsecurity=False).hexdigest()
