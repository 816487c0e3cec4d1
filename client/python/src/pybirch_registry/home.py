"""The data folder of this package on a computer.

```
enrolment.json        address, token, keys (mode 0600)
manifest.json         the list of the last sync
trust.json            the newest signed lists seen here, and their revocations (trust.py)
available.json        the last list of definitions that this computer may ask for
told.json             the last report to the registry
last-sync             empty; its modification time is when the registry last answered
seal.json             the key that seals the records of versions (mode 0600)
pins.json             the versions pinned here
outbox/               settings and bindings that the registry has not accepted yet
running/              the versions that running programs have loaded, a file for each program
repos/<Name>.git      the definition's fetched history
versions/<Name>/<commit>/      the files of one version, never rewritten
versions/<Name>/<commit>.json  its record: files and approvers; a folder without a record is incomplete
*.copy                a copy (state.py) of each file except available.json, told.json, last-sync and repos/
locks/                a lock for each group of files, so that one process at a time writes them
```
"""

import contextlib
import os
import sys
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import state
from .errors import NotEnrolledError
from .files import explain_errors, replace

VARIABLE = "PYBIRCH_REGISTRY_HOME"


@dataclass(frozen=True)
class Enrolment:
    """The enrolment that this computer received in exchange for a code."""

    url: str
    token: str = field(repr=False)
    computer_name: str
    computer_id: str
    computer: dict[str, Any] = field(default_factory=dict)
    signing_keys: list[dict[str, Any]] = field(default_factory=list)
    keys_by: str = ""
    """How this computer got the registry's first key: from the `code`, over `https` or `http`, or from a
    `bundle`. The value is empty if an older version of this package enrolled the computer.
    """

    @property
    def audience(self) -> str:
        """The recipient that the registry names in the signed lists for this computer."""
        return f"computer:{self.computer.get('id')}"


class Home:
    """The data folder. `Home()` is the folder that the environment variable names, or the platform's usual one. The
    folder is created when something is saved.
    """

    def __init__(self, root: Path | str | None = None) -> None:
        self.root = Path(root) if root is not None else default_root()
        self.manifest = self.root / "manifest.json"
        self.pins = self.root / "pins.json"
        self.outbox = self.root / "outbox"
        self.running = self.root / "running"
        self.versions = self.root / "versions"
        self.locks = self.root / "locks"
        self.seal = self.root / "seal.json"
        self.trust = self.root / "trust.json"
        self.enrolment_file = self.root / "enrolment.json"
        self._last_sync = self.root / "last-sync"

    def repository(self, name: str) -> Path:
        return self.root / "repos" / f"{name}.git"

    def lock(self, name: str) -> Path:
        return self.locks / name

    def enrolment_or_none(self) -> Enrolment | None:
        """The enrolment, or None. Raises `FolderError` if the account may not read it, or if the file and its copy are
        damaged.
        """
        value = state.load(self.enrolment_file, check_enrolment)
        if value is None:
            return None
        return Enrolment(**{f.name: value[f.name] for f in fields(Enrolment) if f.name in value})

    def note_sync(self) -> None:
        """Stores the present time as that of the registry's last answer. Ignores a folder that cannot be written."""
        with contextlib.suppress(OSError):
            self._last_sync.touch()

    def last_sync(self) -> datetime | None:
        """When the registry last answered a sync, by this computer's clock, in UTC, or None if it never answered."""
        try:
            return datetime.fromtimestamp(self._last_sync.stat().st_mtime, UTC)
        except OSError:
            return None

    def set_aside(self) -> Path | None:
        """Moves the data of one registry away to make room for another registry. Returns the new folder, or None if
        there was no data.

        Moves everything or nothing. Raises `FolderError`, mostly because a running program has one of the files open.
        """
        files = [one for path in (self.manifest, self.pins, self.trust) for one in (path, state.copy_of(path))]
        there = [p for p in (*files, self.outbox, self.root / "repos", self.versions) if p.exists()]
        if not there:
            return None
        aside = self.root / f"before-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        with explain_errors(aside):
            aside.mkdir(parents=True, exist_ok=True)
            try:
                for path in there:
                    replace(path, aside / path.name)
            except OSError:
                self.put_back(aside)
                raise
        return aside

    def put_back(self, aside: Path) -> None:
        """Moves the data back that `set_aside` moved away. Raises `FolderError`."""
        with explain_errors(aside):
            for path in aside.iterdir():
                replace(path, self.root / path.name)
            aside.rmdir()

    def enrolment(self) -> Enrolment:
        """The enrolment. Raises `NotEnrolledError` if there is none, `FolderError` if the account may not read it."""
        found = self.enrolment_or_none()
        if found is None:
            raise NotEnrolledError(
                f"This computer is not enrolled ({self.root} contains no enrolment). "
                "Ask a lab admin for a code, then run: pybirch-registry enrol URL CODE"
            )
        return found

    def save_enrolment(self, enrolment: Enrolment) -> None:
        """Saves the enrolment in a file that only this account can read. Raises `FolderError`."""
        state.save(self.enrolment_file, asdict(enrolment), mode=0o600)


def check_enrolment(value: dict[str, Any]) -> None:
    """Raises `ValueError` if the value is not an enrolment."""
    kinds = {"url": str, "token": str, "computer_name": str, "computer_id": str}
    kinds_of_more: dict[str, type] = {"computer": dict, "signing_keys": list}
    whole = all(isinstance(value.get(key), kind) for key, kind in kinds.items())
    if not whole or not all(isinstance(value.get(key, kind()), kind) for key, kind in kinds_of_more.items()):
        raise ValueError("no enrolment")


def default_root() -> Path:
    """The folder in `PYBIRCH_REGISTRY_HOME`. If the variable is not set, this is the platform's folder for
    application data.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "pybirch-registry"
