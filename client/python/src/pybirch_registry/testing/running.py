"""Runs the tests of a definition and makes items of them."""

from collections.abc import Iterator
from pathlib import Path

from . import recording
from .difference import Difference
from .items import Item
from .measure import run_simulator
from .origins import find_origin
from .outcome import outcome
from .process import Limits
from .pytest_files import run_pytest_files
from .recording import RecordingError
from .replaying import replay_on
from .subjects import Subject
from .under_test import UnderTest


def run_tests(subject: Subject, limits: Limits | None = None) -> Iterator[Item]:
    """Runs everything that a definition brings: its recordings, its simulator, then its pytest files. Gives each
    result at once.
    """
    yield from run_recordings(subject, limits)
    yield from run_simulator(subject, limits)
    yield from run_pytest_files(subject, limits)


def run_recordings(subject: Subject, limits: Limits | None = None) -> Iterator[Item]:
    """Replays every recording of a definition, each on a new instrument, in a process of its own."""
    files = subject.recordings()
    if not files:
        return
    with UnderTest(limits) as tested:
        for file in files:
            yield run_recording(subject, file, tested)


def run_recording(subject: Subject, file: Path, tested: UnderTest) -> Item:
    """Replays one recording. Loads the definition first if the process has none."""
    is_inside = file.is_relative_to(subject.folder)
    name = file.relative_to(subject.folder).as_posix() if is_inside else file.name

    def work() -> None:
        session = recording.read(file)
        if session.cls != subject.name:
            raise RecordingError(f'{name}:1: "class" is {session.cls}; write {subject.name}, which this folder defines')
        if not tested.is_loaded:
            tested.load(subject.folder, subject.name, subject.policy, subject.label)
        try:
            replay_on(tested, session, name)
        except Difference as difference:
            if difference.sent is not None and difference.wanted is not None:
                difference.origin = find_origin(subject.folder, difference.sent, difference.wanted, difference.place)
            raise

    return outcome(name, tested, work)
