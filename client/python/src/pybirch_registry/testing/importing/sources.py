"""Reads what labs have: test files with expected protocols, logs of pytest-reserial, and logs with WRITE and READ."""

import ast
import base64
import binascii
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..recording import RecordingError, Step
from .script import Message

LOGGED = re.compile(r"\b(WRITE|READ):(.*)")
"""A line in the log of pymeasure's adapters."""


@dataclass(frozen=True)
class Session:
    """The traffic of one test or log, and what was called."""

    name: str
    messages: tuple[Message, ...]
    is_stream: bool = False
    """Whether the messages are all that was sent, and all that was read, complete with terminators."""
    steps: tuple[Step, ...] = ()
    cls: str | None = None
    """The tested class, with its module: `pymeasure.instruments.srs.sr830.SR830`."""
    args: Mapping[str, Any] = field(default_factory=dict)
    """The constructor's other arguments, in JSON."""
    fault: str | None = None
    """Why the session cannot be imported."""


def read_sessions(file: Path, calls: Sequence[str] = ()) -> list[Session]:
    """Reads the sessions of a file. Logs do not say what was called, so `calls` name the methods.

    Test files (`.py`) are run with pytest, as their lab does. Raises `RecordingError`.
    """
    if file.suffix == ".py":
        return _run_tests(file)
    if not calls:
        raise RecordingError(f"{file.name} is a log, which does not say what was called: add --calls")
    steps = tuple(Step("call", call) for call in calls)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{file.name} cannot be read: {error}") from error
    if file.suffix == ".jsonl":
        return [_of_reserial(file.name, i, line, steps) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    return [Session(file.stem, tuple(_of_log(file.name, text)), steps=steps)]


def file_name(session: str) -> str:
    """The name of a session as the name of a file on every system: `test_range[1-V]` becomes `range_1-V`."""
    text = "".join(char if char.isalnum() or char in "-." else "_" for char in session.removeprefix("test_"))
    return "_".join(part for part in text.split("_") if part) or "session"


def _of_reserial(name: str, number: int, line: str, steps: tuple[Step, ...]) -> Session:
    try:
        ((test, value),) = json.loads(line).items()
        sent, read = (
            value[key].encode() if value.get(f"{key}_encoding") == "utf-8" else base64.b64decode(value[key])
            for key in ("tx", "rx")
        )
    except (AttributeError, KeyError, TypeError, ValueError, binascii.Error) as error:
        raise RecordingError(f"{name}:{number}: this is no log of pytest-reserial") from error
    return Session(test, (("w", sent), ("r", read)), is_stream=True, steps=steps)


def _of_log(name: str, text: str) -> list[Message]:
    """The messages of a log: lines with `WRITE:` and `READ:`, as pymeasure logs them."""
    found: list[Message] = []
    for number, line in enumerate(text.splitlines(), 1):
        logged = LOGGED.search(line)
        if logged is not None:
            found.append(("w" if logged[1] == "WRITE" else "r", _logged_bytes(logged[2])))
        elif "viRead(" in line:
            raise RecordingError(
                f"{name}:{number}: PyVISA's log does not contain what was read. Record the session instead: "
                "pybirch-registry record NAME --adapter ADDRESS"
            )
    if not found:
        raise RecordingError(f"{name} has no line with WRITE: or READ:")
    return found


def _logged_bytes(text: str) -> bytes:
    try:
        value = ast.literal_eval(text.strip())
    except (SyntaxError, ValueError):
        return text.encode()
    return value if isinstance(value, bytes) else text.encode()


def _run_tests(file: Path) -> list[Session]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "captured.jsonl"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "pybirch_registry.testing.importing.capturing"]
        environment = {**os.environ, "PYBIRCH_CAPTURED": str(output)}
        environment["PYTHONPATH"] = os.pathsep.join([path for path in sys.path if path])
        done = subprocess.run([*command, str(file)], env=environment, capture_output=True, text=True, check=False)
        if not output.exists():
            shown = "\n".join(done.stdout.splitlines()[-5:]) or done.stderr[-500:]
            raise RecordingError(f"{file.name} has no test with expected_protocol that passes: {shown}")
        return [_captured(json.loads(line)) for line in output.read_text().splitlines()]


def _captured(value: dict[str, Any]) -> Session:
    return Session(
        value["name"],
        tuple((kind, base64.b64decode(data)) for kind, data in value["messages"]),
        value["is_stream"],
        tuple(Step(**{**step, "args": tuple(step["args"])}) for step in value["steps"]),
        value["cls"],
        value["args"],
        value["fault"],
    )
