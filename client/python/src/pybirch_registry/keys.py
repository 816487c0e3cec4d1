"""The signing keys that this computer trusts: the keys of its enrolment, and later keys that a trusted key
has signed.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .errors import AnswerError, RefusedError
from .home import Enrolment, Home
from .signatures import UnknownKeyError, check_tag, fingerprint_of, key_blob, verify
from .statement import LISTS, Statement, parse, split
from .text import logger

log = logger(__name__)

KEYS = b"keys@pybirch-registry"
"""The purpose that is named in a signature of a key change."""

Listed = Sequence[Mapping[str, Any]]
"""Keys in the format of `GET /api/signing-keys`."""

ASK = (
    "Ask a lab admin whether the registry's keys were replaced; if so, a new code makes this computer trust them: "
    "pybirch-registry enrol URL CODE"
)


class KeyRing:
    """Checks the signatures of tags and lists. Trusts the registry's next key if the previous key signed the change."""

    def __init__(self, home: Home | None, enrolment: Enrolment, listed: Callable[[], Listed]) -> None:
        """New keys are saved in `home`. `listed` returns the registry's keys, and raises `UnreachableError`,
        `AnswerError`.
        """
        self.enrolment = enrolment
        self.notes: list[str] = []
        """Messages for the user about new keys."""
        self._home = home
        self._listed = listed
        self._lock = threading.Lock()

    def check(self, raw: bytes, tagged_at: float) -> None:
        """Checks a tag's signature. `raw` is the tag object, `tagged_at` the time in the tag in Unix seconds. Raises
        `RefusedError`.
        """
        try:
            check_tag(raw, tagged_at, self.enrolment.signing_keys)
        except UnknownKeyError:
            self._follow()
            check_tag(raw, tagged_at, self.enrolment.signing_keys)

    def statement(self, packed: str | None) -> Statement:
        """Checks that the registry's newest key signed a list's statement, and returns the statement. Raises
        `RefusedError`, `UnreachableError`.
        """
        if not packed:
            raise RefusedError(
                "it is not signed. Either the registry is too old to sign lists and must be updated, or something "
                "between this computer and the registry removed the signature"
            )
        payload, signature = split(packed)
        blob = verify(payload, signature, LISTS, "the signature of the registry's list")
        if blob not in map(key_blob, self.enrolment.signing_keys):
            self._follow()
        if blob != key_blob(newest(self.enrolment.signing_keys)):
            raise RefusedError(
                f"it is signed by {fingerprint_of(blob)}, which is not the key that the registry signs with now"
            )
        return parse(payload)

    def _follow(self) -> None:
        """Adds the new keys that known keys have signed. Never removes a known key."""
        try:
            listed = self._listed()
        except AnswerError as error:
            raise RefusedError(f"the registry's list of keys cannot be read: {error}") from error
        with self._lock:
            known = self.enrolment.signing_keys
            keys = follow_changes(known, listed)
            before = {key_blob(key) for key in known}
            for key in keys:
                if key_blob(key) not in before:
                    self._note(
                        f"The registry signs with a new key, {fingerprint_of(key_blob(key))}; the previous "
                        "key signed the change"
                    )
            self.enrolment = replace(self.enrolment, signing_keys=keys)
            kept = self._home and self._home.enrolment_or_none()  # another program may have saved a newer token
            if self._home and kept:
                self._home.save_enrolment(replace(kept, signing_keys=keys))

    def _note(self, text: str) -> None:
        log.warning("%s", text)
        self.notes.append(text)


def newest(keys: Listed) -> Mapping[str, Any]:
    """The newest key of a list. Raises `RefusedError` if there is none."""
    if not keys:
        raise RefusedError(f"this computer knows no key of the registry. {ASK}")
    return max(keys, key=lambda key: int(key.get("id") or 0))


def follow_changes(known: Listed, listed: Listed) -> list[dict[str, Any]]:
    """The known keys and all later keys. The previous key and the new key must both sign each change.

    Raises `RefusedError` if a change is missing.
    """
    changes = {number: change for change in map(_change, listed) if change for number in [change[0]]}
    keys = [dict(key) for key in known]
    while (number := int(newest(keys).get("id") or 0) + 1) <= max(changes, default=0):
        last = key_blob(newest(keys))
        if number not in changes or last not in changes[number][2]:
            raise RefusedError(
                f"the registry's keys changed, and {fingerprint_of(last)}, the newest that this computer "
                f"trusts, did not sign the change. {ASK}"
            )
        keys = _with(keys, changes[number])
    return keys


def keys_vouched_by(key: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A trusted key, and the earlier keys of the registry that it has signed. Raises `RefusedError`."""
    change = _change(key)
    if change is None or key_blob(change[1][-1]) != key_blob(key):
        raise RefusedError("the registry's key does not name the keys before it: the registry must be updated")
    return _with([], change)


Change = tuple[int, list[dict[str, Any]], frozenset[bytes]]
"""A change of keys: the number of the new key, all keys up to it, and the keys that signed the change."""


def _change(key: Mapping[str, Any]) -> Change | None:
    """The change that introduced a listed key. At least the new key has signed the change. Returns None if no
    change introduced the key. Raises `RefusedError`.
    """
    said = key.get("change")
    if said is None:
        return None
    try:
        document = str(said["document"]).encode()
        what = "the signature of a change of the registry's keys"
        signers = frozenset(verify(document, str(one).encode(), KEYS, what) for one in said["signatures"][:2])
        value = json.loads(document)
        keys = [dict(one) for one in value["keys"]]
        number, blobs = int(value["number"]), [key_blob(one) for one in keys]
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise RefusedError(f"a change of the registry's keys is malformed ({error!r})") from error
    if not blobs or blobs[-1] not in signers or [one.get("id") for one in keys] != list(range(1, number + 1)):
        raise RefusedError("a change of the registry's keys is not signed by the key that takes over")
    return number, keys, signers


def _with(keys: list[dict[str, Any]], change: Change) -> list[dict[str, Any]]:
    """The known keys merged with the keys of the change. If a key is known and also in the change, the entry of
    the change counts.
    """
    said = {key_blob(key): {**key, "fingerprint": fingerprint_of(key_blob(key))} for key in change[1]}
    return [*(key for key in keys if key_blob(key) not in said), *said.values()]
