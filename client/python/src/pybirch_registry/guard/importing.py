"""What the import system itself does while it looks a module up, told apart from what it is made to do.

Whoever can put an object on `sys.meta_path`, `sys.path_hooks` or a module's `__path__` has it called by the import
system. So what counts is the function of the import system that does a thing, and that it is its own.
"""

import importlib.machinery
import zipimport
from types import FrameType
from typing import Any

FROZEN = ("<frozen importlib", "<frozen zipimport")
IMPORTING = ("_find_and_load", "_find_and_load_unlocked")
"""The functions that look a module up; loaders called by hand read any file for whoever calls them."""
CALLING = "_call_with_frames_removed"
"""Calls what it is given, for the functions of `LOADING`."""

READING = frozenset(["get_data", "_fill_cache", "_get_data", "_read_directory"])
WRITING = frozenset(["_write_atomic", "set_data"])
LOADING = {
    "exec": frozenset(["exec_module"]),
    "compile": frozenset(["source_to_code", "_compile_source"]),
    "marshal.loads": frozenset(["_compile_bytecode", "_unmarshal_code"]),
    "import": frozenset(["create_module"]),
}
"""By event, what loads code."""

OWN = frozenset(
    [
        importlib.machinery.SourceFileLoader,
        importlib.machinery.SourcelessFileLoader,
        importlib.machinery.ExtensionFileLoader,
        importlib.machinery.FileFinder,
        zipimport.zipimporter,
    ]
)
ATTRIBUTES = frozenset(["name", "path", "archive", "prefix", "_files"])
"""What the loaders of `OWN` keep; anything else on one of them stands in the place of a method."""


def importer(frame: FrameType) -> str | None:
    """The function of the import system that a frame is of, None for any other's and for one that was tampered with."""
    if not frame.f_code.co_filename.startswith(FROZEN):
        return None
    at: FrameType | None = frame
    while at is not None and at.f_code.co_name == CALLING and at.f_code.co_filename.startswith(FROZEN):
        at = at.f_back
    if at is None or not at.f_code.co_filename.startswith(FROZEN):
        return None
    first: Any = at.f_locals.get("self", at.f_locals.get("cls"))
    return at.f_code.co_name if first is None or _is_own(first) else None


def _is_own(loader: Any) -> bool:
    kind = type(loader)
    if kind is importlib.machinery.FileFinder or isinstance(loader, type):
        return True
    return kind in OWN and ATTRIBUTES.issuperset(getattr(loader, "__dict__", ()))
