"""Values of methods as JSON, and how they are compared. docs/testing-definitions.md has the table of forms.

numpy arrays and tuples become lists, numpy numbers become numbers. What JSON lacks is an object with a known key:
`{"float": "nan"}`, `{"complex": [1, 2]}`, `{"base64": "…"}`, `{"quantity": [1, "volt"]}`,
`{"dict": [[key, value], …]}`, and `{"object": "Mode", "text": "Mode.fast"}` for everything else.
"""

import base64
import math
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

DEEPEST = 40
"""The deepest nesting of lists and objects that is followed."""
DEEPEST_JSON = 4 * DEEPEST
"""The deepest nesting of their JSON, in which an object with other keys than text takes three levels."""
FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
TAGS = frozenset(["float", "complex", "base64", "quantity", "tuple", "dict", "attribute", "object"])
"""The keys that make an object stand for another value."""


IN_MEMORY = " at 0x"
"""A part of texts that name the place of an object in memory, which is another one in each process."""


def encode(value: Any, depth: int = 0) -> Any:
    """The value as JSON. Never fails: what has no form of its own becomes its type's name and its text."""
    if depth > DEEPEST:
        return _other(value)
    if value is None or (isinstance(value, (bool, str)) and not isinstance(value, Enum)):
        return value if value is None or isinstance(value, bool) else str.__str__(value)
    if isinstance(value, Enum):
        return {"object": type(value).__name__, "text": f"{type(value).__name__}.{value.name}"}
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _float(float(value))
    if isinstance(value, complex):
        return {"complex": [_float(value.real), _float(value.imag)]}
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"base64": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, (list, tuple)):
        return [encode(one, depth + 1) for one in value]
    if isinstance(value, (set, frozenset)):
        return sorted((encode(one, depth + 1) for one in value), key=repr)
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    return _foreign(value, depth)


def is_deeper(value: Any, most: int) -> bool:
    """Whether lists and objects in JSON are nested more than `most` times. Needs no stack, as comparing them does."""
    level = [value]
    for _ in range(most + 1):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()


def _float(value: float) -> Any:
    if math.isfinite(value):
        return value
    return {"float": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}


def _mapping(value: Mapping[Any, Any], depth: int) -> Any:
    is_plain = all(type(key) is str for key in value) and not TAGS.intersection(value)
    if is_plain:
        return {key: encode(one, depth + 1) for key, one in value.items()}
    return {"dict": [[encode(key, depth + 1), encode(one, depth + 1)] for key, one in value.items()]}


def _foreign(value: Any, depth: int) -> Any:
    """Values of numpy, pandas and pint, known by their attributes, because none of them need be installed."""
    try:
        if hasattr(value, "magnitude") and hasattr(value, "units"):
            return {"quantity": [encode(value.magnitude, depth + 1), str(value.units)]}
        if hasattr(value, "columns") and hasattr(value, "to_dict"):
            return encode(value.to_dict(orient="list"), depth + 1)
        if hasattr(value, "dtype") and hasattr(value, "tolist"):
            return encode(value.tolist(), depth + 1)
    except Exception:  # an object of the definition may answer anything
        return _other(value)
    return _other(value)


def _other(value: Any) -> Any:
    name = type(value).__name__
    try:
        text = str(value)
    except Exception:  # an object of the definition may answer anything
        return {"object": name}
    return {"object": name} if IN_MEMORY in text else {"object": name, "text": text}


def decode(value: Any, attribute: Callable[[str], Any] | None = None) -> Any:
    """The value that JSON stands for, to be passed to a method. `attribute` finds `{"attribute": "Mode.fast"}`.

    Raises `ValueError` if the JSON stands for no value that can be passed.
    """
    if isinstance(value, list):
        return [decode(one, attribute) for one in value]
    if not isinstance(value, dict):
        return value
    tag = next(iter(value), None)
    if tag not in TAGS:
        return {key: decode(one, attribute) for key, one in value.items()}
    try:
        return _DECODERS[tag](value, attribute)
    except (KeyError, TypeError, ValueError, AttributeError, ImportError) as error:
        raise ValueError(f"{_short(value)} is no value that can be passed") from error


