"""The process in which the code of a definition under test runs: `python -m pybirch_registry.testing.child`.

It gets commands as JSON lines on standard input: load a class, construct, call, set. It answers each on its former
standard output, and asks there for every read and write, too. What the definition prints goes to standard error. The
process judges nothing (see judge.py).
"""

import base64
import gc
import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from ..guard import Policy
from . import clock, values
from .connections import devices
from .device import DeviceTimeoutError, Reading
from .loading import load_class
from .steps import build, perform

MOST_PLACES = 6
"""How many lines of the definition are told for each read and write."""


class Stopped(BaseException):
    """The parent wants no more traffic."""


class Parent:
    """The two pipes to the parent."""

    def __init__(self, commands: BinaryIO, answers: BinaryIO) -> None:
        self._commands, self._answers = commands, answers
        self._lock = threading.RLock()
        self.folder = ""

    def receive(self) -> dict[str, Any] | None:
        line = self._commands.readline()
        return json.loads(line) if line else None

    def send(self, message: dict[str, Any]) -> None:
        self._answers.write(json.dumps(message).encode() + b"\n")
        self._answers.flush()

    def ask(self, question: str, **details: Any) -> dict[str, Any]:
        """Sends a question and waits for the answer. Threads take turns."""
        places = self.places(sys._getframe(2))
        with self._lock:
            self.send({"ask": question, **details, "at": places})
            answer = self.receive()
        if answer is None or answer.get("stop"):
            raise Stopped
        return answer

    def places(self, frame: FrameType | None) -> list[list[Any]]:
        """The lines of the definition on the stack, innermost first."""
        found: list[list[Any]] = []
        while frame is not None and len(found) < MOST_PLACES:
            if self.folder and frame.f_code.co_filename.startswith(self.folder):
                found.append([frame.f_code.co_filename.removeprefix(self.folder), frame.f_lineno])
            frame = frame.f_back
        return found


class RemoteDevice:
    """A `Device` in the parent."""

    def __init__(self, parent: Parent, name: str) -> None:
        self._parent, self._name = parent, name

    def write(self, data: bytes, end: bool) -> None:
        self._parent.ask("write", name=self._name, data=base64.b64encode(data).decode(), end=end)

    def read(self, count: int, stop: int | None = None) -> Reading:
        answer = self._parent.ask("read", name=self._name, count=count, stop=stop)
        if answer.get("timeout"):
            raise DeviceTimeoutError
        return Reading(base64.b64decode(answer["data"]), bool(answer["ended"]))

    def status_byte(self) -> int:
        return int(self._parent.ask("status_byte", name=self._name)["status"])

    def clear(self) -> None:
        self._parent.ask("clear", name=self._name)

    def waiting(self) -> int:
        return int(self._parent.ask("waiting", name=self._name)["count"])


class Worker:
    """Executes the commands."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent
        self._cls: type = object
        self._instrument: Any = None

    def find(self, name: str) -> RemoteDevice:
        if self._parent.ask("open", name=name).get("missing"):
            raise LookupError(name)
        return RemoteDevice(self._parent, name)

    def run(self) -> None:
        commands: dict[str, Callable[..., Any]] = {
            "load": self._load,
            "drop": self._drop,
            "construct": self._construct,
            "call": self._perform,
            "set": self._perform,
        }
        while (command := self._parent.receive()) is not None:
            try:
                done = {"gives": values.encode(commands[command["do"]](command))}
            except Stopped:
                done = {"stopped": True}
            except BaseException as error:  # a definition may raise anything, even `SystemExit`
                done = self._describe(error)
            self._parent.send({"done": done, "number": command["number"]})

    def _load(self, command: dict[str, Any]) -> None:
        self._instrument = None
        self._parent.folder = str(Path(command["folder"]).resolve()) + os.sep
        policy = Policy(frozenset(command["banned"]), frozenset(command["allowed"]))
        self._cls = load_class(Path(command["folder"]), command["name"], policy, command["label"])

    def _drop(self, command: dict[str, Any]) -> None:
        self._instrument = None
        gc.collect()

    def _construct(self, command: dict[str, Any]) -> None:
        self._instrument = build(self._cls, command["args"])

    def _perform(self, command: dict[str, Any]) -> Any:
        args, kwargs = command.get("args", ()), command.get("kwargs", {})
        return perform(self._instrument, command["do"], command["attribute"], args, kwargs, command.get("to"))

    def _describe(self, error: BaseException) -> dict[str, Any]:
        try:
            text = str(error)
        except Exception:
            text = ""
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        lines = [line for _, line in traceback.walk_tb(error.__traceback__)]
        own = [
            [frame.f_code.co_filename.removeprefix(self._parent.folder), line]
            for frame, line in zip(frames, lines, strict=True)
            if self._parent.folder and frame.f_code.co_filename.startswith(self._parent.folder)
        ]
        if isinstance(error, SyntaxError) and not own and str(error.filename).startswith(self._parent.folder):
            own = [[str(error.filename).removeprefix(self._parent.folder), error.lineno or 1]]
        kinds = [kind.__name__ for kind in type(error).__mro__ if kind is not object]
        return {"raises": kinds, "text": text[:4000], "at": own[::-1][:MOST_PLACES]}


def limit(memory: int, seconds: int) -> None:
    """Limits the memory and processor time of this process, where the system can. No definition can lift the limits."""
    if sys.platform == "win32":
        return
    import resource

    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, memory // 16),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def main() -> None:
    """Runs until standard input ends."""
    memory, seconds = map(int, sys.argv[1:3])
    commands, answers = os.dup(0), os.dup(1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    limit(memory, seconds)
    parent = Parent(os.fdopen(commands, "rb"), os.fdopen(answers, "wb"))
    worker = Worker(parent)
    with devices(worker.find), clock.running():
        worker.run()


if __name__ == "__main__":
    main()
