"""Expressions in a `simulator.yaml`: numbers, texts, names of values, arithmetic, comparisons and a few functions.

An expression is text of the file, which nobody may have reviewed. Nothing of it is executed: CPython's parser reads the
text, and this module turns the tree into functions of its own. There are no attributes, loops or calls of anything but
the functions listed here, and sizes are limited. So every expression ends soon, with a value or an `ExpressionError`.
"""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

Value = int | float | str
Scope = Mapping[str, Value]
"""The values that an expression may name. The property `x` of the channel `2` has the name `x[2]`."""
Evaluate = Callable[[Scope], Value]

MOST_CHARACTERS: Final = 500
LARGEST_INTEGER: Final = 2**64
LONGEST_TEXT: Final = 1000


class ExpressionError(ValueError):
    """The expression has no value, or is none."""


def choose(index: Value, *choices: Value) -> Value:
    """The choice with this number, counted from 0."""
    number = int(index)
    if not 0 <= number < len(choices):
        raise ExpressionError(f"choose has no choice {number}")
    return choices[number]


def rounded(value: float, digits: int = 0) -> float:
    """The value with this number of digits after the point. Without digits, an integer."""
    return round(value, max(-20, min(20, int(digits)))) if digits else round(value)


CONSTANTS: Final[Mapping[str, Value]] = {"pi": math.pi, "inf": math.inf, "nan": math.nan}
FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "round": rounded,
    "int": int,
    "float": float,
    "floor": math.floor,
    "ceil": math.ceil,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "atan2": math.atan2,
    "hypot": math.hypot,
    "degrees": math.degrees,
    "radians": math.radians,
    "choose": choose,
}
_BINARY: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: math.pow,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_UNARY: Final[Mapping[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
_COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Expression:
    """One expression, ready to be evaluated."""

    def __init__(self, text: str) -> None:
        """Reads the expression. Raises `ExpressionError` if it is none or too long."""
        if len(text) > MOST_CHARACTERS:
            raise ExpressionError(f"the expression is longer than {MOST_CHARACTERS} characters")
        self.text = text
        self.names: set[str] = set()
        """The names of values in the expression."""
        try:
            self._evaluate = self._read(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            raise ExpressionError(f"{text!r} is not an expression: {_reason(error)}") from None

    def value(self, scope: Scope) -> Value:
        """The expression's value. Raises `ExpressionError` if there is none, as for 1/0."""
        try:
            return self._evaluate(scope)
        except (ArithmeticError, ValueError, TypeError, RecursionError) as error:
            raise ExpressionError(f"{self.text!r} has no value: {_reason(error)}") from None

    def _read(self, node: ast.expr) -> Evaluate:
        match node:
            case ast.Constant(value=int() | float() | str() as constant):
                fixed = _limited(constant)
                return lambda scope: fixed
            case ast.Name(id=name) if name in CONSTANTS:
                constant = CONSTANTS[name]
                return lambda scope: constant
            case ast.Name(id=name):
                return self._named(name)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int() | str() as channel)):
                return self._named(f"{name}[{channel}]")
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return self._call(_BINARY[type(op)], [left, right])
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                return self._call(_UNARY[type(op)], [operand])
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
                return self._call(FUNCTIONS[name], arguments)
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARISONS for op in ops):
                return self._compare([left, *others], [_COMPARISONS[type(op)] for op in ops])
            case ast.BoolOp(op=op, values=values):
                parts = [self._read(value) for value in values]
                decide = all if isinstance(op, ast.And) else any
                return lambda scope: int(decide(part(scope) for part in parts))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                condition, yes, no = self._read(test), self._read(body), self._read(orelse)
                return lambda scope: yes(scope) if condition(scope) else no(scope)
        raise ExpressionError(f"it may not use {ast.unparse(node)!r}")

    def _named(self, name: str) -> Evaluate:
        self.names.add(name)

        def look_up(scope: Scope) -> Value:
            try:
                return scope[name]
            except KeyError:
                raise ExpressionError(f"there is no {name!r}") from None

        return look_up

    def _call(self, function: Callable[..., Any], nodes: list[ast.expr]) -> Evaluate:
        operands = [self._read(node) for node in nodes]

        def call(scope: Scope) -> Value:
            values = [operand(scope) for operand in operands]
            # Texts can be compared and joined. Python would also repeat and format them, which has no limit.
            text = next((value for value in values if isinstance(value, str)), None)
            if text is not None and function not in (operator.add, choose, int, float, operator.not_):
                raise ExpressionError(f"{text!r} is no number")
            return _limited(function(*values))

        return call

    def _compare(self, nodes: list[ast.expr], comparisons: list[Callable[[Any, Any], bool]]) -> Evaluate:
        operands = [self._read(node) for node in nodes]

        def compare(scope: Scope) -> Value:
            left = operands[0](scope)
            for holds, operand in zip(comparisons, operands[1:], strict=True):
                right = operand(scope)
                if not holds(left, right):
                    return 0
                left = right
            return 1

        return compare


def _limited(value: Any) -> Value:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int) and abs(value) >= LARGEST_INTEGER:
        raise ExpressionError("the number is too large")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise ExpressionError(f"the text is longer than {LONGEST_TEXT} characters")
    if not isinstance(value, int | float | str):
        raise ExpressionError("it is not a number or a text")
    return value


def _reason(error: BaseException) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
