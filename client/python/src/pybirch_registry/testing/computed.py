"""Computed replies: what a `simulator.yaml` says under `computed`, which pyvisa-sim ignores.

A computed dialogue has a query `q` and a reply `r`, as a dialogue of pyvisa-sim has, and may change properties:

    computed:
      - { q: "SNAP? 1,2", r: "{amplitude / 10:.6g},{phase / 100:.6g}" }
      - { q: "PID {p},{i},{d}", set: { gain: p, integral: i, derivative: d } }
      - { q: "*RST", reset: true }
      - { q: ":READ?", r: "{level + i * 1e-6:+.6E}", repeat: points, separator: "," }
      - { q: ":WAV:DATA?", r: { block: "B", values: "127 + 100 * sin(i / 10)", count: 1200 } }
      - { q: ["<HBBBB", 0x0490, 1, 0, 0x50, 0x01], r: ["<HHBBHi", 0x0491, 6, 0x81, 0x50, 1, counts] }

Nothing of the file is executed (expressions.py), and the work for one message is limited.
"""

import math
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import RegistryError
from .expressions import Expression, ExpressionError, Scope, Value

Reply = Callable[[Scope], bytes]
Fields = Mapping[str, Value]

MOST_REPEATS: Final = 100_000
LONGEST_REPLY: Final = 1 << 20
LONGEST_MESSAGE: Final = 1 << 10
"""The most bytes of a message of fixed length."""

KEYS: Final = {"q", "r", "set", "reset", "repeat", "separator"}
_FIELD: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_FORMAT: Final = re.compile(r"[<>^=]?[+\- ]?#?0?\d{0,2}(?:\.\d{1,2})?[bdeEfgGosxX]?")
_LAYOUT: Final = re.compile(r"[<>](?:\d{0,3}[bBhHiIqQfdsx])+")
_WHOLE: Final = frozenset("bBhHiIqQ")
_ELEMENT: Final = re.compile(r"[<>](?:[bBhHiIqQefd])")


class SimulatorError(RegistryError):
    """The file is not a simulator, or the simulator cannot answer. The text says where and why."""


@dataclass(frozen=True)
class Text:
    """A query in words, perhaps with fields such as `{value}`."""

    names: tuple[str, ...]
    pieces: tuple[str | None, ...]
    """The text between the fields, with None for each field."""
    _regex: re.Pattern[str]

    def match(self, message: str) -> Fields | None:
        """The fields of the message, or None if the message is another one."""
        found = self._regex.fullmatch(message)
        if found is None:
            return None
        return {name: number_or_text(text) for name, text in zip(self.names, found.groups(), strict=True)}


@dataclass(frozen=True)
class Binary:
    """A query of fixed length, without a terminator."""

    size: int
    _layout: struct.Struct
    _fixed: tuple[tuple[int, bytes], ...]
    """The bytes that are given, with their places."""
    _names: tuple[str | None, ...]

    def may_match(self, data: bytes) -> bool:
        """Whether the data is the query, or begins as it does."""
        return all(data[at : at + len(part)] == part[: max(0, len(data) - at)] for at, part in self._fixed)

    def match(self, data: bytes) -> Fields | None:
        """The fields of the query with which the data begins, or None if it begins with another one."""
        if len(data) < self.size or not self.may_match(data):
            return None
        values = self._layout.unpack_from(data)
        return {name: _plain(value) for name, value in zip(self._names, values, strict=True) if name is not None}


@dataclass(frozen=True)
class Dialogue:
    """What a simulator does when it gets one query."""

    where: str
    """The query, as errors name it."""
    query: Text | Binary
    changes: tuple[tuple[str, Expression], ...] = ()
    """Properties, and the expressions of their new values."""
    resets: bool = False
    reply: Reply | None = None
    names: frozenset[str] = field(default_factory=frozenset)
    """The values that the expressions name, other than the query's own fields."""


def read_dialogue(entry: object, channel: str | None = None) -> Dialogue:
    """Reads an item of `computed`. In a channel, `{ch_id}` in texts stands for the channel. Raises `SimulatorError`."""
    if not isinstance(entry, dict) or "q" not in entry:
        raise SimulatorError(f"{entry!r} is no computed dialogue: it needs q")
    where = entry["q"] if isinstance(entry["q"], str) else " ".join(map(str, entry["q"]))
    try:
        return _read(entry, where, channel)
    except (ExpressionError, SimulatorError, struct.error) as error:
        raise SimulatorError(f"computed dialogue {where!r}: {error}") from None


