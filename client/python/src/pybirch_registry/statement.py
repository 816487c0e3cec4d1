"""The statement that the registry signs for a list: its recipient, number, date and digest. Pure."""

import base64
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .errors import RefusedError
from .signatures import BEGIN, END

LISTS = b"lists@pybirch-registry"
"""The purpose in the signature of a statement. The signatures of tags have another purpose, so they are not valid for
statements.
"""
HEADER = "Sync-Statement"
LARGEST = 2**53 - 1
"""The largest number that every JSON reader represents exactly. No registry reaches it."""
LONGEST = 16_000
"""The most characters that a statement may have. A real statement has about 900 characters."""


@dataclass(frozen=True)
class Statement:
    audience: str
    """The recipient: `computer:<id>`, or `bundle:` and the lab's id. The recipient of a bundle with built-in
    definitions ends in `+builtin`.
    """
    number: int
    timeline: str
    restored_from: str | None
    confirmed_by: str | None
    """The person who confirmed that computers should follow the timeline of a restored registry, or None."""
    signed_at: float
    """When the list was signed, in Unix seconds, by the registry's clock."""
    digest: str | None
    code: str | None


def split(packed: str) -> tuple[bytes, bytes]:
    """Splits a statement into the signed text and the armoured signature. Raises `RefusedError`."""
    text, dot, signature = packed.strip().partition(".")
    if len(packed) > LONGEST or not dot or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise RefusedError("the registry's statement about its list is not in a form that this version understands")
    try:
        payload = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise RefusedError("the registry's statement about its list is damaged") from error
    return payload, BEGIN + b"\n" + signature.encode() + b"\n" + END


def parse(payload: bytes) -> Statement:
    """Parses the signed text of a statement. Raises `RefusedError` if the text is not a statement."""
    try:
        value: Mapping[str, Any] = json.loads(payload)
        timeline, confirmed = value["timeline"], value["timeline"].get("confirmed")
        number, signed_at = value["number"], datetime.fromisoformat(value["signed_at"]).timestamp()
        if type(number) is not int or not 0 <= number <= LARGEST or not math.isfinite(signed_at):
            raise ValueError(f"its number is {number}")
        return Statement(
            audience=str(value["audience"]),
            number=number,
            timeline=str(timeline["id"]),
            restored_from=timeline.get("restored_from"),
            confirmed_by=None if confirmed is None else str(confirmed["by"]),
            signed_at=signed_at,
            digest=value.get("digest"),
            code=value.get("code"),
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RefusedError(f"the registry's statement about its list is malformed ({error})") from error
