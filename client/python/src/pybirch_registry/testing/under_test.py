"""A definition under test, as its parent process sees it. The code runs in a child (child.py); the devices and the
judge are here.
"""

import base64
import binascii
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from ..guard import Policy
from . import values
from .device import Device, DeviceFinder, DeviceTimeoutError, Reading
from .difference import Difference, Place
from .loading import files_of
from .process import Limits, Process, ProcessError

CHILD = "pybirch_registry.testing.child"
LONGEST = 4000
"""The longest text of an error that is kept, in characters."""
GRACE_S = 2.0
"""How long a definition may take to end after its traffic was stopped, in seconds."""


class RaisedError(Exception):
    """The definition raised an error."""

    def __init__(self, kinds: Sequence[str], text: str, place: Place | None) -> None:
        """`kinds` are the names of the error's class and its bases."""
        self.kinds, self.text, self.place = tuple(kinds), text, place
        super().__init__(f"{self.kinds[0]}: {text}" if text else self.kinds[0])


class UnderTest:
    """Loads one definition after the other in a child process, creates instruments and calls their methods.

    After an error of the process, the next `load` starts a new one. Use it in a `with` statement.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._scratch = Path(tempfile.mkdtemp(prefix="pybirch-test-"))
        self._process: Process | None = None
        self._folder = self._scratch
        self._find: DeviceFinder = _none
        self._devices: dict[str, Device] = {}
        self._deadline = 0.0
        self._number = 0
        """The number of the present command, which its answer repeats."""
        self.last_place: Place | None = None
        """The line of the definition that sent or read last."""

    def __enter__(self) -> "UnderTest":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._stop()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def load(self, folder: Path, name: str, policy: Policy | None = None, label: str | None = None) -> None:
        """Loads the class `name` from a folder. The process gets a copy without `tests/`, so that the code cannot read
        the answers. Raises `RaisedError`, `ProcessError`.
        """
        self._stop()
        self._deadline = time.monotonic() + self.limits.start_seconds
        # The guard knows the code of definitions by folders below `versions`.
        self._folder = self._scratch / "versions" / name / "under-test"
        shutil.rmtree(self._folder, ignore_errors=True)
        copy_files(folder, self._folder, with_tests=False)
        home = self._scratch / "home"
        home.mkdir(exist_ok=True)
        seconds = str(int(self.limits.seconds * 100))
        self._process = Process(["-m", CHILD, str(self.limits.memory), seconds], home, self.limits.isolation)
        rules = policy or Policy()
        self._command(
            "load",
            folder=str(self._folder),
            name=name,
            label=label or name,
            banned=sorted(rules.banned),
            allowed=sorted(rules.allowed),
        )

    @property
    def is_loaded(self) -> bool:
        """Whether the process still runs, with a class."""
        return self._process is not None

    def construct(self, args: Mapping[str, Any], find: DeviceFinder) -> None:
        """Creates the instrument. The time limit begins. `args` are those of a recording's head; `find` finds the
        devices that the instrument opens. Raises `RaisedError`, `ProcessError`, and what the devices raise.
        """
        self._deadline = time.monotonic() + self.limits.seconds
        self._find, self._devices = _none, dict.fromkeys(self._devices, Unplugged())
        self._command("drop")
        self._find, self._devices = find, {}
        self._command("construct", args=dict(args))

    def call(self, attribute: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        """Calls a method or reads a property, and returns the result in JSON. Raises what `construct` raises."""
        return self._command("call", attribute=attribute, args=list(args), kwargs=dict(kwargs or {}))

    def set(self, attribute: str, to: Any) -> None:
        """Sets a property. Raises what `construct` raises."""
        self._command("set", attribute=attribute, to=to)

    def printed(self) -> str:
        """The end of what the process printed and logged."""
        return "" if self._process is None else self._process.printed()

    def _command(self, verb: str, **details: Any) -> Any:
        process = self._process
        if process is None:
            raise ProcessError("its process has ended")
        self.last_place = None
        try:
            self._number += 1
            process.send({"do": verb, "number": self._number, **details})
            while True:
                message = process.receive(self._deadline)
                done = message.get("done")
                if isinstance(done, dict):
                    if message.get("number") != self._number:
                        raise ProcessError("it sent an answer that was not asked for")
                    return self._result(done)
                process.send(self._answer(message))
        except ProcessError:
            self._stop()
            raise
        except Difference as difference:
            self._end_step(process)
            raise difference.at(self.last_place) from None

    def _end_step(self, process: Process) -> None:
        """Lets the definition's code end, for example close files. If it does not, the process is ended."""
        deadline = min(self._deadline, time.monotonic() + GRACE_S)
        try:
            process.send({"stop": True})
            while "done" not in process.receive(deadline):
                process.send({"stop": True})
        except ProcessError:
            self._stop()

    def _result(self, done: dict[str, Any]) -> Any:
        if "gives" in done:
            if values.is_deeper(done["gives"], values.DEEPEST_JSON):
                raise ProcessError("it sent a value that is nested too deep")
            return done["gives"]
        kinds, text = done.get("raises"), done.get("text")
        if isinstance(kinds, list) and kinds and all(isinstance(one, str) for one in kinds) and isinstance(text, str):
            raise RaisedError([one[:LONGEST] for one in kinds[:LONGEST]], text[:LONGEST], self._place(done.get("at")))
        raise ProcessError("it sent something that is not an answer")

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answers a question of the child. Raises `ProcessError` for anything else."""
        name, question = message.get("name"), message.get("ask")
        if not isinstance(name, str) or not isinstance(question, str):
            raise ProcessError("it sent something that is not a question")
        self.last_place = self._place(message.get("at")) or self.last_place
        if question == "open":
            try:
                self._devices[name] = self._find(name)
            except LookupError:
                return {"missing": True}
            return {}
        device = self._devices.get(name)
        if device is None:
            raise ProcessError(f"it used {name!r}, which it had not opened")
        try:
            return _ask(device, question, message)
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise ProcessError("it sent something that is not a question") from error

    def _place(self, at: Any) -> Place | None:
        """The first of the child's lines that the folder has."""
        for one in at if isinstance(at, list) else []:
            if not (isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and type(one[1]) is int):
                continue
            try:
                file = (self._folder / one[0]).resolve()
                if not file.is_relative_to(self._folder.resolve()) or not file.is_file():
                    continue
                lines = file.read_text(errors="replace").splitlines()
            except (OSError, ValueError):  # no name of a file
                continue
            if 0 < one[1] <= len(lines):
                return Place(one[0], one[1], lines[one[1] - 1].strip())
        return None

    def _stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None


