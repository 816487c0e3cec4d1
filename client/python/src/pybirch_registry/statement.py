"""What the registry signs of a list: whose it is, its number, its date and its digest. Pure."""

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
"""The purpose that these signatures are made for; no tag's can stand in for one."""
HEADER = "Sync-Statement"
LARGEST = 2**53 - 1
"""What numbers are exact in every program that reads JSON; no registry ever counts as far."""
LONGEST = 16_000
"""Characters of a statement; a real one has some 900."""


@dataclass(frozen=True)
class Statement:
    audience: str
    """`computer:<id>`, or `bundle:<whose>`."""
    number: int
    timeline: str
    restored_from: str | None
    confirmed_by: str | None
    """Who says that computers are to follow this timeline; None where nobody has."""
    signed_at: float
    """In Unix seconds, by the registry's clock."""
    digest: str | None
    code: str | None


def split(packed: str) -> tuple[bytes, bytes]:
    """The text that was signed, and the signature in its armour. Raises `RefusedError`."""
    text, dot, signature = packed.strip().partition(".")
    if len(packed) > LONGEST or not dot or not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise RefusedError("what the registry signs of its list is not in a form that this version understands")
    try:
        payload = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise RefusedError("what the registry signs of its list is damaged") from error
    return payload, BEGIN + b"\n" + signature.encode() + b"\n" + END


def parse(payload: bytes) -> Statement:
    """Raises `RefusedError` for what is none."""
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
        raise RefusedError(f"what the registry signed of its list makes no sense ({error})") from error
