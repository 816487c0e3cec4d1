"""Judges sources by this version of Python. Runs as a child process with one request on standard input, or inside
Pyodide.
"""

import ast
import base64
import doctest
import io
import json
import pathlib
import re
import sys
import textwrap
import tokenize
import warnings


def verdict(data):
    """Whether Python can compile these bytes: [kind, line, column, message, warnings]."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            compile(data, "f.py", "exec", dont_inherit=True)
            found = ["valid", None, None, ""]
        except SyntaxError as error:
            found = ["invalid", error.lineno, error.offset, f"{type(error).__name__}: {error.msg}"]
        except (ValueError, OverflowError) as error:
            found = ["invalid", None, None, f"{type(error).__name__}: {error}"]
        except (RecursionError, MemoryError) as error:
            found = ["limit", None, None, repr(error)]
    told = [[one.lineno, f"{one.category.__name__}: {one.message}"] for one in caught]
    return [*found, told]


def verdicts(sources):
    return [verdict(base64.b64decode(one)) for one in sources]


def snippets(folder, names):
    """All strings in CPython's own tests, and all examples in their docstrings. Most of these texts are valid Python,
    or almost valid."""
    found = {}
    for name in names:
        path = pathlib.Path(folder, name)
        if not path.exists():
            continue
        with tokenize.open(path) as file:
            text = file.read()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found[node.value] = None
                found[textwrap.dedent(node.value)] = None
        for block in re.findall(r"(?:^[ \t]*(?:>>>|\.\.\.).*\n)+", text, re.M):
            for example in doctest.DocTestParser().get_examples(block):
                found[example.source] = None
    encoded = []
    for one in found:
        try:
            encoded.append(base64.b64encode(one.encode("utf-8")).decode("ascii"))
        except UnicodeEncodeError:
            pass
    return encoded


KINDS = (
    (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef, ast.Import, ast.ImportFrom, ast.Call, ast.Attribute)
    + (ast.Subscript, ast.Lambda, ast.IfExp, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp, ast.Await)
    + (ast.UnaryOp, ast.BinOp, ast.Return, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.For, ast.AsyncFor)
    + (ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.Match, ast.Global, ast.Nonlocal)
    + (ast.Dict, ast.Set, ast.List)
)


def detail(node):
    """The compared values of a node besides its kind and position, such as names and parameters."""
    if isinstance(node, ast.ClassDef):
        return [node.name, *("base" for base in node.bases if not isinstance(base, ast.Starred))]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [node.name, *parameters(node.args)]
    if isinstance(node, ast.Lambda):
        return parameters(node.args)
    if isinstance(node, ast.Import):
        return [f"{one.name} as {one.asname or one.name.split('.')[0]}" for one in node.names]
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        return [module, *(f"{one.name} as {one.asname or one.name}" for one in node.names)]
    if isinstance(node, ast.Assign):
        return [f"{len(node.targets)} targets"]
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return node.names
    return []


def parameters(args):
    every = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
    return [one.arg for one in every if one is not None]


def skeleton(data):
    """Every node of the kinds in KINDS: [kind, line, column, last line, end column, *detail]. None if the text is not
    Python."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return None
    encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    lines = [line.encode("utf-8") for line in re.split("\r\n|\r|\n", data.decode(encoding))]

    def column(line, offset):
        return len(lines[line - 1][:offset].decode("utf-8")) + 1

    found = []
    decorators = [one for node in ast.walk(tree) for one in getattr(node, "decorator_list", [])]
    within = {id(inner) for one in decorators for inner in ast.walk(one)}
    for one in decorators:
        found.append(["Decorator", one.end_lineno, column(one.end_lineno, one.end_col_offset), 0, 0])
    for node in ast.walk(tree):
        if isinstance(node, KINDS) and id(node) not in within:
            is_if = isinstance(node, ast.If)
            if is_if and lines[node.lineno - 1][node.col_offset :].startswith(b"elif"):
                continue
            begin = node.lineno, column(node.lineno, node.col_offset)
            end = node.end_lineno, column(node.end_lineno, node.end_col_offset)
            kind = type(node).__name__.removeprefix("Async").replace("TryStar", "Try")
            found.append([kind, *begin, *end, *detail(node)])
    return found


def skeletons(sources):
    return [skeleton(base64.b64decode(one)) for one in sources]


def answer(request):
    return globals()[request.pop("ask")](**request)


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
