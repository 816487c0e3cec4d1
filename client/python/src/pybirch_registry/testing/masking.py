"""Hides the serial numbers of instruments in recordings, which may be published."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from .recording import MASK, Entry, Recording

IDENTITY = b"*IDN?"
SHORTEST = 4
"""Shorter texts are no serial numbers that identify an instrument, such as the `0` of many."""
LABEL = re.compile(r"(?:s/?n|serial)[:#. ]*", re.IGNORECASE)
USB = re.compile(r"USB\d*::[^:]*::[^:]*::([^:]+)(?:::|\Z)", re.IGNORECASE)


def find_identity(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The fields of the first answer to `*IDN?`: manufacturer, model, serial number, firmware. Empty if there was no
    answer.
    """
    is_asked = False
    for entry in entries:
        if entry.kind == "w":
            is_asked = IDENTITY in entry.data.upper()
        elif entry.kind == "r" and is_asked:
            return tuple(field.strip() for field in entry.data.decode(errors="replace").split(","))
    return ()


def find_serials(recording: Recording) -> list[str]:
    """The serial numbers in answers to `*IDN?` and in the address, longest first."""
    fields = find_identity(entries_of(recording))
    found = set()
    if len(fields) >= 3:
        label = LABEL.match(fields[2])
        found.add(fields[2][label.end() if label else 0 :].strip())
    usb = USB.match(recording.adapter or "")
    if usb is not None:
        found.add(usb[1])
    return sorted((one for one in found if len(one) >= SHORTEST and set(one) != {MASK}), key=len, reverse=True)


def mask(recording: Recording, serials: Sequence[str]) -> Recording:
    """The recording with each serial number replaced by as many asterisks. A number within a longer number stays."""
    if not serials:
        return recording

    def hide(text: str) -> str:
        for one in serials:
            text = _hide(text, one)
        return text

    def hide_bytes(data: bytes) -> bytes:
        return hide(data.decode("latin-1")).encode("latin-1")

    steps = tuple(
        replace(
            step,
            io=_entries(step.io, hide_bytes),
            args=tuple(_values(one, hide) for one in step.args),
            kwargs=_values(dict(step.kwargs), hide),
            to=_values(step.to, hide),
            gives=_values(step.gives, hide),
        )
        for step in recording.steps
    )
    args = _values(dict(recording.args), hide)
    return replace(recording, steps=steps, args=args, io=_entries(recording.io, hide_bytes))


def _hide(text: str, serial: str) -> str:
    """Replaces the serial number, except where it is a part of a longer number, such as a reading."""
    found, *rest = text.split(serial)
    for part in rest:
        is_number = part[:1].isdigit() or (part[:1] == "." and part[1:2].isdigit())
        is_kept = is_number or found[-1:].isdigit() or found[-1:] == "."
        found += (serial if is_kept else MASK * len(serial)) + part
    return found


def entries_of(recording: Recording) -> list[Entry]:
    return [*recording.io, *(entry for step in recording.steps for entry in step.io)]


def _entries(entries: Iterable[Entry], hide: Callable[[bytes], bytes]) -> tuple[Entry, ...]:
    return tuple(replace(entry, data=hide(entry.data)) for entry in entries)


def _values(value: Any, hide: Callable[[str], str]) -> Any:
    """Masks the texts in a value in JSON."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list):
        return [_values(one, hide) for one in value]
    if isinstance(value, dict):
        return {key: one if key == "base64" else _values(one, hide) for key, one in value.items()}
    return value