class Unplugged:
    """The device of an instrument that is not needed any more. Some instruments send a last message when Python deletes
    their object.
    """

    def write(self, data: bytes, end: bool) -> None:
        """Forgets the bytes."""

    def read(self, count: int, stop: int | None = None) -> Reading:
        raise DeviceTimeoutError

    def status_byte(self) -> int:
        return 0

    def clear(self) -> None:
        """Does nothing."""

    def waiting(self) -> int:
        return 0


def _none(name: str) -> Device:
    raise LookupError(name)


def _ask(device: Device, question: str, message: dict[str, Any]) -> dict[str, Any]:
    if question == "write":
        device.write(base64.b64decode(message["data"], validate=True), message["end"] is True)
        return {}
    if question == "read":
        count, stop = message["count"], message.get("stop")
        if type(count) is not int or count < 1 or (stop is not None and (type(stop) is not int or not 0 <= stop < 256)):
            raise ValueError("no count")
        try:
            reading = device.read(count, stop)
        except DeviceTimeoutError:
            return {"timeout": True}
        return {"data": base64.b64encode(reading.data).decode(), "ended": reading.ended}
    if question == "status_byte":
        return {"status": device.status_byte()}
    if question == "waiting":
        return {"count": device.waiting()}
    if question == "clear":
        device.clear()
        return {}
    raise ValueError("no question")


def copy_files(folder: Path, to: Path, with_tests: bool) -> None:
    """Copies the files of a definition."""
    for path in files_of(folder):
        inside = path.relative_to(folder)
        if with_tests or inside.parts[0] != "tests":
            target = to / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