def _decode_quantity(value: dict[str, Any], attribute: Any) -> Any:
    magnitude, units = value["quantity"]
    if not isinstance(units, str):
        raise ValueError("the unit of a quantity must be text")
    if attribute is None:
        # Only the form is checked: pint would compute the unit, such as 9**9**9, of a recording that nobody has read.
        return (decode(magnitude), units)
    import pint

    return pint.get_application_registry().Quantity(decode(magnitude, attribute), units)


def _decode_attribute(value: dict[str, Any], attribute: Callable[[str], Any] | None) -> Any:
    if attribute is None:
        return value  # only its form is checked
    return attribute(value["attribute"])


def _decode_dict(value: dict[str, Any], attribute: Any) -> Any:
    return {decode(key, attribute): decode(one, attribute) for key, one in value["dict"]}


_DECODERS: dict[str, Callable[[dict[str, Any], Any], Any]] = {
    "float": lambda value, _: FLOATS[value["float"]],
    "complex": lambda value, _: complex(*(decode(part) for part in value["complex"])),
    "base64": lambda value, _: base64.b64decode(value["base64"], validate=True),
    "quantity": _decode_quantity,
    "tuple": lambda value, attribute: tuple(decode(one, attribute) for one in value["tuple"]),
    "dict": _decode_dict,
    "attribute": _decode_attribute,
}


def find_difference(expected: Any, given: Any, relative: float = 0.0, place: str = "") -> str | None:
    """Compares two values in JSON. Returns the first difference in words, or None. Numbers may differ by `relative`."""
    where = f"{place} is" if place else "it is"
    if _is_number(expected) and _is_number(given):
        return None if _is_close(expected, given, relative) else f"{where} {given!r} instead of {expected!r}"
    if type(expected) is not type(given):
        return f"{where} {_short(given)} instead of {_short(expected)}"
    if isinstance(expected, list):
        return _list_difference(expected, given, relative, place)
    if isinstance(expected, dict):
        return _dict_difference(expected, given, relative, place)
    return None if expected == given else f"{where} {_short(given)} instead of {_short(expected)}"


def _list_difference(expected: list[Any], given: list[Any], relative: float, place: str) -> str | None:
    if len(expected) != len(given):
        return f"{place or 'it'} has {len(given)} values instead of {len(expected)}"
    pairs = enumerate(zip(expected, given, strict=True))
    found = (find_difference(one, other, relative, f"{place}[{i}]") for i, (one, other) in pairs)
    return next((text for text in found if text), None)


def _dict_difference(expected: dict[str, Any], given: dict[str, Any], relative: float, place: str) -> str | None:
    if expected.keys() != given.keys():
        lost, new = sorted(expected.keys() - given.keys()), sorted(given.keys() - expected.keys())
        parts = [f"lacks {', '.join(lost)}"] if lost else []
        parts += [f"also has {', '.join(new)}"] if new else []
        return f"{place or 'it'} {' and '.join(parts)}"
    found = (find_difference(expected[key], given[key], relative, f"{place}[{key!r}]") for key in expected)
    return next((text for text in found if text), None)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_close(expected: float, given: float, relative: float) -> bool:
    try:
        return expected == given or (relative > 0 and math.isclose(expected, given, rel_tol=relative))
    except OverflowError:
        return False


def has_float(value: Any) -> bool:
    """Whether a value in JSON has a number that is not whole, so that its last digit may differ between computers."""
    if isinstance(value, list):
        return any(map(has_float, value))
    if isinstance(value, dict):
        return any(map(has_float, value.values()))
    return isinstance(value, float)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:180]}… ({len(text)} characters)"
