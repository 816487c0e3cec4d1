"""Finds commands in the code of a definition that its simulator does not know.

The check reads the code and runs nothing. It is certain before it complains: what the code computes (the placeholders
of f-strings) may be anything, and only calls of a session's own methods count, or of methods that pass their text on.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .computed import Text
from .simulator_file import DeviceFile, channel_ids

ANY: Final = None
"""Any text, in a pattern."""
Pattern = tuple[str | None, ...]

SENDING: Final = frozenset({"write", "query", "ask", "query_ascii_values", "query_binary_values"})
SESSIONS: Final = frozenset({"instrument", "_instrument", "inst", "_inst", "resource", "_resource", "visa", "_visa"})
"""The names of attributes that hold a session, as in `self.instrument.write(…)`."""


@dataclass(frozen=True)
class Unknown:
    """A command that the simulator does not know."""

    line: int
    command: str
    """What is sent, with `…` for what the code computes."""


def unknown_commands(source: str, files: Sequence[DeviceFile]) -> list[Unknown]:
    """The commands in the code that no device of the simulator knows, in order. Empty if no device takes texts."""
    known = [pattern for file in files for pattern in _patterns(file)]
    if not known:
        return []
    delimiters = {str(file.description.get("delimiter", ";")) for file in files}
    found = []
    for line, pattern in sent(source):
        for part in _split(pattern, delimiters):
            if any(isinstance(piece, str) for piece in part) and not any(overlap(part, one) for one in known):
                found.append(Unknown(line, "".join("…" if piece is ANY else piece for piece in part)))
    return found


def sent(source: str) -> list[tuple[int, Pattern]]:
    """The texts that the code sends, with their lines. Texts of which nothing is known are left out."""
    tree = ast.parse(source)
    found: list[tuple[int, Pattern]] = []
    for cls in ast.walk(tree):
        if isinstance(cls, ast.ClassDef):
            found += _sent_by(cls)
    return sorted(found, key=lambda one: one[0])


def _sent_by(cls: ast.ClassDef) -> Iterator[tuple[int, Pattern]]:
    methods = [one for one in cls.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    passing = {one.name: made for one in methods if (made := _passes(one)) is not None}
    for method in methods:
        for call in ast.walk(method):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not call.args:
                continue
            if _is_session(call.func.value) and call.func.attr in SENDING:
                yield call.lineno, _pattern(call.args[0])
            elif _is_self(call.func.value) and call.func.attr in passing:
                yield call.lineno, _insert(passing[call.func.attr], _pattern(call.args[0]))


_ARGUMENT: Final = "\0argument\0"


def _passes(method: ast.FunctionDef | ast.AsyncFunctionDef) -> Pattern | None:
    """The pattern of what a method sends, with a mark for its first argument, if it sends exactly one text with it."""
    arguments = method.args.args
    if len(arguments) < 2 or method.decorator_list:
        return None
    name = arguments[1].arg
    if any(isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Store) for one in ast.walk(method)):
        return None
    patterns = [
        _pattern(call.args[0], name)
        for call in ast.walk(method)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in SENDING
        and _is_session(call.func.value)
        and call.args
    ]
    return patterns[0] if len(patterns) == 1 and _ARGUMENT in patterns[0] else None


def _insert(pattern: Pattern, argument: Pattern) -> Pattern:
    return _joined(part for piece in pattern for part in (argument if piece == _ARGUMENT else (piece,)))


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _is_session(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in SESSIONS and _is_self(node.value)


def _pattern(node: ast.expr, argument: str = "") -> Pattern:
    match node:
        case ast.Constant(value=str() as text):
            return (text.rstrip("\r\n"),)
        case ast.JoinedStr(values=parts):
            return _joined(piece for part in parts for piece in _pattern(part, argument))
        case ast.FormattedValue(value=ast.Name(id=name), conversion=-1, format_spec=None) if name == argument:
            return (_ARGUMENT,)
        case ast.Name(id=name) if name == argument and argument:
            return (_ARGUMENT,)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([*_pattern(left, argument), *_pattern(right, argument)])
    return (ANY,)


def _joined(pieces: Any) -> Pattern:
    joined: list[str | None] = []
    for piece in pieces:
        if joined and piece is ANY and joined[-1] is ANY:
            continue
        if joined and isinstance(piece, str) and isinstance(joined[-1], str) and _ARGUMENT not in (piece, joined[-1]):
            joined[-1] += piece
        elif piece != "":
            joined.append(piece)
    return tuple(joined)


def _split(pattern: Pattern, delimiters: set[str]) -> list[Pattern]:
    """The commands of a message. With several devices, a delimiter that one of them lacks is not used."""
    delimiter = next(iter(delimiters)) if len(delimiters) == 1 else ""
    parts: list[list[str | None]] = [[]]
    for piece in pattern:
        pieces = piece.split(delimiter) if isinstance(piece, str) and delimiter else [piece]
        parts[-1].append(pieces[0])
        parts += [[one] for one in pieces[1:]]
    return [made for part in parts if (made := _joined(part))]


def _patterns(file: DeviceFile) -> Iterator[Pattern]:
    description = file.description
    error = description.get("error")
    if isinstance(error, dict):
        for kind in ("status_register", "error_queue"):
            for entry in error.get(kind, []):
                yield (str(entry.get("q")),)
    yield from _queries(description, [])
    for name, channel in description.get("channels", {}).items():
        yield from _queries(channel, channel_ids(name, channel, file.binding))
    for _, _, dialogue in file.computed:
        if isinstance(dialogue.query, Text):
            yield _joined(dialogue.query.pieces)


def _queries(part: dict[str, Any], ids: list[str]) -> Iterator[Pattern]:
    queries = [one["q"] for one in part.get("dialogues", [])]
    properties = part.get("properties", {}) or {}
    for entry in properties.values():
        queries += [entry[key]["q"] for key in ("getter", "setter") if key in entry]
    for query in queries:
        text = query.strip(" ").replace("\\r", "\r").replace("\\n", "\n")
        for one in [text.replace("{ch_id}", name) for name in ids] or [text]:
            yield _joined(ANY if piece.startswith("{") else piece for piece in _pieces(one))


def _pieces(text: str) -> Iterator[str]:
    """The text between braces, and what is in braces."""
    while "{" in text and "}" in text[text.index("{") :]:
        start = text.index("{")
        end = text.index("}", start) + 1
        yield text[:start]
        yield text[start:end]
        text = text[end:]
    yield text


def overlap(one: Pattern, other: Pattern) -> bool:
    """Whether there is a text that both patterns match."""
    if not _agree(one, other) or not _agree(one[::-1], other[::-1], from_end=True):
        return False
    a, b = _tokens(one), _tokens(other)
    reached = {(0, 0)}
    pending = [(0, 0)]
    while pending:
        i, j = pending.pop()
        if i == len(a) and j == len(b):
            return True
        steps = []
        if i < len(a) and a[i] is ANY:
            steps += [(i + 1, j)] + ([(i, j + 1)] if j < len(b) else [])
        if j < len(b) and b[j] is ANY:
            steps += [(i, j + 1)] + ([(i + 1, j)] if i < len(a) else [])
        if i < len(a) and j < len(b) and a[i] is not ANY and a[i] == b[j]:
            steps.append((i + 1, j + 1))
        for step in steps:
            if step not in reached:
                reached.add(step)
                pending.append(step)
    return False


def _agree(one: Pattern, other: Pattern, from_end: bool = False) -> bool:
    """Whether what is known of both beginnings (or ends) is the same. This is quick and rules out most patterns."""
    first, second = (pattern[0] or "" if pattern else "" for pattern in (one, other))
    return (
        first.endswith(second) or second.endswith(first)
        if from_end
        else first.startswith(second) or second.startswith(first)
    )


def _tokens(pattern: Pattern) -> list[str | None]:
    return [char for piece in pattern for char in ([ANY] if piece is ANY else piece)]
