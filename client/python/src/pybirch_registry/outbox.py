"""Settings and bindings on their way to the registry: kept on the disk until it has taken them.

A file per instrument; what is newer replaces what was not sent yet, so the newest settings win and a long time
offline costs no space. An entry is deleted after the registry's answer, so it arrives at least once.
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
"""Answers that another attempt may not get (RFC 9110, RFC 8470, RFC 6585)."""


@dataclass(frozen=True)
class Entry:
    """What the registry should know of one instrument here."""

    key: str
    """`binding:<id of the instrument>`, `new:<a name of our own>` for one that the registry does not know yet, or
    `unbind:<id of the instrument>`."""
    body: dict[str, Any]
    at: str

    @property
    def label(self) -> str:
        """What it is, in words."""
        kind, _, number = self.key.partition(":")
        what = {"unbind": "end of the binding"}.get(kind, "settings" if "last_settings" in self.body else "binding")
        whose = str(self.body.get("name", "a new instrument")) if kind == "new" else f"instrument {number}"
        return f"the {what} of {whose}"


@dataclass
class Sent:
    """What became of the entries."""

    answers: list[Any] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Why, by the entry's key; they are not tried again."""
    trouble: UnreachableError | None = None
    """Why some still wait."""


class Outbox:
    """Several processes may use it at once."""

    def __init__(self, home: Home) -> None:
        self._folder = home.outbox
        self._lock = home.lock("outbox")

    def put(self, key: str, body: dict[str, Any]) -> None:
        """Remembers; the fields of an entry that waits under the same key stand where `body` has none.

        Raises `FolderError`.
        """
        with locked(self._lock):
            before = self._read(self._file(key))
            entry = Entry(key, {**(before.body if before else {}), **body}, now())
            state.save(self._file(key), asdict(entry))

    def drop(self, key: str) -> bool:
        """Whether something waited under that key, which is forgotten now. Raises `FolderError`."""
        path = self._file(key)
        with locked(self._lock):
            waited = self._read(path) is not None
            state.forget(path)
        return waited

    def waiting(self) -> list[Entry]:
        """Oldest first."""
        found = [self._read(path) for path in state.files_in(self._folder)]
        return sorted((entry for entry in found if entry is not None), key=lambda entry: entry.at)

    def send(self, deliver: Callable[[Entry], Any]) -> Sent:
        """`deliver` asks the registry and gives its answer. One entry that it has trouble with holds up no other.

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
                    sent.trouble = UnreachableError(f"The registry cannot take more now: {error}", error.status)
                    break
                sent.refused[entry.key] = f"The registry refuses {entry.label}: {error}"
            self._strike(entry)
        return sent

    def _strike(self, entry: Entry) -> None:
        """Only what was sent: what was put meanwhile stays."""
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
            log.error("%s: a setting or an address that was given here is lost; give it again", error)
            return None
        return Entry(value["key"], value["body"], value["at"]) if value else None


def check_entry(value: dict[str, Any]) -> None:
    """Raises `ValueError` for what is no entry."""
    kind, _, number = value["key"].partition(":")
    is_key = number.isdecimal() if kind in ("binding", "unbind") else kind == "new"
    if not is_key or not isinstance(value["body"], dict) or not isinstance(value["at"], str):
        raise ValueError("no entry")
    if kind == "new" and not all(isinstance(value["body"].get(k), str) for k in ("key", "name", "pybirch_class")):
        raise ValueError("no new instrument")
    if kind == "unbind" and not isinstance(value["body"].get("binding"), int):
        raise ValueError("no end of a binding")


def now() -> str:
    """ISO 8601 in UTC, to the microsecond, so that two entries in a row differ."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
