"""Seals the records of versions. If somebody edits a file and its record, the seal shows the edit.

The seal is an HMAC-SHA-256 with a key of this computer. The key is stored beside the enrolment and is as secret as the
token. A record may lack a valid seal, because it is older than seals or because the key was lost. A record without a
valid seal is compared with the signed history once, and then sealed.
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
from .proof import VersionRef, approvers, permissions, signed_tag
from .repository import Repository
from .signatures import check_tag
from .text import logger

log = logger(__name__)

SEAL = "seal"


def seal_record(home: Home, record: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the record with its seal. Raises `FolderError`."""
    return {**record, SEAL: _seal(_key(home), record)}


def is_sealed(home: Home, value: Mapping[str, Any]) -> bool:
    """Whether a record is unchanged since it was sealed here. Returns False if the record has no seal or the
    key is lost. Raises `FolderError`.
    """
    try:
        found = state.load(home.seal, check_key)
    except state.LostError as error:
        log.error("%s: versions are compared with their history", error)
        return False
    if found is None or SEAL not in value:
        return False
    return hmac.compare_digest(str(value[SEAL]), _seal(found["key"], value))


def is_in_history(home: Home, record: Mapping[str, Any]) -> bool:
    """Whether the fetched history has this version with the same files and approvers. The version's signed tag must
    also grant all permissions of the record (see proof.py).
    """
    enrolment = home.enrolment_or_none()
    if enrolment is None:
        return False
    keys = enrolment.signing_keys
    ref = VersionRef(record["id"], record["name"], record["version"], record["commit"])
    repository = Repository(home.repository(ref.name))
    try:
        tag = signed_tag(repository, ref, lambda raw, at: check_tag(raw, at, keys))
        if not repository.is_on_main(tag.commit):
            return False
        contents = repository.files(tag.commit)
    except RegistryError as error:
        log.info("%s: %s", ref.name, error)
        return False
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    is_granted = set(record.get("permissions", ())) <= set(permissions(tag, "signature"))
    return is_granted and hashes == record["files"] and approvers(tag.record) == record["approved_by"]


def _seal(key: str, record: Mapping[str, Any]) -> str:
    value = {name: one for name, one in record.items() if name != SEAL}
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hmac.new(bytes.fromhex(key), text.encode(), "sha256").hexdigest()


def _key(home: Home) -> str:
    """The key for seals, which is made when the first version is installed. If the key is lost, a new one is
    made, and versions are sealed again.
    """
    with locked(home.lock("seal")):
        try:
            found = state.load(home.seal, check_key)
        except state.LostError as error:
            log.error("%s: versions are checked again", error)
            found = None
        if found is None:
            found = {"key": secrets.token_hex(32)}
            state.save(home.seal, found, mode=0o600)
        return str(found["key"])


def check_key(value: dict[str, Any]) -> None:
    """Raises `ValueError` if the value is not a key."""
    if len(bytes.fromhex(value["key"])) != 32:
        raise ValueError("no key")
