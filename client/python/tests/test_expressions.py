"""Expressions of simulators have the values that Python gives, and nothing else can be written."""

import math
import random
import time

import pytest

from pybirch_registry.testing.expressions import Expression, ExpressionError

SCOPE = {"x": 3, "y": -2.5, "z": 0, "name": "VOLT", "gain[2]": 7, "gain[A]": 9}
NUMBERS = ("0", "1", "17", "0x50", "2.5", "1e-3", "x", "y", "z", "pi")
PATTERNS = (
    "({} + {})", "({} - {})", "({} * {})", "({} / {})", "({} // {})", "({} % {})", "-{}", "(not {})", "({} < {})",
    "({} <= {} <= {})", "({} == {})", "({} != {})", "({} if {} else {})", "abs({})",
    "min({}, {})", "max({}, {}, {})", "sin({})", "cos({})", "hypot({}, {})", "atan2({}, {})", "degrees({})",
    "floor({})", "exp({})", "sqrt({})", "log({})",
)  # fmt: skip


def sample(draw: random.Random, depth: int) -> str:
    if depth == 0:
        return draw.choice(NUMBERS)
    pattern = draw.choice(PATTERNS)
    return pattern.format(*(sample(draw, draw.randrange(depth)) for _ in range(pattern.count("{}"))))


def truth(text: str) -> object:
    """What Python computes, or None if that is nothing."""
    try:
        return eval(text, {"__builtins__": {}, **vars(math), "abs": abs, "min": min, "max": max}, dict(SCOPE))
    except (ArithmeticError, ValueError):
        return None


def test_values_are_those_of_python() -> None:
    draw = random.Random(7)
    compared = refused = 0
    while compared < 2000:
        text = sample(draw, 4)
        if len(text) > 500:
            continue
        wanted = truth(text)
        try:
            value = Expression(text).value(SCOPE)
        except ExpressionError as error:
            assert wanted is None or abs(wanted) >= 2**64, (text, error)  # type: ignore[arg-type]
            refused += 1
            continue
        assert value == wanted or (value != value and wanted != wanted), text
        compared += 1
    assert refused > 50


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x and z", 0),
        ("x or z", 1),
        ("name == 'VOLT'", 1),
        ("name + '!'", "VOLT!"),
        ("choose(2, 'a', 'b', 'c')", "c"),
        ("gain[2] + gain['A']", 16),
        ("2 ** 10", 1024.0),
        ("0xD0 & 0x7F | 1 ^ 3", 0x52),
        ("round(2.567, 1)", 2.6),
        ("round(2.567)", 3),
        ("int(2.9)", 2),
        (" 1 + 1 ", 2),
    ],
)
def test_values(text: str, value: object) -> None:
    assert Expression(text).value(SCOPE) == value


HOSTILE = [
    "__import__('os').system('id')", "().__class__", "x.real", "lambda: 1", "[i for i in x]", "{1: 2}", "(1, 2)", "[1]",
    "f'{x}'", "print(1)", "eval('1')", "open('a')", "x := 1", "await x", "*x", "x[1:2]", "x[y]", "(x)(1)", "min(*x)",
    "max(1, key=abs)", "1j", "None", "b'a'", "...", "x if y", "1; 2", "", "x @ y", "1 << 99", "~1", "x is y", "x in y",
    "(" * 300 + "1" + ")" * 300, "1" * 501, "9" * 30, "-" * 499 + "1", "x\ny",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_else_can_be_written(text: str) -> None:
    with pytest.raises(ExpressionError):
        Expression(text)
        raise AssertionError(text)


WITHOUT_VALUE = [
    "1 / 0", "1 % 0", "log(0)", "sqrt(-1)", "unheard_of", "gain[3]", "name * 2", "name + 1", "name % x", "-name",
    "name < 1", "10 ** 400", "exp(1000)", "0x7fffffffffffffff * 8", "choose(9, 1)", "int('x')", "round(inf)", "sin()",
    "abs(1, 2)", "min(1)", "1.5 | 1",
]  # fmt: skip


@pytest.mark.parametrize("text", WITHOUT_VALUE)
def test_an_expression_without_a_value_says_so(text: str) -> None:
    with pytest.raises(ExpressionError, match="has no value"):
        Expression(text).value(SCOPE)


def test_values_cannot_grow_without_end() -> None:
    start = time.process_time()
    for text, first in (("v * v", 3), ("v + v", "ab"), ("v ** 9.0", 9.0), ("round(v, -10 ** 9)", 12345)):
        value: object = first
        for _ in range(200):
            try:
                value = Expression(text).value({"v": value})  # type: ignore[dict-item]
            except ExpressionError:
                break
        assert len(str(value)) < 2000, text
    assert time.process_time() - start < 1
