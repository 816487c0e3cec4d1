"""The process that runs a definition's pytest files: `python -m pybirch_registry.testing.pytest_child`.

The definition's modules can be imported by their names, and run under the guard. The tests' own code is watched by the
guard's audit hook, as code of the definition.
"""

import importlib.abc
import importlib.machinery
import json
import os
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import pytest

from ..approved import Approved
from ..guard import Policy
from ..loader import DefinitionLoader
from .child import limit
from .difference import Difference
from .loading import prepare


class DefinitionFinder(importlib.abc.MetaPathFinder):
    """Finds the modules at the root of the definition's folder."""

    def __init__(self, approved: Approved) -> None:
        self._approved = approved

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        file = f"{fullname}.py"
        if path is not None or file not in self._approved.sources:
            return None
        origin = str(self._approved.folder / file)
        return importlib.machinery.ModuleSpec(fullname, DefinitionLoader(self._approved, file), origin=origin)


class Reporter:
    """A plugin of pytest that sends each result to the parent."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def send(self, message: dict[str, Any]) -> None:
        self._stream.write(json.dumps(message).encode() + b"\n")
        self._stream.flush()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.send({"started": nodeid})

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._send_report(report, 0.0)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
        report = yield
        if call.excinfo is not None and isinstance(call.excinfo.value, Difference):
            report.difference = call.excinfo.value
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            self._send_report(report, report.duration)

    def _send_report(self, report: Any, seconds: float) -> None:
        message: dict[str, Any] = {"name": report.nodeid, "state": report.outcome, "seconds": seconds}
        if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
            message["message"] = str(report.longrepr[2])
        elif isinstance(getattr(report, "difference", None), Difference):
            message |= {"message": str(report.difference), "difference": report.difference.lines}
        elif report.outcome == "failed":
            message |= {"message": _sentence(report), "difference": report.longreprtext}
        self.send(message)


def _sentence(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return f"{crash.message.splitlines()[0]} ({Path(crash.path).name}:{crash.lineno})"
    return next((line for line in reversed(report.longreprtext.splitlines()) if line.strip()), "failed")


def main() -> None:
    memory, seconds = map(int, sys.argv[1:3])
    job = json.loads(sys.stdin.buffer.readline())
    reporter = Reporter(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    limit(memory, seconds)
    folder = Path(job["folder"])
    policy = Policy(frozenset(job["banned"]), frozenset(job["allowed"]))
    sys.meta_path.insert(0, DefinitionFinder(prepare(folder, job["name"], policy, job["label"])))
    os.chdir(folder)
    options = [
        "-q",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        "--disable-plugin-autoload",
        "-c",
        os.devnull,
        f"--rootdir={folder}",
    ]
    reporter.send({"ended": int(pytest.main([*options, *job["files"]], plugins=[reporter]))})


if __name__ == "__main__":
    main()
