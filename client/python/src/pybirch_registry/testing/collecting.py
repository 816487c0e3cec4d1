"""Recordings as tests of pytest. The plugin `pybirch_registry_pytest` collects them."""

from collections.abc import Iterable
from typing import Any

import pytest

from .items import Item
from .running import run_recording
from .subjects import Subject, find_subject
from .under_test import UnderTest

SHARED = pytest.StashKey[dict[Subject, UnderTest]]()
"""The processes that run definitions, which the recordings of a definition share."""


class RecordingFile(pytest.File):
    """One recording."""

    def collect(self) -> Iterable[pytest.Item]:
        yield RecordingItem.from_parent(self, name="replay")


class RecordingItem(pytest.Item):
    """The replay of a recording, on the definition in the folder above."""

    def runtest(self) -> None:
        subject = find_subject(self.path.parent.parent)
        result = run_recording(subject, self.path, _process_of(self.config, subject))
        if result.state == "failed":
            raise FailedRecording(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, FailedRecording):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return self.path, None, self.path.name


class FailedRecording(Exception):  # noqa: N818  (pytest shows this name)
    """A recording is not what the definition does."""

    def __init__(self, result: Item) -> None:
        super().__init__(result.difference or result.message or "failed")


def _process_of(config: pytest.Config, subject: Subject) -> UnderTest:
    shared = config.stash.setdefault(SHARED, {})
    if subject not in shared:
        for other in shared.values():
            other.close()
        shared.clear()
        shared[subject] = UnderTest()
        config.add_cleanup(shared[subject].close)
    return shared[subject]
