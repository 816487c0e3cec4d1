"""Results as JUnit's XML, which build servers read."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from ..files import write_atomic
from .items import Item


def write_junit(path: Path, results: Sequence[tuple[str, Sequence[Item]]]) -> None:
    """Writes one test suite a definition. `results` are pairs of the definition's label and its items.

    Raises `FolderError`.
    """
    root = ElementTree.Element("testsuites")
    for label, items in results:
        suite = ElementTree.SubElement(root, "testsuite", name=label, tests=str(len(items)))
        suite.set("failures", str(sum(item.state == "failed" for item in items)))
        suite.set("skipped", str(sum(item.state == "skipped" for item in items)))
        suite.set("time", f"{sum(item.seconds for item in items):.3f}")
        for item in items:
            _add(suite, label, item)
    write_atomic(path, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _add(suite: ElementTree.Element, label: str, item: Item) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=label, name=_clean(item.name), time=f"{item.seconds:.3f}"
    )
    if item.state == "failed":
        failure = ElementTree.SubElement(case, "failure", message=_clean(item.message or ""))
        failure.text = _clean(item.difference or "")
    elif item.state == "skipped":
        ElementTree.SubElement(case, "skipped", message=_clean(item.message or ""))


def _clean(text: str) -> str:
    """Replaces the characters that XML cannot contain."""
    return "".join(c if c in "\t\n" or (c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF) else "\ufffd" for c in text)
