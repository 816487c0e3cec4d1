"""Replays a recording on a definition, and raises the first difference."""

import json
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ..addresses import canonical, is_address
from ..guard import Policy
from . import clock, recording, values
from .connections import devices
from .device import Device, DeviceFinder
from .difference import Difference, Place
from .judge import Judge
from .loading import load_class
from .recording import Recording, RecordingError, Step
from .steps import build, perform
from .under_test import RaisedError


class Driver(Protocol):
    """Creates an instrument and calls its methods, in this process or in another one."""

    last_place: Place | None

    def construct(self, args: Mapping[str, Any], find: DeviceFinder) -> None: ...

    def call(self, attribute: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any: ...

    def set(self, attribute: str, to: Any) -> None: ...


def replay_on(driver: Driver, session: Recording, name: str) -> None:
    """Replays a recording with a driver that has loaded its class. `name` stands for the recording's file.

    Raises `Difference`, and what the driver raises except `RaisedError`.
    """
    judge = Judge()
    judge.begin(f"the constructor ({name}:1)", session.io)
    try:
        driver.construct(session.args, finder(session, judge))
    except RaisedError as error:
        raise Difference(f"the constructor ({name}:1)", "an instrument", f"raised {error}", error.place) from error
    _finish(judge, driver)
    for number, step in enumerate(session.steps, 1):
        label = f"step {number}, {step.label} ({name}:{step.line})"
        judge.begin(label, step.io)
        driver.last_place = None
        _play(driver, step, label, judge)


def _play(driver: Driver, step: Step, label: str, judge: Judge) -> None:
    given = None
    try:
        if step.verb == "set":
            driver.set(step.attribute, step.to)
        else:
            given = driver.call(step.attribute, step.args, step.kwargs)
    except RaisedError as error:
        _finish(judge, driver, hides=error)
        if step.raises is None:
            raise Difference(label, "no error", f"raised {error}", error.place) from error
        if step.raises not in error.kinds:
            raise Difference(label, f"to raise {step.raises}", f"raised {error}", error.place) from error
        return
    _finish(judge, driver)
    if step.raises is not None:
        raise Difference(label, f"to raise {step.raises}", "raised nothing", driver.last_place)
    if step.is_checked:
        found = values.find_difference(step.gives, given, step.relative)
        if found is not None:
            shown = json.dumps(step.gives, ensure_ascii=False)
            expected = f"to give {shown if len(shown) <= 300 else shown[:280] + '…'}"
            raise Difference(label, expected, f"gave another value: {found}", driver.last_place)


def _finish(judge: Judge, driver: Driver, hides: RaisedError | None = None) -> None:
    """Ends a step. An error that the definition raised explains why something is left over."""
    try:
        judge.finish()
    except Difference as difference:
        if hides is not None:
            told = Difference(difference.step, difference.expected, f"raised {hides}", hides.place)
            raise told from None
        raise difference.at(difference.place or driver.last_place) from None


def finder(session: Recording, device: Device) -> DeviceFinder:
    """Finds the device at the recording's address only. If the adapter is no address, finds it anywhere."""

    def find(name: str) -> Device:
        adapter = session.adapter
        if adapter is not None and is_address(adapter) and canonical(name).lower() != canonical(adapter).lower():
            raise LookupError(name)
        return device

    return find


class Here:
    """A `Driver` that runs the definition in this process, for tests in pytest."""

    def __init__(self, folder: Path, name: str) -> None:
        self.last_place: Place | None = None
        self.folder = folder.resolve()
        self._cls = load_class(folder, name, Policy())
        self._find: DeviceFinder | None = None
        self.instrument: Any = None

    def find(self, name: str) -> Device:
        """Finds the devices of the present recording."""
        if self._find is None:
            raise LookupError(name)
        return self._find(name)

    def construct(self, args: Mapping[str, Any], find: DeviceFinder) -> None:
        self._find = find
        self.instrument = self._run(lambda: build(self._cls, args))

    def call(self, attribute: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        result = self._run(lambda: perform(self.instrument, "call", attribute, args, kwargs or {}, None))
        return values.encode(result)

    def set(self, attribute: str, to: Any) -> None:
        self._run(lambda: perform(self.instrument, "set", attribute, (), {}, to))

    def _run(self, work: Any) -> Any:
        try:
            return work()
        except Exception as error:
            kinds = [kind.__name__ for kind in type(error).__mro__ if kind is not object]
            raise RaisedError(kinds, str(error), self._place(error)) from error
        except Difference as difference:
            raise difference.at(self._place(difference)) from difference

    def _place(self, error: BaseException) -> Place | None:
        """The innermost line of the definition in a traceback."""
        found = None
        for summary in traceback.extract_tb(error.__traceback__):
            file = Path(summary.filename)
            if file.is_relative_to(self.folder):
                found = Place(file.relative_to(self.folder).as_posix(), summary.lineno or 1, summary.line or "")
        return found


def replay(path: Path | str) -> Any:
    """Replays a recording in this process, and returns the instrument.

    The class is `<class>.py` in the folder above the recording's folder. Time does not pass while the definition waits.
    Raises `Difference` at the first difference, and `RecordingError` if the recording cannot be read.
    """
    file = Path(path).resolve()
    session = recording.read(file)
    folder = file.parent.parent
    if not (folder / f"{session.cls}.py").is_file():
        raise RecordingError(f"{file.name} tests {session.cls}, but {folder} has no {session.cls}.py")
    with clock.running():
        here = Here(folder, session.cls)
        with devices(here.find):
            replay_on(here, session, f"{file.parent.name}/{file.name}")
    return here.instrument
