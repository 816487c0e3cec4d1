"""Brings the results of a run into the form that the registry accepts."""

import json
import math
from collections.abc import Iterable
from typing import Any

from ..testing.items import Item, overall

MOST_BYTES = 240 * 1024
"""The registry accepts 256 KiB, also after it has escaped hidden characters."""
MOST_ITEMS = 5000
LONGEST_NAME = 500
LENGTHS = (20_000, 4_000, 1_000, 300, 80, 0)
"""The longest text of an item, from generous to none."""
STATES = {"failed": "failure", "passed": "success", "skipped": "skipped"}


def body_of(items: list[Item], environment: dict[str, Any]) -> dict[str, Any]:
    """A check or a result: its state, a summary, and as much of each item as there is room for."""
    counts = {state: sum(item.state == state for item in items) for state in STATES}
    parts = [f"{count} {state}" for state, count in counts.items() if count]
    first = next((item for item in items if item.state == "failed"), None)
    summary = ", ".join(parts) or "The definition has no tests: add tests/*.jsonl, tests/test_*.py or simulator.yaml"
    if first is not None:
        summary += f". First: {first.name}: {first.message or 'failed'}"
    details = {"items": _fit(items, environment), "environment": environment}
    return {"state": STATES[overall(items)], "summary": _line(summary, 1000), "details": details}


def _fit(items: list[Item], environment: dict[str, Any]) -> list[dict[str, Any]]:
    """All items, with shorter texts if there are many. If even the names are too many, the failed items come first, and
    the rest is left out.
    """
    shown: list[dict[str, Any]] = []
    room = MOST_BYTES - _size(environment)
    for length in LENGTHS:
        shown = [_shorten(item, length) for item in items]
        if len(shown) <= MOST_ITEMS and _size(shown) <= room:
            return shown
    fitting, left = [], room
    for item in sorted(shown, key=lambda one: one["state"] != "failed")[:MOST_ITEMS]:
        left -= _size(item) + 2
        if left < 0:
            break
        fitting.append(item)
    return fitting


def _shorten(item: Item, length: int) -> dict[str, Any]:
    seconds = item.seconds if math.isfinite(item.seconds) else 0.0
    value: dict[str, Any] = {"name": _line(item.name, LONGEST_NAME) or "?", "state": item.state}
    value["seconds"] = round(min(max(seconds, 0.0), 1e9), 3)
    for key in ("message", "difference"):
        text = getattr(item, key)
        if text and length:
            value[key] = _cut(text, length)
    return value


def _line(text: str, length: int) -> str:
    """A text of one line, without characters that the registry refuses."""
    return _cut("".join(c if c.isprintable() else " " for c in text), length)


def _cut(text: str, length: int) -> str:
    whole = text.encode(errors="replace").decode()
    return whole if len(whole) <= length else f"{whole[: length - 1]}…"


def _size(value: object) -> int:
    return len(json.dumps(value).encode())


def is_done(results: Iterable[dict[str, Any]], environment: dict[str, Any]) -> bool:
    """Whether one of the results counts and comes from this environment."""
    return any(
        one.get("standing") is True and (one.get("details") or {}).get("environment") == environment for one in results
    )
