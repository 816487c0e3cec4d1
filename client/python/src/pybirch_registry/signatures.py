"""Checks signatures of version tags. The format is OpenSSH's PROTOCOL.sshsig with Ed25519 keys, as `git tag -s` writes
it.
"""

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from .errors import RefusedError

BEGIN = b"-----BEGIN SSH SIGNATURE-----"
END = b"-----END SSH SIGNATURE-----"
KEY_TYPE = b"ssh-ed25519"
NAMESPACE = b"git"


class UnknownKeyError(RefusedError):
    """The signature is valid, but this computer does not know its key."""


def split_tag(raw: bytes) -> tuple[bytes, bytes | None]:
    """Splits a tag into the signed bytes and the armoured signature. The signature is None if the tag has none."""
    at = raw.rfind(b"\n" + BEGIN)
    return (raw, None) if at < 0 else (raw[: at + 1], raw[at + 1 :])


def check_tag(raw: bytes, tagged_at: float, keys: Iterable[Mapping[str, Any]]) -> str:
    """Returns the fingerprint (`SHA256:…`) of the key that signed the tag object `raw`.

    `tagged_at` is the time in the tag, in Unix seconds. `keys` have the fields of `GET /api/signing-keys`
    (`public_key`, `valid_after`, `valid_before`). Raises `RefusedError`, or `UnknownKeyError` for a key that is not in
    `keys`.
    """
    payload, armoured = split_tag(raw)
    if armoured is None:
        raise RefusedError("its tag is not signed")
    blob = verify(payload, armoured)
    fingerprint = fingerprint_of(blob)
    for key in keys:
        if key_blob(key) != blob:
            continue
        after, before = _seconds(key.get("valid_after")), _seconds(key.get("valid_before"))
        if (after is None or tagged_at >= after) and (before is None or tagged_at <= before):
            return fingerprint
        raise RefusedError(f"its tag is signed by {fingerprint} at a time when that key was not in use")
    raise UnknownKeyError(f"its tag is signed by {fingerprint}, which is not a key of this registry")


def key_blob(key: Mapping[str, Any]) -> bytes:
    """The bytes of a listed key, which identify the key. Raises `KeyError`, `ValueError`."""
    kind, _, rest = str(key["public_key"]).partition(" ")
    if kind != KEY_TYPE.decode():
        raise ValueError(f"a key of another kind: {kind}")
    return base64.b64decode(rest.partition(" ")[0], validate=True)


def fingerprint_of(blob: bytes) -> str:
    """The fingerprint of a key, as ssh-keygen and git show it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def verify(
    payload: bytes, armoured: bytes, purpose: bytes = NAMESPACE, what: str = "the signature of its tag"
) -> bytes:
    """Checks a signature, and returns the signer's public key as a blob (RFC 8709). The signature must be made for
    `purpose`.

    Raises `RefusedError` if the signature is not valid. `what` describes the signature in the message.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        body = armoured.strip()
        if not (body.startswith(BEGIN) and body.endswith(END)):
            raise ValueError("no armour")
        data = base64.b64decode(b"".join(body[len(BEGIN) : -len(END)].split()), validate=True)
        if data[:6] != b"SSHSIG" or struct.unpack(">I", data[6:10]) != (1,):
            raise ValueError("not an SSH signature of version 1")
        key, namespace, _reserved, digest, signature = _strings(data[10:], 5)
        if namespace != purpose:
            raise ValueError("made for another purpose")
        if digest not in (b"sha256", b"sha512"):
            raise ValueError("unknown hash")
        key_type, public = _strings(key, 2)
        signature_type, raw_signature = _strings(signature, 2)
        if key_type != KEY_TYPE or signature_type != KEY_TYPE:
            raise ValueError("not by an Ed25519 key")
        hashed = hashlib.new(digest.decode(), payload).digest()
        signed = b"SSHSIG" + b"".join(_string(s) for s in (namespace, b"", digest, hashed))
        Ed25519PublicKey.from_public_bytes(public).verify(raw_signature, signed)
    except (ValueError, struct.error, binascii.Error, InvalidSignature) as error:
        raise RefusedError(f"{what} is not valid ({error or 'other content'})") from error
    return key


def _strings(data: bytes, count: int) -> list[bytes]:
    """Reads exactly `count` strings of RFC 4253 section 5."""
    found = []
    for _ in range(count):
        (length,) = struct.unpack(">I", data[:4])
        if len(data) < 4 + length:
            raise ValueError("cut off")
        found.append(data[4 : 4 + length])
        data = data[4 + length :]
    if data:
        raise ValueError("something follows")
    return found


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _seconds(time: str | None) -> float | None:
    """The Unix time of an ISO 8601 time. None for None."""
    return None if time is None else datetime.fromisoformat(time).timestamp()
