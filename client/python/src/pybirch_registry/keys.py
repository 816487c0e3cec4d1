"""The signing keys that this computer knows: those of its enrolment, and those that took over since."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .api import Http
from .errors import AnswerError, RefusedError, UnreachableError
from .home import Enrolment, Home
from .signatures import UnknownKeyError, check_tag, key_blob
from .text import logger

log = logger(__name__)


class KeyRing:
    """Checks tags; asks the registry for its keys when one was signed by a key that is not known yet."""

    def __init__(self, home: Home, enrolment: Enrolment, http: Http) -> None:
        self.enrolment = enrolment
        self.notes: list[str] = []
        """What a user should hear of: keys that were learnt."""
        self._home = home
        self._http = http
        self._lock = threading.Lock()

    def check(self, raw: bytes, tagged_at: float) -> None:
        """`raw` is the tag object, `tagged_at` its own time in Unix seconds. Raises `RefusedError`."""
        try:
            check_tag(raw, tagged_at, self.enrolment.signing_keys)
        except UnknownKeyError as unknown:
            self._learn(unknown)
            check_tag(raw, tagged_at, self.enrolment.signing_keys)

    def _learn(self, unknown: UnknownKeyError) -> None:
        """Takes over the registry's keys; none that is known is ever forgotten."""
        try:
            answer = self._http.json("GET", "/api/signing-keys?per_page=100")
            listed = {key_blob(key): dict(key) for key in answer["items"]}
        except UnreachableError:
            raise unknown from None
        except (AnswerError, KeyError, TypeError, ValueError) as error:
            raise RefusedError(f"{unknown} and its list of keys cannot be read") from error
        with self._lock:
            known: dict[bytes, Mapping[str, Any]] = {key_blob(key): key for key in self.enrolment.signing_keys}
            for blob, key in listed.items():
                if blob not in known:
                    self._note(f"The registry signs with a new key, {key.get('fingerprint')}")
            keys = [dict(key) for key in {**known, **listed}.values()]
            self.enrolment = replace(self.enrolment, signing_keys=keys)
            kept = self._home.enrolment_or_none()  # its token may be a newer one
            if kept is not None:
                self._home.save_enrolment(replace(kept, signing_keys=keys))

    def _note(self, text: str) -> None:
        log.warning("%s", text)
        self.notes.append(text)
