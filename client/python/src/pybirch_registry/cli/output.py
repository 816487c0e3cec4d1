"""What a command prints: for people on a terminal, or one JSON value for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import RegistryError

BAR = 24


class Output:
    """Results go to standard output, progress and errors to standard error."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._shown = 0

    def result(self, value: Any, *lines: str) -> None:
        """The value for programs, the lines for people."""
        if self.as_json:
            print(json.dumps(value, default=str), flush=True)
        else:
            for line in lines:
                print(line, flush=True)

    def error(self, error: RegistryError) -> None:
        if self.as_json:
            print(json.dumps({"error": {"code": error.code, "message": str(error)}}), flush=True)
        print(f"pybirch-registry: {error}", file=sys.stderr)

    def progress(self, done: int, total: int, label: str) -> None:
        """A bar on a terminal, nothing elsewhere."""
        if not sys.stderr.isatty():
            return
        full = BAR * done // max(total, 1)
        end = "\n" if done == total else ""
        line = f"[{'#' * full}{'.' * (BAR - full)}] {done}/{total} {label}"
        # Spaces over the rest of the last line: a Windows console may not know the codes that clear it.
        print(f"\r{line.ljust(self._shown)}", end=end, file=sys.stderr, flush=True)
        self._shown = len(line)


def table(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> list[str]:
    """Lines with a head, as wide as their content."""
    cells = [[str(row.get(column, "") or "") for column in columns] for row in rows]
    widths = [max(map(len, [c, *(r[i] for r in cells)])) for i, c in enumerate(columns)]
    head = [column.replace("_", " ").upper() for column in columns]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in [head, *cells]]
