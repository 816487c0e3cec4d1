"""Prints the result of a command: as text for people, or as one JSON value for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from ..errors import RegistryError
from ..text import make_visible

BAR = 24

NOTHING_YET = (
    "No definitions are installed yet. To list what you can install: pybirch-registry list --available; then: "
    "pybirch-registry sync NAME"
)


def show(text: str, stream: TextIO | None = None, keep: str = "", start: str = "", end: str = "\n") -> None:
    """Prints a line of text. Only `keep`, `start` and `end` may contain control characters: this package sets them."""
    print(f"{start}{make_visible(text, keep)}", end=end, file=stream or sys.stdout, flush=True)


class Output:
    """Results go to standard output, progress and errors to standard error."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._shown = 0

    def result(self, value: Any, *lines: str) -> None:
        """Prints the value in JSON for programs, or the lines for people."""
        if self.as_json:
            show(json.dumps(value, default=str))
        else:
            for line in lines:
                show(line)

    def error(self, error: RegistryError) -> None:
        if self.as_json:
            show(json.dumps({"error": {"code": error.code, "message": str(error)}}))
        show(f"pybirch-registry: {error}", sys.stderr)

    def progress(self, done: int, total: int, label: str) -> None:
        """Shows a progress bar on a terminal. Prints nothing elsewhere."""
        if not sys.stderr.isatty():
            return
        full = BAR * done // max(total, 1)
        end = "\n" if done == total else ""
        line = make_visible(f"[{'#' * full}{'.' * (BAR - full)}] {done}/{total} {label}")
        # Overwrites the old line with spaces, because a Windows console may not know the control codes that clear it.
        show(line.ljust(self._shown), sys.stderr, start="\r", end=end)
        self._shown = len(line)


def table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> list[str]:
    """The lines of a table with a header. The columns are as wide as their content."""
    cells = [[make_visible(str(row.get(column, "") or "")) for column in columns] for row in rows]
    widths = [max(map(len, [c, *(r[i] for r in cells)])) for i, c in enumerate(columns)]
    head = [column.replace("_", " ").upper() for column in columns]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in [head, *cells]]