def _read(entry: dict[str, Any], where: str, channel: str | None) -> Dialogue:
    unknown = entry.keys() - KEYS
    if unknown:
        raise SimulatorError(f"unknown key {min(unknown)!r}; the keys are {', '.join(sorted(KEYS))}")
    query = _binary(entry["q"]) if isinstance(entry["q"], list) else _text(_with_channel(entry["q"], channel))
    expressions: list[Expression] = []

    def expression(text: object) -> Expression:
        read = Expression(_with_channel(text, channel))
        expressions.append(read)
        return read

    changes = entry.get("set", {})
    if not isinstance(changes, dict):
        raise SimulatorError("set is not a mapping of properties to expressions")
    named = tuple((name, expression(text)) for name, text in changes.items())
    if entry.get("reset", "false") not in ("true", "false"):
        raise SimulatorError("reset is neither true nor false")
    if channel is not None and entry.get("reset") == "true":
        raise SimulatorError("only a device can be reset, not a channel")
    reply = _reply(entry, expression, channel)
    own = set(query.names if isinstance(query, Text) else query._names) | {"i"}
    names = frozenset(name for one in expressions for name in one.names) - own
    return Dialogue(where, query, named, entry.get("reset") == "true", reply, names)


def _with_channel(text: object, channel: str | None) -> str:
    if not isinstance(text, str):
        raise SimulatorError(f"{text!r} is no text")
    return text if channel is None else text.replace("{ch_id}", channel)


def _text(query: str) -> Text:
    pieces = _FIELD.split(query)
    names = pieces[1::2]
    if not query or len(set(names)) < len(names):
        raise SimulatorError("q is empty, or two of its fields have the same name")
    pattern = re.escape(pieces[0])
    for at in range(2, len(pieces), 2):
        literal = pieces[at]
        if not literal and at < len(pieces) - 1:
            raise SimulatorError(f"there must be text after the field {pieces[at - 1]}")
        # A field ends before the next literal's first character. So matching takes time in proportion to the message.
        pattern += rf"([^\s,?{re.escape(literal[:1])}]+){re.escape(literal)}"
    texts = tuple(piece if at % 2 == 0 else None for at, piece in enumerate(pieces))
    return Text(tuple(names), texts, re.compile(pattern))


def _binary(parts: list[object]) -> Binary:
    layout, values = _layout(parts)
    fixed: list[tuple[int, bytes]] = []
    names: list[str | None] = []
    for (at, code), value in zip(_elements(layout.format), values, strict=True):
        text = str(value)
        if re.fullmatch(r"[A-Za-z_]\w*", text):
            names.append(None if text == "_" else text)
        else:
            names.append(None)
            fixed.append((at, _pack(struct.Struct(code), [Expression(text).value({})])))
    if not fixed or fixed[0][0] != 0:
        raise SimulatorError("the message must begin with a number")
    return Binary(layout.size, layout, tuple(fixed), tuple(names))


def _layout(parts: object) -> tuple[struct.Struct, list[object]]:
    if not isinstance(parts, list) or not parts or not _LAYOUT.fullmatch(str(parts[0])):
        raise SimulatorError("a binary message begins with a layout, such as '<HBBBB'")
    layout = struct.Struct(str(parts[0]))
    if layout.size > LONGEST_MESSAGE:
        raise SimulatorError(f"the message is longer than {LONGEST_MESSAGE} bytes")
    wanted = len(layout.unpack(bytes(layout.size)))
    if wanted != len(parts) - 1:
        raise SimulatorError(f"the layout {layout.format} has {wanted} values, not {len(parts) - 1}")
    return layout, parts[1:]


def _elements(layout: str) -> Iterator[tuple[int, str]]:
    """The place and the layout of each value."""
    at = 0
    for count, code in re.findall(r"(\d{0,3})([a-zA-Z])", layout[1:]):
        if code in "sx":
            if code == "s":
                yield at, f"{layout[0]}{count}s"
            at += struct.calcsize(f"{layout[0]}{count}{code}")
            continue
        for _ in range(int(count or 1)):
            yield at, layout[0] + code
            at += struct.calcsize(layout[0] + code)


def _reply(entry: dict[str, Any], expression: Callable[[object], Expression], channel: str | None) -> Reply | None:
    reply = entry.get("r")
    if "repeat" in entry and not isinstance(reply, str):
        raise SimulatorError("only a reply in words can be repeated")
    if reply is None:
        return None
    if isinstance(reply, dict):
        return _block(reply, expression)
    if isinstance(reply, list):
        return _messages(reply, expression)
    once = _words(_with_channel(reply, channel), expression)
    if "repeat" not in entry:
        return once
    count, separator = expression(entry["repeat"]), str(entry.get("separator", ",")).encode()
    return lambda scope: _bounded(separator, (once(here) for here in _counted(scope, count)))


