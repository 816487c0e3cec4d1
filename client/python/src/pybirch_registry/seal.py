"""Seals on the records of versions, so that a file and its record cannot be edited together unnoticed.

A record is sealed by a key of this computer (HMAC-SHA-256), which lies beside the enrolment and is as secret. A record
without its seal, from before there were seals or the key was lost, is held against the signed history once, and sealed.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from . import state
from .errors import RegistryError
from .files import locked
from .home import Home
from .proof import Whose, approvers, permissions, signed_tag
from .repository import Repository
from .signatures import check_tag
from .text import logger

log = logger(__name__)

SEAL = "seal"


def sealed(home: Home, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its seal. Raises `FolderError`."""
    return {**record, SEAL: _seal(_key(home), record)}


def is_sealed(home: Home, value: Mapping[str, Any]) -> bool:
    """Whether a record is as it was sealed here; not where it has no seal or the key is lost. Raises `FolderError`."""
    try:
        found = state.load(home.seal, check_key)
    except state.LostError as error:
        log.error("%s: versions are held against their history", error)
        return False
    if found is None or SEAL not in value:
        return False
    return hmac.compare_digest(str(value[SEAL]), _seal(found["key"], value))


def stands_in_history(home: Home, record: Mapping[str, Any]) -> bool:
    """Whether the fetched history has this version with these files and approvals, and grants it what the record says
    that it may, by the tag that is believed when it comes (`proof.py`)."""
    enrolment = home.enrolment_or_none()
    if enrolment is None:
        return False
    keys = enrolment.signing_keys
    whose = Whose(record["id"], record["name"], record["version"], record["commit"])
    repository = Repository(home.repository(whose.name))
    try:
        tag = signed_tag(repository, whose, lambda raw, at: check_tag(raw, at, keys))
        if not repository.is_on_main(tag.commit):
            return False
        contents = repository.files(tag.commit)
    except RegistryError as error:
        log.info("%s: %s", whose.name, error)
        return False
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    is_granted = set(record.get("permissions", ())) <= set(permissions(tag, "signature"))
    return is_granted and hashes == record["files"] and approvers(tag.record) == record["approved_by"]


def _seal(key: str, record: Mapping[str, Any]) -> str:
    value = {name: one for name, one in record.items() if name != SEAL}
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hmac.new(bytes.fromhex(key), text.encode(), "sha256").hexdigest()


def _key(home: Home) -> str:
    """Made when the first version is installed. Where it is lost, a new one, and versions are sealed anew."""
    with locked(home.lock("seal")):
        try:
            found = state.load(home.seal, check_key)
        except state.LostError as error:
            log.error("%s: versions are checked anew", error)
            found = None
        if found is None:
            found = {"key": secrets.token_hex(32)}
            state.save(home.seal, found, mode=0o600)
        return str(found["key"])


def check_key(value: dict[str, Any]) -> None:
    """Raises `ValueError` for what is no key."""
    if len(bytes.fromhex(value["key"])) != 32:
        raise ValueError("no key")
