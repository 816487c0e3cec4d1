"""Finds where a wrong message comes from: often not the line that sends it, but a table of commands."""

import ast
from collections.abc import Iterator
from pathlib import Path

from .difference import Place

SHORTEST = 2
"""Shorter texts are in most messages by chance."""


def find_origin(folder: Path, sent: bytes, wanted: bytes, place: Place | None) -> Place | None:
    """The line with the longest text that was sent and was not wanted. None if there is none, or if it is `place`, the
    line that sent it. `folder` is the folder of the definition.
    """
    message, expected = sent.decode("latin-1"), wanted.decode("latin-1")
    found: tuple[int, Place] | None = None
    for file in sorted(folder.glob("*.py")):
        source = file.read_text(errors="replace")
        for text, line in _texts(source):
            part = text.strip()
            if len(part) >= SHORTEST and part in message and part not in expected and len(part) > (found or (0,))[0]:
                found = (len(part), Place(file.name, line, source.splitlines()[line - 1].strip()))
    if found is None or (place is not None and (found[1].file, found[1].line) == (place.file, place.line)):
        return None
    return found[1]


def _texts(source: str) -> Iterator[tuple[str, int]]:
    """The texts in a module, with their lines. Parts of f-strings count."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)) and node.end_lineno == node.lineno:
            text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            yield text, node.lineno
