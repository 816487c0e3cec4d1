"""The plugin of pytest that collects recordings: `pytest` alone in a clone of a definition replays `tests/*.jsonl`.

Every pytest on this computer loads this module, so it imports nothing until there is a recording.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collects the recordings of a definition: files `tests/*.jsonl` that begin as recordings do."""
    if file_path.suffix != ".jsonl" or file_path.parent.name != "tests":
        return None
    try:
        with file_path.open("rb") as file:
            begin = file.readline(4096).replace(b" ", b"")
    except OSError:
        return None
    if b'"recording":1' not in begin or b'"class":' not in begin:
        return None
    from pybirch_registry.testing.collecting import RecordingFile

    return RecordingFile.from_parent(parent, path=file_path)
