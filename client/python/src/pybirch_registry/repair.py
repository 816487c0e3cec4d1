"""Finds and repairs damaged files in the data folder. Each of these files has a copy (see state.py)."""

from pathlib import Path

from . import state
from .choice import check_pins
from .files import clear_partial, locked
from .home import Home, check_enrolment
from .manifest import check_kept
from .outbox import check_entry
from .seal import check_key
from .store import Store, check_record
from .trust import check_trust

LEFT_S = 3600.0
"""The age in seconds after which a half-written file counts as left by a crash. No write takes so long."""


def repair(home: Home, store: Store) -> list[str]:
    """Restores damaged files from their copies, and deletes half-written files. Returns messages for the user.

    Raises `FolderError`.
    """
    notes = []
    for lock, paths, check in _copied_files(home):
        with locked(home.lock(lock)):
            notes += state.repair(paths, check)
    for folder in store.folders_to_repair():
        with locked(home.lock(f"install-{folder.name}")):
            notes += state.repair(state.files_in(folder), check_record)
            clear_partial(folder)
        store.note_repaired(folder.name)
    for folder in (home.root, home.outbox, home.running, home.versions, home.root / "repos"):
        clear_partial(folder, older_s=LEFT_S)
    return notes


def find_faults(home: Home) -> list[str]:
    """Describes files that are damaged or missing and that `repair` would restore. Raises `FolderError`."""
    records = [(state.files_in(folder), check_record) for folder in Store(home).folders_to_repair()]
    groups = [*((paths, check) for _, paths, check in _copied_files(home)), *records]
    return [text for paths, check in groups for text in state.find_faults(paths, check)]


def _copied_files(home: Home) -> list[tuple[str, list[Path], state.Check]]:
    """Lists the files that have copies, in groups. Each group has the name of a lock, the paths of the files, and a
    function that checks the content of a file. The records of versions are not included.
    """
    return [
        ("enrolment", [home.enrolment_file], check_enrolment),
        ("pins", [home.pins], check_pins),
        ("manifest", [home.manifest], check_kept),
        ("manifest", [home.trust], check_trust),
        ("seal", [home.seal], check_key),
        ("outbox", state.files_in(home.outbox), check_entry),
    ]
