"""The names of methods and properties in recordings, also of an instrument's parts: `position`, `channels[0].voltage`,
`ch['A'].measure`.
"""

import ast
from dataclasses import dataclass
from typing import Any

LONGEST = 200


@dataclass(frozen=True)
class Part:
    """One part of a path: an attribute, or a key in brackets."""

    key: str | int
    is_attribute: bool = True


def parse_path(text: str) -> tuple[Part, ...]:
    """The parts of a path. The last part is an attribute. Raises `ValueError` for anything else, and for names that
    begin with two underscores.
    """
    try:
        if len(text) > LONGEST or text != text.strip():
            raise ValueError(text)
        parts = tuple(_parts(ast.parse(text, mode="eval").body))
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{text!r} is not the name of a method or property, such as position or ch[0].gain") from error
    if not parts[-1].is_attribute:
        raise ValueError(f"{text!r} does not end with the name of a method or property")
    return parts


def _parts(node: ast.expr) -> list[Part]:
    if isinstance(node, ast.Name):
        return [_attribute(node.id)]
    if isinstance(node, ast.Attribute):
        return [*_parts(node.value), _attribute(node.attr)]
    if isinstance(node, ast.Subscript):
        key = ast.literal_eval(node.slice)
        if type(key) in (int, str):
            return [*_parts(node.value), Part(key, is_attribute=False)]
    raise ValueError("no path")


def _attribute(name: str) -> Part:
    if name.startswith("__"):
        raise ValueError("a private name")
    return Part(name)


def walk(start: Any, parts: tuple[Part, ...]) -> Any:
    """Follows a path from an object. Raises what the objects raise."""
    found = start
    for part in parts:
        found = getattr(found, str(part.key)) if part.is_attribute else found[part.key]
    return found
