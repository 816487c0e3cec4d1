"""Settings and bindings on their way to the registry: kept on the disk until it has taken them.

A file per thing that they are about; what is newer replaces what was not sent yet, so the newest settings win and a
long time offline costs no space. An entry is deleted after the registry's answer, so it arrives at least once.
"""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .api import Http
from .errors import AnswerError, UnreachableError
from .files import locked, read_json, write_json
from .home import Home

PASSING = (408, 425, 429)
"""Answers that another attempt may not get (RFC 9110, RFC 8470, RFC 6585)."""


class Outbox:
    """Several processes may use it at once."""

    def __init__(self, home: Home) -> None:
        self._folder = home.outbox
        self._lock = home.lock("outbox")

    def put(self, key: str, method: str, path: str, body: dict[str, Any]) -> None:
        """Remembers a request; the fields of one that waits under the same key stand where `body` has none.

        Raises `FolderError`.
        """
        with locked(self._lock):
            before = read_json(self._file(key)) or {}
            merged = {**before.get("body", {}), **body}
            entry = {"key": key, "method": method, "path": path, "body": merged, "at": now()}
            write_json(self._file(key), entry)

    def waiting(self) -> list[dict[str, Any]]:
        """Oldest first."""
        found = [read_json(path) for path in self._folder.glob("*.json")]
        return sorted((entry for entry in found if entry is not None), key=lambda e: str(e["at"]))

    def send(self, http: Http, timeout_s: float | None = None) -> tuple[list[Any], list[str]]:
        """The registry's answers, and what it refused for good, in words.

        Raises `UnreachableError` (what is left waits), `NotEnrolledError`.
        """
        answers, refused = [], []
        for entry in self.waiting():
            try:
                options = {"timeout_s": timeout_s} if timeout_s else {}
                answers.append(http.json(entry["method"], entry["path"], entry["body"], **options))
            except AnswerError as error:
                if error.status in PASSING:
                    raise UnreachableError(f"The registry cannot take more now: {error}") from error
                refused.append(f"The registry refuses {entry['key']}: {error}")
            self._strike(entry)
        return answers, refused

    def _strike(self, entry: dict[str, Any]) -> None:
        """Only what was sent: what was put meanwhile stays."""
        with locked(self._lock):
            path = self._file(entry["key"])
            if read_json(path) == entry:
                path.unlink(missing_ok=True)

    def _file(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


def now() -> str:
    """ISO 8601 in UTC, to the microsecond, so that two requests in a row differ."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
