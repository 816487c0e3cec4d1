"""Runs the tests of a definition in a process of their own (judge.py), and gives the items."""

import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..testing.items import Item
from ..testing.process import Limits, Process, ProcessError
from ..testing.pytest_files import MOST_RESULTS, read_item
from ..testing.simulator_file import FILE as SIMULATOR
from ..testing.subjects import Subject

JUDGE = "pybirch_registry.bench.judge"
LONGEST_RUN_S = 30 * 60.0
"""The longest time of all tests of one head or version."""


def has_tests(subject: Subject) -> bool:
    return bool(subject.recordings() or subject.pytest_files()) or (subject.folder / SIMULATOR).is_file()


def run_judged(subject: Subject, data: Path, limits: Limits, longest_s: float = LONGEST_RUN_S) -> list[Item]:
    """Runs all tests as `pybirch-registry test` does, apart from this computer. `data` is the data folder.

    A run that breaks a limit ends with a failed item that says so.
    """
    items: list[Item] = []
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pybirch-run-", ignore_cleanup_errors=True) as scratch:
        home = Path(scratch, "judge")
        home.mkdir()
        job: dict[str, Any] = {"folder": str(subject.folder), "name": subject.name, "version": subject.version}
        job |= {"banned": sorted(subject.policy.banned), "allowed": sorted(subject.policy.allowed)}
        job |= {"data": str(data), "scratch": scratch, "processor_seconds": int(longest_s)}
        job["limits"] = {key: value for key, value in asdict(limits).items() if key != "isolation"}
        process = Process(["-m", JUDGE], home)
        try:
            process.send(job)
            while True:
                message = process.receive(start + longest_s)
                if message.get("ended") is True:
                    return items
                items.append(read_item(message))
                if len(items) > MOST_RESULTS:
                    raise ProcessError(f"it has more than {MOST_RESULTS} results")
        except ProcessError as error:
            text = f"The tests were stopped: {error}"
            items.append(Item("all tests", "failed", time.monotonic() - start, text, process.printed().strip() or None))
            return items
        finally:
            process.stop()
