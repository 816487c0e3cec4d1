"""A plugin of pytest that writes down the tests which use pymeasure's or InstrumentKit's `expected_protocol`.

For each test that passes, a line of JSON says which class was tested, what was called, what it gave, and the messages.
"""

import base64
import contextlib
import functools
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from ..path import parse_path, walk
from ..recorder import Recorded, in_json, with_result
from ..recording import RecordingError, Step
from ..steps import is_property

SKIPPED = ("adapter", "_file", "connection")
"""Parts of an instrument that are not the instrument's."""


class Capture:
    """Performs and notes the steps of a test, like a `Recorder`, but without traffic."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.fault: str | None = None

    def perform(
        self, instrument: Any, verb: Any, attribute: str, args: Any = (), kwargs: Any = None, to: Any = None
    ) -> Any:
        *owner, end = parse_path(attribute)
        holder, name = walk(instrument, tuple(owner)), str(end.key)
        if attribute.split(".")[0] in SKIPPED:
            self.fault = self.fault or f"it uses {attribute}"
        step = self._step(instrument, verb, attribute, args, kwargs or {}, to)
        try:
            if verb == "set":
                setattr(holder, name, to)
                result = None
            elif is_property(type(holder), name) or not callable(getattr(holder, name)):
                result = getattr(holder, name)
            else:
                result = getattr(holder, name)(*args, **(kwargs or {}))
        except Exception as error:
            self.steps.append(replace(step, raises=type(error).__name__))
            raise
        self.steps.append(with_result(step, result))
        return result

    def drop_part(self) -> None:
        self.steps.pop()

    def _step(self, instrument: Any, verb: Any, attribute: str, args: Any, kwargs: Any, to: Any) -> Step:
        try:
            return Step(
                verb,
                attribute,
                tuple(in_json(one, instrument, attribute) for one in args),
                {key: in_json(one, instrument, attribute) for key, one in kwargs.items()},
                in_json(to, instrument, attribute),
            )
        except RecordingError as error:
            self.fault = self.fault or str(error)
            return Step(verb, attribute)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Replaces `expected_protocol` in every module that has it."""
    known: dict[int, Any] = {}
    for module in list(sys.modules.values()):
        original = vars(module).get("expected_protocol") if hasattr(module, "__dict__") else None
        if callable(original) and not hasattr(original, "captures"):
            module.__dict__["expected_protocol"] = known.setdefault(id(original), _capturing(original))


def _capturing(original: Any) -> Any:
    @contextlib.contextmanager
    @functools.wraps(original)
    def expected_protocol(cls: type, *args: Any, **options: Any) -> Iterator[Any]:
        capture = Capture()
        with original(cls, *args, **options) as instrument:
            yield Recorded(capture, instrument)
        _write(cls, capture, *_arguments(original, args, options), instrument)

    expected_protocol.captures = True  # type: ignore[attr-defined]
    return expected_protocol


def _arguments(
    original: Any, args: Any, options: dict[str, Any]
) -> tuple[list[tuple[str, bytes]], bool, dict[str, Any]]:
    """The messages, whether they are streams, and the other arguments of the constructor."""
    if original.__module__ == "pymeasure.test":
        pairs = args[0] if args else options.pop("comm_pairs")
        others = {
            key: value for key, value in options.items() if key not in ("connection_attributes", "connection_methods")
        }
        both = [("wr"[i], _message(one)) for pair in pairs for i, one in enumerate(pair) if one is not None]
        return both, False, others
    given = dict(zip(("host_to_ins", "ins_to_host", "sep", "repeat"), args, strict=False)) | options
    end = given.get("sep", "\n")
    end = end.encode() if isinstance(end, str) else end
    streams = [_stream(given[key], end) * given.get("repeat", 1) for key in ("host_to_ins", "ins_to_host")]
    return [("w", streams[0]), ("r", streams[1])], True, {}


def _message(value: Any) -> bytes:
    """A command or reply of pymeasure's pairs."""
    return bytes(value) if isinstance(value, (bytes, bytearray, list, tuple)) else str(value).encode()


def _stream(value: Any, end: bytes) -> bytes:
    if isinstance(value, list):
        return b"".join((one.encode() if isinstance(one, str) else one) + end for one in value)
    return value.encode() if isinstance(value, str) else bytes(value)


def _write(
    cls: type,
    capture: Capture,
    messages: list[tuple[str, bytes]],
    is_stream: bool,
    args: dict[str, Any],
    instrument: Any,
) -> None:
    name = os.environ.get("PYTEST_CURRENT_TEST", "test").split("::")[-1].partition(" ")[0]
    try:
        others = {key: in_json(value, instrument, key) for key, value in args.items()}
    except RecordingError as error:
        others, capture.fault = {}, capture.fault or str(error)
    value = {
        "name": name,
        "cls": f"{cls.__module__}.{cls.__qualname__}",
        "args": others,
        "messages": [[kind, base64.b64encode(data).decode()] for kind, data in messages],
        "is_stream": is_stream,
        "steps": [
            {key: one for key, one in asdict(step).items() if key not in ("io", "line")} for step in capture.steps
        ],
        "fault": capture.fault,
    }
    with Path(os.environ["PYBIRCH_CAPTURED"]).open("a") as file:
        file.write(json.dumps(value) + "\n")
