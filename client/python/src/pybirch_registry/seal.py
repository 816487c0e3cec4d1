"""Seals on the records of versions, so that a file and its record cannot be edited together unnoticed.

A record is sealed by a key of this computer (HMAC-SHA-256), which lies beside the enrolment and is as secret. A record
without a seal, from before there were seals, is held against the signed history once, and sealed then.
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
from .text import logger

log = logger(__name__)

SEAL = "seal"


def sealed(home: Home, record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with its seal. Raises `FolderError`."""
    return {**record, SEAL: _seal(_key(home), record)}


def is_sealed(home: Home, value: Mapping[str, Any]) -> bool | None:
    """Whether a record is as it was sealed here; None where it has no seal or the key is lost. Raises `FolderError`."""
    try:
        found = state.load(home.seal, check_key)
    except state.LostError as error:
        log.error("%s: versions are held against their history", error)
        return None
    if found is None or SEAL not in value:
        return None
    return hmac.compare_digest(str(value[SEAL]), _seal(found["key"], value))


def stands_in_history(home: Home, record: Mapping[str, Any]) -> bool:
    """Whether the fetched history has this version with these files and approvals, and grants it what the record says
    that it may, signed by a key of the registry."""
    from .repository import Repository
    from .signatures import check_tag
    from .versions import approvers, permissions

    enrolment = home.enrolment_or_none()
    if enrolment is None:
        return False
    repository = Repository(home.repository(record["name"]))
    try:
        tag = repository.tag(record["version"])
        if tag is None or tag.commit != record["commit"] or not repository.is_on_main(tag.commit):
            return False
        check_tag(tag.raw, tag.tagged_at, enrolment.signing_keys)
        contents = repository.files(tag.commit)
    except RegistryError as error:
        log.info("%s: %s", record["name"], error)
        return False
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    is_named = tag.record.get("name", record["name"]) == record["name"]
    is_granted = set(record.get("permissions", ())) <= set(permissions(tag, "signature"))
    is_as_recorded = hashes == record["files"] and approvers(tag.record) == record["approved_by"]
    return is_named and is_granted and is_as_recorded


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
