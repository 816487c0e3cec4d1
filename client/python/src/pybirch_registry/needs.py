"""Compares the requirements in a definition's header (PEP 723) with this Python and its packages."""

import importlib.metadata
import importlib.util
import platform
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

OPENING = re.compile(r"# /// script[ \t]*")
CLOSING = re.compile(r"# ///[ \t]*")


def _here() -> str:
    """The version of this Python. Removes the `+` from the version of a Python that was built between two releases."""
    return platform.python_version().rstrip("+")


def header_of(source: bytes) -> dict[str, Any]:
    """The fields of the header. If the header cannot be read, the result is empty; the registry reported this
    at the landing.
    """
    try:
        return tomllib.loads("\n".join(_script_block(source.decode("utf-8-sig", errors="replace"))))
    except tomllib.TOMLDecodeError:
        return {}


def _script_block(text: str) -> list[str]:
    """The lines of the first `script` block (PEP 723), without `# `. Empty if there is none. The regular expression of
    PEP 723 would take quadratic time for a text with many blocks that are not closed.
    """
    block: list[str] | None = None
    for line in (line.removesuffix("\r") for line in text.split("\n")):
        if block is None:
            block = [] if OPENING.fullmatch(line) else None
        elif block and CLOSING.fullmatch(line):
            return block
        elif line == "#" or line.startswith("# "):
            block.append(line.removeprefix("#").removeprefix(" ").rstrip("\r"))
        else:
            block = None
    return []


def find_unmet(source: bytes) -> Iterator[str]:
    """Yields a sentence for each requirement that this Python does not meet."""
    header = header_of(source)
    wanted = header.get("requires-python")
    if isinstance(wanted, str):
        try:
            if not SpecifierSet(wanted).contains(_here(), prereleases=True):
                yield f"needs Python {wanted}; this is {_here()}"
        except InvalidSpecifier:
            yield f"says that it needs Python {wanted!r}, which is not a version"
    dependencies = header.get("dependencies")
    for text in dependencies if isinstance(dependencies, list) else []:
        yield from _unmet(str(text))


def _unmet(text: str) -> Iterator[str]:
    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        yield f"says that it needs {text!r}, which is not a requirement"
        return
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
        return
    try:
        there = importlib.metadata.version(wanted.name)
    except importlib.metadata.PackageNotFoundError:
        # A package that runs from a folder, as PyBirch does, has no version to compare with the requirement.
        if importlib.util.find_spec(re.sub(r"[-.]+", "_", wanted.name)) is None:
            yield f"needs {text}, which is not installed: pip install {wanted.name}"
        return
    if not wanted.specifier.contains(there, prereleases=True):
        yield f"needs {text}; {wanted.name} {there} is installed"
