"""The format of recordings: JSON Lines, with one head and then one line a step. docs/testing-definitions.md explains
the format.

Reading is strict: a recording that is misread would prove nothing. Every error says the file, the line, and what to do.
"""

import base64
import binascii
import difflib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from ..errors import RegistryError
from . import values
from .path import parse_path

FORMAT = 1
LARGEST = 16 * 1024 * 1024
"""The size of the largest recording that is read, in bytes."""
MASK = "*"
Kind = Literal["w", "r", "timeout", "status", "clear"]
Verb = Literal["call", "set"]
KINDS = ("w", "r", "timeout", "status", "clear")


class RecordingError(RegistryError):
    """A recording cannot be used. The text says the file, the line, and what to do."""

    code: ClassVar[str] = "recording"


@dataclass(frozen=True)
class Entry:
    """One entry of `io`: what the definition sent (`w`), read (`r`) or polled (`status`), a read that timed out, or a
    device clear.
    """

    kind: Kind
    data: bytes = b""
    """All bytes on the wire, with the terminator."""
    status: int = 0


@dataclass(frozen=True)
class Terminators:
    """What ends a text on the wire. A text in `io` is written without it. Bytes in base64 are complete."""

    write: str = ""
    read: str = ""

    def of(self, kind: str) -> bytes:
        return (self.write if kind == "w" else self.read).encode()


@dataclass(frozen=True)
class Step:
    """A call of a method, the reading of a property, or the setting of a property."""

    verb: Verb
    attribute: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    to: Any = None
    """In JSON, as `args`, `kwargs` and `gives`."""
    is_checked: bool = False
    """Whether the result must be `gives`."""
    gives: Any = None
    relative: float = 0.0
    raises: str | None = None
    io: tuple[Entry, ...] = ()
    line: int = 0

    @property
    def label(self) -> str:
        if self.verb == "set":
            return f"set {self.attribute}"
        return f"call {self.attribute}"


@dataclass(frozen=True)
class Recording:
    """A session with an instrument."""

    cls: str
    args: Mapping[str, Any]
    """The arguments of the constructor, in JSON."""
    terminators: Terminators
    steps: tuple[Step, ...] = ()
    io: tuple[Entry, ...] = ()
    """The traffic of the constructor."""
    instrument: str | None = None
    recorded_at: str | None = None
    environment: Mapping[str, Any] | None = None

    @property
    def adapter(self) -> str | None:
        """The address to which the constructor connects."""
        found = self.args.get("adapter")
        return found if isinstance(found, str) else None


HEAD = ("recording", "class", "args", "terminators", "instrument", "recorded_at", "environment", "io")
STEP = ("call", "set", "args", "kwargs", "to", "gives", "relative", "raises", "io")


def read(path: Path) -> Recording:
    """Reads a recording. Raises `RecordingError`."""
    name = f"{path.parent.name}/{path.name}" if path.parent.name else path.name
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise RecordingError(f"{name} cannot be read: {error.strerror or error}") from error
    return parse(content, name)


def parse(content: bytes, name: str = "recording") -> Recording:
    """Reads the content of a recording. Raises `RecordingError`. `name` stands for the file in errors."""
    if len(content) > LARGEST:
        raise RecordingError(f"{name} is larger than {LARGEST} bytes: record fewer steps")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RecordingError(f"{name}:{line}: this is not UTF-8; write bytes as base64") from error
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines:
        raise RecordingError(f'{name}:1: the file is empty; the first line is {{"recording": 1, "class": …}}')
    head = _Line(name, 1, lines[0])
    found = _head(head)
    steps = tuple(_step(_Line(name, number, line), found.terminators) for number, line in enumerate(lines[1:], 2))
    return Recording(**{**vars(found), "steps": steps})


