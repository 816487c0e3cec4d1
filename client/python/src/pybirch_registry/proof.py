"""Checks that a signed tag belongs to a version. A valid signature alone does not say which version was signed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import RefusedError
from .repository import Repository, TagRecord


@dataclass(frozen=True)
class VersionRef:
    """The version that the caller asked for."""

    id: int
    """The definition's id, or 0 if the id is unknown."""
    name: str
    version: int
    commit: str


class UnattestedError(RefusedError):
    """The tag is too old to name its definition, and no signed list of such tags (attestation) contains it."""


def signed_tag(repository: Repository, ref: VersionRef, check: Callable[[bytes, float], object]) -> TagRecord:
    """Returns the tag of the version. The registry has signed the tag, and it belongs to this version of this
    definition.

    `check` is called with the bytes and the time of a tag, and raises `RefusedError` if no trusted key signed the tag.
    Raises `RefusedError`, `UnattestedError`, `DamagedError`.
    """
    tag = repository.tag(ref.version)
    if tag is None:
        raise RefusedError(f"the registry has no tag v{ref.version} of it")
    check(tag.raw, tag.tagged_at)
    attested = None if "name" in tag.record else repository.attested()
    if attested is not None:
        check(attested.raw, attested.tagged_at)
    check_record(tag, ref, attested)
    return tag


def check_record(tag: TagRecord, ref: VersionRef, attested: TagRecord | None) -> None:
    """Checks that a tag belongs to this version and no other. Raises `RefusedError`, `UnattestedError`.

    The caller has checked the signatures of both tags.
    """
    label, record = f"v{ref.version}", tag.record
    if tag.name != label:
        raise RefusedError(f"its tag {label} has the name {tag.name!r}")
    if tag.commit != ref.commit:
        raise RefusedError(f"the tag {label} names another commit than the registry lists")
    if (record.get("version"), record.get("commit")) != (ref.version, ref.commit):
        raise RefusedError(f"the tag {label} is the record of another version")
    if "name" in record or "id" in record:
        _check_names(record, ref, f"the tag {label}")
        return
    if attested is None:
        raise UnattestedError(f"the tag {label} does not name its definition, and no list of such tags was fetched")
    listed = attested.record
    if attested.name != "attested":
        raise RefusedError(f"the list of tags without names has the name {attested.name!r}")
    _check_names(listed, ref, "the list of tags without names")
    if {"version": ref.version, "commit": ref.commit, "tag": tag.id} not in (listed.get("versions") or []):
        raise UnattestedError(f"the tag {label} does not name its definition, and the list of such tags lacks it")


def _check_names(said: dict[str, Any], ref: VersionRef, what: str) -> None:
    if said.get("name") != ref.name or (ref.id and said.get("id") != ref.id):
        raise RefusedError(
            f"{what} belongs to {said.get('name')!r} ({said.get('id')}), not to {ref.name} ({ref.id or 'any'})"
        )


def permissions(tag: TagRecord | None, checked_by: str) -> list[str]:
    """The permissions in the record of a version. A version without a tag that the registry signed has no
    permissions.
    """
    listed = tag.record.get("permissions") if tag is not None and checked_by == "signature" else None
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []


def approvers(record: Any) -> list[str]:
    """The usernames of the approvers. If no approval was required, returns the user who landed the version;
    only an admin can land without approval.
    """
    names = [_username(a.get("by", a) if isinstance(a, dict) else a) for a in record.get("approvals") or []]
    if not names:
        names = [_username(record.get("landed_by"))]
    return sorted({name for name in names if name})


def _username(person: Any) -> str:
    return str(person.get("username") or person.get("name") or "") if isinstance(person, dict) else str(person or "")
