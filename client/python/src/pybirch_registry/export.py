"""Writes a definition as plain files, so that users can edit them. A definition of one file becomes
`<Name>.py`, and a definition of several files a folder `<Name>`.
"""

from pathlib import Path

from .errors import FolderError, RefusedError
from .files import write_atomic
from .store import Installed, Store


def export_definition(store: Store, installed: Installed, to: Path, force: bool = False) -> list[Path]:
    """Writes the files and returns their paths. Raises `RefusedError` for a version that was edited here. Raises
    `FolderError` if a file exists with other content, unless `force` is set.
    """
    fault = store.fault(installed.name, installed.commit)
    if fault is not None:
        raise RefusedError(f"{installed.name} is not exported: {fault}")
    source = store.folder(installed.name, installed.commit)
    target = to if len(installed.files) == 1 else to / installed.name
    contents = {target / path: (source / path).read_bytes() for path in installed.files}
    for path, content in contents.items():
        if not force and path.exists() and path.read_bytes() != content:
            raise FolderError(f"{path} exists with other content; --force replaces it")
    for path, content in contents.items():
        write_atomic(path, content)
    return list(contents)