def _words(template: str, expression: Callable[[object], Expression]) -> Reply:
    parts: list[str | tuple[Expression, str]] = []
    for piece in re.split(r"(\{\{|\}\}|\{[^{}]*\})", template):
        if piece in ("{{", "}}"):
            parts.append(piece[0])
        elif piece.startswith("{") and piece.endswith("}"):
            text, colon, spec = piece[1:-1].rpartition(":")
            if not colon:
                text, spec = spec, ""
            if not _FORMAT.fullmatch(spec):
                raise SimulatorError(f"{spec!r} is no format of a number or a text")
            parts.append((expression(text), spec))
        elif "{" in piece or "}" in piece:
            raise SimulatorError("braces do not match; {{ stands for a brace itself")
        else:
            parts.append(piece)

    def reply(scope: Scope) -> bytes:
        texts = [part if isinstance(part, str) else _formatted(part[0].value(scope), part[1]) for part in parts]
        return "".join(texts).encode()

    return reply


def _formatted(value: Value, spec: str) -> str:
    if spec[-1:] in "bdoxX" and spec and isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return format(value, spec)
    except ValueError:
        raise SimulatorError(f"{value!r} does not fit the format {spec!r}") from None


def _block(reply: dict[str, Any], expression: Callable[[object], Expression]) -> Reply:
    """A definite-length block of IEEE 488.2: `#`, the number of digits, the number of bytes, the bytes."""
    unknown = reply.keys() - {"block", "values", "count", "digits"}
    if unknown or not reply.keys() >= {"block", "values", "count"}:
        raise SimulatorError("a binary block has block, values, count and perhaps digits")
    code = str(reply["block"])
    element = code if code[:1] in ("<", ">") else f"<{code}"
    if not _ELEMENT.fullmatch(element):
        raise SimulatorError(f"{code!r} is no type of a value, such as 'B' or '<f'")
    layout = struct.Struct(element)
    values, count, digits = expression(reply["values"]), expression(reply["count"]), reply.get("digits", "")
    if not isinstance(digits, str) or not re.fullmatch(r"[1-9]?", digits):
        raise SimulatorError("digits is not between 1 and 9")

    def block(scope: Scope) -> bytes:
        data = _bounded(b"", (_pack(layout, [values.value(here)]) for here in _counted(scope, count)))
        length = str(len(data)).zfill(int(digits or 1))
        return f"#{len(length)}{length}".encode() + data

    return block


def _messages(reply: list[Any], expression: Callable[[object], Expression]) -> Reply:
    """One binary message, or several."""
    messages = reply if reply and isinstance(reply[0], list) else [reply]
    read = []
    for message in messages:
        layout, values = _layout(message)
        read.append((layout, [expression(str(value)) for value in values]))
    return lambda scope: b"".join(_pack(layout, [value.value(scope) for value in values]) for layout, values in read)


def _pack(layout: struct.Struct, values: list[Value]) -> bytes:
    packed: list[Value | bytes] = []
    for (_, code), value in zip(_elements(layout.format), values, strict=True):
        if isinstance(value, str):
            packed.append(value.encode("latin-1", "replace"))
        elif isinstance(value, float) and code[-1] in _WHOLE and math.isfinite(value):
            packed.append(round(value))
        else:
            packed.append(value)
    try:
        return layout.pack(*packed)
    except struct.error as error:
        raise SimulatorError(f"{values} does not fit {layout.format}: {error}") from None


def _counted(scope: Scope, count: Expression) -> Iterator[Scope]:
    """The scope once for each `i` from 0."""
    number = count.value(scope)
    if not isinstance(number, int | float) or not 0 <= number <= MOST_REPEATS:
        raise SimulatorError(f"{count.text!r} is {number!r}, not a number from 0 to {MOST_REPEATS}")
    for i in range(int(number)):
        yield _Counted(scope, i)


class _Counted(dict[str, Value]):
    """A scope in which `i` has a value."""

    def __init__(self, scope: Scope, i: int) -> None:
        super().__init__(i=i)
        self._scope = scope

    def __missing__(self, name: str) -> Value:
        return self._scope[name]


def _bounded(separator: bytes, parts: Iterator[bytes]) -> bytes:
    joined = bytearray()
    for i, part in enumerate(parts):
        joined += separator + part if i else part
        if len(joined) > LONGEST_REPLY:
            raise SimulatorError(f"the reply is longer than {LONGEST_REPLY} bytes")
    return bytes(joined)


def number_or_text(text: str) -> Value:
    """The number that the text is, or the text."""
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else float(text)


def _plain(value: object) -> Value:
    if isinstance(value, bytes):
        return value.decode("latin-1").rstrip("\0")
    assert isinstance(value, int | float)
    return value
