"""Runs the pytest files of a definition in a process of their own (pytest_child.py)."""

import json
import math
import shutil
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .items import Item
from .process import Limits, Process, ProcessError
from .subjects import Subject
from .under_test import copy_files

CHILD = "pybirch_registry.testing.pytest_child"
LONGEST = 8000
"""The longest text of a failure that is kept, in characters."""
MOST_RESULTS = 5000
LONGEST_NAME = 500
ALL_PASSED, SOME_FAILED, NONE_FOUND = 0, 1, 5
"""Exit codes of pytest. All others say that it could not run the tests."""


def run_pytest_files(subject: Subject, limits: Limits | None = None) -> Iterator[Item]:
    """Runs `tests/test_*.py` and gives an item for each test. Without pytest, each file is skipped."""
    files = [file.relative_to(subject.folder).as_posix() for file in subject.pytest_files()]
    if not files:
        return
    if not find_spec("pytest"):
        for file in files:
            yield Item(file, "skipped", 0.0, "pytest is not installed: pip install pytest")
        return
    scratch = Path(tempfile.mkdtemp(prefix="pybirch-test-"))
    try:
        yield from _run(subject, files, limits or Limits(), scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run(subject: Subject, files: list[str], limits: Limits, scratch: Path) -> Iterator[Item]:
    folder = scratch / "versions" / subject.name / "under-test"
    copy_files(subject.folder, folder, with_tests=True)
    home = scratch / "home"
    home.mkdir()
    job = {"folder": str(folder), "name": subject.name, "label": subject.label, "files": files}
    job |= {"banned": sorted(subject.policy.banned), "allowed": sorted(subject.policy.allowed)}
    command = ["-m", CHILD, str(limits.memory), str(int(limits.seconds * 100))]
    process = Process(command, home, limits.isolation)
    start = time.monotonic()
    deadline = start + limits.start_seconds
    end = start + limits.pytest_seconds
    running, count, has_failed = files[0], 0, False
    try:
        process.send(job)
        while True:
            message = process.receive(min(deadline, end))
            count += 1
            if count > 2 * MOST_RESULTS:
                raise ProcessError(f"it has more than {MOST_RESULTS} results")
            if "ended" in message:
                yield from _rest(message["ended"], has_failed, files[0], process)
                return
            if isinstance(message.get("started"), str):
                running, start = message["started"], time.monotonic()
                deadline = start + limits.seconds
            else:
                item = read_item(message)
                has_failed = has_failed or item.state == "failed"
                yield item
    except ProcessError as error:
        yield Item(
            running, "failed", time.monotonic() - start, f"{running}: {error}", process.printed().strip() or None
        )
    finally:
        process.stop()


def _rest(code: Any, has_failed: bool, name: str, process: Process) -> Iterator[Item]:
    """What pytest's exit code says and its results do not: that there are no tests, or that it could not run them."""
    if code == NONE_FOUND:
        yield Item(name, "skipped", 0.0, "pytest found no tests to run")
    elif code not in (ALL_PASSED, SOME_FAILED) and not has_failed:
        text = process.printed().strip()[-LONGEST:] or None
        yield Item(name, "failed", 0.0, f"{name}: pytest could not run the tests", text)


def read_item(message: dict[str, Any]) -> Item:
    """The item that a process sent. Raises `ProcessError`."""
    name, state, seconds = message.get("name"), message.get("state"), message.get("seconds")
    texts = (message.get("message"), message.get("difference"))
    is_named = isinstance(name, str) and len(name) <= LONGEST_NAME and state in ("passed", "failed", "skipped")
    is_timed = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds < math.inf
    if not is_named or not is_timed or not all(text is None or isinstance(text, str) for text in texts):
        raise ProcessError(f"it sent something that is not a result: {json.dumps(message)[:100]}")
    message_text, difference = (None if text is None else text[:LONGEST] for text in texts)
    return Item(str(name), state, float(min(seconds or 0, 1e9)), message_text, difference)  # type: ignore[arg-type]
