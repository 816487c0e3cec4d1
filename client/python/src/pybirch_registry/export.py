"""Writes a definition as plain files to edit elsewhere: `<Name>.py`, or a folder `<Name>` if there are more files."""

from pathlib import Path

from .errors import FolderError, RefusedError
from .files import write_atomic
from .store import Installed, Store


def export_definition(store: Store, installed: Installed, to: Path, force: bool = False) -> list[Path]:
    """Returns the files written. Raises `RefusedError` for a version that was edited here, `FolderError` for existing
    files with other content (unless `force`)."""
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