class _Line:
    """One line of a recording, which knows how to complain."""

    def __init__(self, name: str, number: int, text: str) -> None:
        self.name, self.number = name, number
        if text.strip() == "":
            raise self.error("the line is empty; delete it")
        try:
            value = json.loads(
                text, object_pairs_hook=self._object, parse_constant=self._constant, parse_float=self._float
            )
        except json.JSONDecodeError as error:
            raise self.error(f"this is not JSON: {error.msg} at column {error.colno}") from error
        except (ValueError, RecursionError) as error:
            raise self.error(f"this is not JSON that can be read: {error}") from error
        if not isinstance(value, dict):
            raise self.error("the line is not a JSON object; each line is {…}")
        if values.is_deeper(value, values.DEEPEST_JSON):
            raise self.error(f"lists and objects are nested more than {values.DEEPEST_JSON} times; remove some")
        self.value: dict[str, Any] = value

    def error(self, text: str) -> RecordingError:
        return RecordingError(f"{self.name}:{self.number}: {text}")

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice = next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))
            raise self.error(f'"{twice}" is there twice; keep one')
        return found

    def _float(self, text: str) -> float:
        number = float(text)
        if not math.isfinite(number):
            raise self.error(f'{text} is too large for a number; write {{"float": "inf"}}')
        return number

    def _constant(self, text: str) -> Any:
        shown = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}[text]
        raise self.error(f'JSON has no {text}; write {{"float": "{shown}"}}')

    def check_names(self, known: Sequence[str], required: Sequence[str] = ()) -> None:
        for key in self.value:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(known)}"
                raise self.error(f'"{key}" is not known here; {hint}')
        for key in required:
            if key not in self.value:
                raise self.error(f'"{key}" is missing; add it')

    def take(self, key: str, kind: type | tuple[type, ...], what: str, default: Any = None) -> Any:
        if key not in self.value:
            return default
        value = self.value[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(f'"{key}" is {json.dumps(value)[:80]}; write {what}')
        return value

    def check_values(self, key: str, value: Any) -> None:
        """Checks that a value can be passed to a method."""
        try:
            values.decode(value)
        except ValueError as error:
            raise self.error(f'"{key}": {error}') from error


def _head(line: _Line) -> Recording:
    if "recording" not in line.value:
        raise line.error(
            'the first line of a recording is {"recording": 1, "class": …}. To convert a log of pytest-reserial or '
            "pyvisa: pybirch-registry record --from"
        )
    line.check_names(HEAD, ("recording", "class", "args", "terminators"))
    version = line.take("recording", int, "1")
    if version != FORMAT:
        raise line.error(f'"recording" is {version}; this package reads format 1. Install a newer pybirch-registry')
    cls = line.take("class", str, "the name of the class")
    if not _is_name(cls):
        raise line.error(f'"class" is {cls!r}; write the name of a Python class')
    args = line.take("args", dict, 'an object, such as {"adapter": "GPIB::8::INSTR"}')
    line.check_values("args", args)
    adapter = args.get("adapter")
    if adapter is not None and not isinstance(adapter, str):
        raise line.error('"adapter" in "args" is not text; write an address, such as "GPIB::8::INSTR"')
    terminators = _terminators(line)
    return Recording(
        cls,
        args,
        terminators,
        io=_io(line, terminators),
        instrument=line.take("instrument", str, 'text, such as "SR830, firmware 1.07"'),
        recorded_at=line.take("recorded_at", str, "a time, such as 2026-01-31T12:00:00Z"),
        environment=line.take("environment", dict, "an object"),
    )


def _is_name(text: str) -> bool:
    return text.isidentifier() and text.isascii() and len(text) <= 100


def _terminators(line: _Line) -> Terminators:
    value = line.take("terminators", dict, 'an object, such as {"write": "\\r\\n", "read": "\\n"}')
    if sorted(value) != ["read", "write"] or not all(isinstance(one, str) for one in value.values()):
        raise line.error('"terminators" has exactly "write" and "read", both text ("" for none)')
    return Terminators(value["write"], value["read"])


def _step(line: _Line, terminators: Terminators) -> Step:
    line.check_names(STEP)
    verbs = [verb for verb in ("call", "set") if verb in line.value]
    if len(verbs) != 1:
        raise line.error('a step has either "call" or "set"; write one step a line')
    verb: Verb = "call" if verbs == ["call"] else "set"
    attribute = line.take(verb, str, "the name of a method or property")
    try:
        parse_path(attribute)
    except ValueError as error:
        raise line.error(str(error)) from error
    misplaced = ("args", "kwargs", "gives", "relative") if verb == "set" else ("to",)
    for key in misplaced:
        if key in line.value:
            raise line.error(f'"{key}" does not belong to "{verb}"; remove it')
    if verb == "set" and "to" not in line.value:
        raise line.error('"to" is missing; add the value that is set')
    if "raises" in line.value and "gives" in line.value:
        raise line.error('a step either "gives" a value or "raises" an error; remove one')
    if "relative" in line.value and "gives" not in line.value:
        raise line.error('"relative" says how exactly "gives" is compared; add "gives" or remove it')
    raises = line.take("raises", str, "the name of an error, such as TimeoutError")
    if raises is not None and not _is_name(raises):
        raise line.error(f'"raises" is {raises!r}; write the name of an error, such as TimeoutError')
    relative = line.take("relative", (int, float), "a number, such as 1e-9", 0.0)
    if not 0 <= relative < 1:
        raise line.error(f'"relative" is {relative}; write a number from 0 to below 1, such as 1e-9')
    args = line.take("args", list, "a list", [])
    kwargs = line.take("kwargs", dict, "an object", {})
    for key, value in (("args", args), ("kwargs", kwargs), ("to", line.value.get("to"))):
        line.check_values(key, value)
    return Step(
        verb,
        attribute,
        tuple(args),
        kwargs,
        line.value.get("to"),
        "gives" in line.value,
        line.value.get("gives"),
        float(relative),
        raises,
        _io(line, terminators),
        line.number,
    )


def _io(line: _Line, terminators: Terminators) -> tuple[Entry, ...]:
    found = line.take("io", list, 'a list, such as [["w", "*IDN?"], ["r", "ACME"]]', [])
    return tuple(_entry(line, i, one, terminators) for i, one in enumerate(found, 1))


def _entry(line: _Line, number: int, value: Any, terminators: Terminators) -> Entry:
    where = f'entry {number} of "io", {json.dumps(value)[:80]},'
    kind = value[0] if isinstance(value, list) and value and isinstance(value[0], str) else None
    if kind not in KINDS:
        raise line.error(
            f'{where} is unknown; write ["w", text], ["r", text], ["timeout"], ["status", 65] or ["clear"]'
        )
    arguments = value[1:]
    if kind in ("timeout", "clear"):
        if arguments:
            raise line.error(f'{where} is too long; write ["{kind}"]')
        return Entry("timeout" if kind == "timeout" else "clear")
    if len(arguments) != 1:
        raise line.error(f"{where} has {len(arguments)} values after its kind; write one")
    if kind == "status":
        status = arguments[0]
        if type(status) is not int or not 0 <= status <= 255:
            raise line.error(f"{where} is no status byte; write a number from 0 to 255")
        return Entry("status", status=status)
    data = _bytes(line, where, arguments[0], terminators.of(kind))
    if not data:
        raise line.error(f"{where} has no bytes; remove it")
    return Entry("w" if kind == "w" else "r", data)


def _bytes(line: _Line, where: str, value: Any, terminator: bytes) -> bytes:
    if isinstance(value, str):
        try:
            return value.encode() + terminator
        except UnicodeEncodeError as error:
            raise line.error(f"{where} has half a character; write it as base64") from error
    if isinstance(value, dict) and list(value) == ["base64"] and isinstance(value["base64"], str):
        try:
            return base64.b64decode(value["base64"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise line.error(f"{where} is not base64: {error}") from error
    raise line.error(f'{where} has no bytes; write text or {{"base64": "…"}}')


def write(recording: Recording) -> str:
    """The content of a recording's file. `parse` reads the same recording from it."""
    head: dict[str, Any] = {"recording": FORMAT, "class": recording.cls, "args": dict(recording.args)}
    head["terminators"] = {"write": recording.terminators.write, "read": recording.terminators.read}
    for key in ("instrument", "recorded_at", "environment"):
        if getattr(recording, key) is not None:
            head[key] = getattr(recording, key)
    if recording.io:
        head["io"] = [_shown(entry, recording.terminators) for entry in recording.io]
    lines = [head, *(_written(step, recording.terminators) for step in recording.steps)]
    return "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines)


def _written(step: Step, terminators: Terminators) -> dict[str, Any]:
    line: dict[str, Any] = {"raises": step.raises} if step.raises else {}
    line[step.verb] = step.attribute
    if step.args:
        line["args"] = list(step.args)
    if step.kwargs:
        line["kwargs"] = dict(step.kwargs)
    if step.verb == "set":
        line["to"] = step.to
    if step.is_checked:
        line["gives"] = step.gives
    if step.relative:
        line["relative"] = step.relative
    if step.io:
        line["io"] = [_shown(entry, terminators) for entry in step.io]
    return line


def _shown(entry: Entry, terminators: Terminators) -> list[Any]:
    if entry.kind in ("timeout", "clear"):
        return [entry.kind]
    if entry.kind == "status":
        return ["status", entry.status]
    terminator = terminators.of(entry.kind)
    if entry.data.endswith(terminator):
        text = _text(entry.data[: len(entry.data) - len(terminator)])
        if text is not None:
            return [entry.kind, text]
    return [entry.kind, {"base64": base64.b64encode(entry.data).decode()}]


def _text(data: bytes) -> str | None:
    """The text of a message, or None if it is not one that people can read."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if all(char.isprintable() or char in "\r\n\t" for char in text) else None
