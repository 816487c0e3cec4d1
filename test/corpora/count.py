"""Counts the instrument classes of a folder with CPython's own `ast`, independently of the registry's search.

`count.py FOLDER NAME...` prints JSON: {path: [[class, line, abstract, private, test]]}. A class counts if it inherits
from one of the named classes, directly or through other classes. Only the last part of a base's dotted name counts,
after resolving the aliases of the file.
"""

import ast
import json
import re
import sys
import warnings
from pathlib import Path

TEST = re.compile(r"(^|/)tests?/|(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$")


def last_name(node: ast.expr, aliases: dict[str, str]) -> str:
    if isinstance(node, ast.Subscript):
        return last_name(node.value, aliases)
    if isinstance(node, ast.Attribute):
        return node.attr
    return aliases.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def aliases_of(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {name.asname: name.name for name in node.names if name.asname}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute):
            found |= {t.id: last_name(node.value, found) for t in node.targets if isinstance(t, ast.Name)}
    return found


def is_abstract(node: ast.ClassDef) -> bool:
    named = [last_name(base, {}) for base in [*node.bases, *(word.value for word in node.keywords)]]
    methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    marks = [last_name(mark, {}) for method in methods for mark in method.decorator_list]
    return bool({"ABC", "ABCMeta"} & {*named}) or any(mark.startswith("abstract") for mark in marks)


def main(root: Path, names: set[str]) -> None:
    classes: dict[str, list[tuple[str, ast.ClassDef, list[str]]]] = {}
    for path in sorted(root.rglob("*.py")):
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue
        aliases = aliases_of(tree)
        found = [node for node in module_level(tree) if isinstance(node, ast.ClassDef)]
        classes[path.relative_to(root).as_posix()] = [
            (node.name, node, [last_name(base, aliases) for base in node.bases]) for node in found
        ]
    reach = set(names)
    for _ in range(30):
        reach |= {name for all_ in classes.values() for name, _, bases in all_ if reach & {*bases}}
    counted = {
        path: [
            [name, node.lineno, is_abstract(node), name.startswith("_"), bool(TEST.search(path))]
            for name, node, bases in all_
            if reach & {*bases} and name not in names
        ]
        for path, all_ in classes.items()
    }
    print(json.dumps({path: found for path, found in counted.items() if found}))


def module_level(tree: ast.Module) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    blocks: list[ast.stmt] = [*tree.body]
    while blocks:
        node = blocks.pop(0)
        found.append(node)
        if isinstance(node, ast.If | ast.Try | ast.With | ast.For):
            for field in ("body", "orelse", "finalbody"):
                blocks += getattr(node, field, [])
            blocks += [one for handler in getattr(node, "handlers", []) for one in handler.body]
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(Path(sys.argv[1]), {*sys.argv[2:]})
