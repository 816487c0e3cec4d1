"""A child process that runs code under test. The parent believes nothing that the child sends: lines are limited in
size, and everything that the child started ends with it.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .isolation import Isolation

LONGEST_LINE = 16 * 1024 * 1024
MOST_OUTPUT = 64 * 1024 * 1024
"""How many bytes a process may print before it is ended."""
READS_WITHIN_S = 10.0
"""How long a process may leave the answers to its questions unread."""
KEPT_OUTPUT = 16 * 1024
"""How many of the last bytes that a process printed are kept."""
KEPT = ("PATH", "LANG", "TZ", "SYSTEMROOT", "WINDIR", "COMSPEC", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH")
KEPT_PREFIXES = ("LC_", "PYTHON", "OPENBLAS_", "OMP_", "MKL_", "CONDA_")
"""The variables that a process gets from this one. The others may contain secrets."""


@dataclass(frozen=True)
class Limits:
    """What one run of code under test may use."""

    seconds: float = 60.0
    """Of real time, for one recording, one test function or one simulated measurement."""
    pytest_seconds: float = 1800.0
    """Of real time, for all test functions together."""
    start_seconds: float = 60.0
    """Of real time, for the start of a process and the import of the definition."""
    memory: int = 4 * 1024**3
    """In bytes of address space."""
    isolation: Isolation | None = None
    """Keeps the code away from this computer. None for code that somebody here chose to run."""


class ProcessError(Exception):
    """The process ended, broke a limit, or sent something that is not an answer. The text says which."""


class Process:
    """A child process. Its standard output carries one JSON object a line; what it prints besides is kept in part."""

    def __init__(self, command: Sequence[str], folder: Path, isolation: Isolation | None = None) -> None:
        """Starts Python with these arguments in `folder`, which is also its home folder. Raises `IsolationError`."""
        whole = [sys.executable, *command]
        self._lines: queue.Queue[bytes | None] = queue.Queue(maxsize=16)
        self._unsent: queue.Queue[bytes | None] = queue.Queue(maxsize=16)
        self._printed = bytearray()
        self._fault: str | None = None
        self._is_stopped = False
        self._process = subprocess.Popen(
            whole if isolation is None else isolation.wrap(whole, folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=environment(folder),
            start_new_session=True,
        )
        work = (self._read_lines, self._read_printed, self._write)
        self._threads = [threading.Thread(target=one, daemon=True) for one in work]
        for thread in self._threads:
            thread.start()

    def send(self, message: Mapping[str, Any]) -> None:
        """Raises `ProcessError`."""
        try:
            self._unsent.put(json.dumps(message).encode() + b"\n", timeout=READS_WITHIN_S)
        except queue.Full as error:
            raise ProcessError("it asks, and does not read the answers") from error

    def receive(self, deadline: float) -> dict[str, Any]:
        """The next message. `deadline` is a time of `time.monotonic`. Raises `ProcessError`."""
        try:
            left = deadline - time.monotonic()
            if left <= 0:  # however fast a process asks and is answered
                raise queue.Empty
            line = self._lines.get(timeout=left)
        except queue.Empty as error:
            raise ProcessError("it did not end within its time limit") from error
        if line is None:
            raise ProcessError(self._ending())
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ProcessError("it sent something that is not an answer") from error
        if not isinstance(message, dict):
            raise ProcessError("it sent something that is not an answer")
        return message

    def printed(self) -> str:
        """The end of what the process printed."""
        return bytes(self._printed).decode(errors="replace")

    def stop(self) -> None:
        """Ends the process and all that it started. May be called again."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._kill()
        self._process.wait()
        # What left the process's group may still hold the pipes. Then the readers go on until this program ends.
        deadline = time.monotonic() + 1
        with contextlib.suppress(queue.Full):
            self._unsent.put_nowait(None)
        while any(thread.is_alive() for thread in self._threads) and time.monotonic() < deadline:
            with contextlib.suppress(queue.Empty):
                self._lines.get(timeout=0.02)  # a reader may wait for a place in the queue
        streams = (self._process.stdout, self._process.stderr, self._process.stdin)
        for thread, stream in zip(self._threads, streams, strict=True):
            if stream is not None and not thread.is_alive():
                with contextlib.suppress(OSError):
                    stream.close()

    def _ending(self) -> str:
        if self._fault is not None:
            return self._fault
        try:
            code = self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return "it closed its output"
        self._kill_group()
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"its process was ended by {signal.Signals(-code).name}"
        return f"its process ended with exit code {code}"

    def _write(self) -> None:
        """Writes what `send` leaves. A process that does not read would block whoever writes."""
        assert self._process.stdin is not None
        while (line := self._unsent.get()) is not None:
            try:
                self._process.stdin.write(line)
                self._process.stdin.flush()
            except (OSError, ValueError):  # it ended, which `receive` notices
                return

    def _read_lines(self) -> None:
        assert self._process.stdout is not None
        while True:
            line = self._process.stdout.readline(LONGEST_LINE)
            if not line.endswith(b"\n"):
                if len(line) >= LONGEST_LINE:
                    self._end(f"it sent a message of more than {LONGEST_LINE} bytes")
                self._lines.put(None)
                return
            self._lines.put(line)

    def _read_printed(self) -> None:
        assert self._process.stderr is not None
        total = 0
        while chunk := os.read(self._process.stderr.fileno(), 65536):
            total += len(chunk)
            self._printed += chunk
            del self._printed[:-KEPT_OUTPUT]
            if total > MOST_OUTPUT:
                self._end(f"it printed more than {MOST_OUTPUT} bytes")
                return

    def _end(self, fault: str) -> None:
        self._fault = self._fault or fault
        self._kill()

    def _kill(self) -> None:
        if self._process.returncode is None:
            self._kill_group()
        with contextlib.suppress(OSError):
            self._process.kill()

    def _kill_group(self) -> None:
        """Ends what the process started, also if the process itself has just ended."""
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def environment(folder: Path) -> dict[str, str]:
    """The variables of a process: a search path as here, and a home folder of its own."""
    kept = {key: value for key, value in os.environ.items() if key in KEPT or key.startswith(KEPT_PREFIXES)}
    places = [place for place in sys.path if place and Path(place).exists()]
    own = {"PYTHONPATH": os.pathsep.join(places), "HOME": str(folder), "USERPROFILE": str(folder)}
    # One thread saves memory and time: a test computes little.
    return {**kept, **own, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
