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

from .errors import AnswerError, UnreachableError
from .files import locked, read_json, remove, write_json
from .home import Home

PASSING = (408, 425, 429)
"""Answers that another attempt may not get (RFC 9110, RFC 8470, RFC 6585)."""


@dataclass(frozen=True)
class Entry:
    """What the registry should know of one instrument here."""

    key: str
    """`binding:<id of the instrument>`, or `new:<a name of our own>` for one that the registry does not know yet."""
    body: dict[str, Any]
    at: str

    @property
    def label(self) -> str:
        """What it is, in words."""
        kind, _, number = self.key.partition(":")
        what = "binding" if "adapter" in self.body else "settings"
        whose = f"instrument {number}" if kind == "binding" else str(self.body.get("name", "a new instrument"))
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
            write_json(self._file(key), asdict(entry))

    def waiting(self) -> list[Entry]:
        """Oldest first."""
        found = [self._read(path) for path in self._folder.glob("*.json")]
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
                remove(path)

    def _file(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    @staticmethod
    def _read(path: Path) -> Entry | None:
        value = read_json(path)
        try:
            return Entry(value["key"], dict(value["body"]), str(value["at"])) if value else None
        except (KeyError, TypeError, ValueError):
            return None


def now() -> str:
    """ISO 8601 in UTC, to the microsecond, so that two entries in a row differ."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
