"""Stores settings and bindings on the disk until the registry has accepted them.

Each instrument has one file. Newer values replace values that were not sent yet. The newest settings therefore win, and
a long time offline takes no additional space. An entry is deleted after the registry has answered, so it is sent at
least once.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import state
from .errors import AnswerError, UnreachableError
from .files import locked
from .home import Home
from .text import logger

log = logger(__name__)

PASSING = (408, 425, 429)
"""Statuses that refuse a request temporarily (RFC 9110, RFC 8470, RFC 6585)."""


@dataclass(frozen=True)
class Entry:
    """A message to the registry about one instrument of this computer."""

    key: str
    """`binding:<the instrument's id>` or `unbind:<the instrument's id>`. An instrument that the registry does not know
    yet has `new:<this computer's key>`.
    """
    body: dict[str, Any]
    at: str

    @property
    def label(self) -> str:
        """A description of the entry for messages."""
        kind, _, number = self.key.partition(":")
        what = {"unbind": "end of the binding"}.get(kind, "settings" if "last_settings" in self.body else "binding")
        whose = str(self.body.get("name", "a new instrument")) if kind == "new" else f"instrument {number}"
        return f"the {what} of {whose}"


@dataclass
class Sent:
    """The result of sending the entries."""

    answers: list[Any] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """The reasons for refusals, by the keys of the entries. Refused entries are not sent again."""
    trouble: UnreachableError | None = None
    """Why some entries could not be sent yet."""


class Outbox:
    """The entries to send. Several processes may use the outbox at once."""

    def __init__(self, home: Home) -> None:
        self._folder = home.outbox
        self._lock = home.lock("outbox")

    def put(self, key: str, body: dict[str, Any]) -> None:
        """Saves an entry. If an entry with the same key has not been sent yet, its fields stay unless `body` has them
        too.

        Raises `FolderError`.
        """
        with locked(self._lock):
            before = self._read(self._file(key))
            entry = Entry(key, {**(before.body if before else {}), **body}, now())
            state.save(self._file(key), asdict(entry))

    def drop(self, key: str) -> bool:
        """Deletes the entry with this key. Returns whether there was one. Raises `FolderError`."""
        path = self._file(key)
        with locked(self._lock):
            waited = self._read(path) is not None
            state.forget(path)
        return waited

    def waiting(self) -> list[Entry]:
        """The entries that have not been sent yet, oldest first."""
        found = [self._read(path) for path in state.files_in(self._folder)]
        return sorted((entry for entry in found if entry is not None), key=lambda entry: entry.at)

    def send(self, deliver: Callable[[Entry], Any]) -> Sent:
        """Sends the entries. `deliver` sends one entry and returns the registry's answer. If an entry fails, the others
        are still sent.

        Raises `NotEnrolledError`, `FolderError`.
        """
        sent = Sent()
        for entry in self.waiting():
            try:
                sent.answers.append(deliver(entry))
            except UnreachableError as error:
                sent.trouble = error
                if error.status == 0:
                    break
                continue
            except AnswerError as error:
                if error.status in PASSING:
                    sent.trouble = UnreachableError(f"The registry cannot accept more now: {error}", error.status)
                    break
                sent.refused[entry.key] = f"The registry refuses {entry.label}: {error}"
            self._delete_sent(entry)
        return sent

    def _delete_sent(self, entry: Entry) -> None:
        """Deletes an entry that was sent. If a newer entry has replaced it, keeps the newer entry."""
        path = self._file(entry.key)
        with locked(self._lock):
            if self._read(path) == entry:
                state.forget(path)

    def _file(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    @staticmethod
    def _read(path: Path) -> Entry | None:
        try:
            value = state.load(path, check_entry)
        except state.LostError as error:
            log.error("%s: a setting or an address that was entered here is lost; enter it again", error)
            return None
        return Entry(value["key"], value["body"], value["at"]) if value else None


def check_entry(value: dict[str, Any]) -> None:
    """Raises `ValueError` if the value is not an entry."""
    kind, _, number = value["key"].partition(":")
    is_key = number.isdecimal() if kind in ("binding", "unbind") else kind == "new"
    if not is_key or not isinstance(value["body"], dict) or not isinstance(value["at"], str):
        raise ValueError("no entry")
    if kind == "new" and not all(isinstance(value["body"].get(k), str) for k in ("key", "name", "pybirch_class")):
        raise ValueError("no new instrument")
    if kind == "unbind" and not isinstance(value["body"].get("binding"), int):
        raise ValueError("no end of a binding")


def now() -> str:
    """The time in ISO 8601, UTC, with microseconds, so that two successive entries have different times."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
