"""Recognizes what the import system itself does while it finds and loads a module.

A definition can add an object to `sys.meta_path`, `sys.path_hooks` or a module's `__path__`, and the import system then
calls this object. So only the import system's own functions count.
"""

import importlib.machinery
import zipimport
from types import FrameType
from typing import Any

FROZEN = ("<frozen importlib", "<frozen zipimport")
IMPORTING = ("_find_and_load", "_find_and_load_unlocked")
"""The functions that find a module. A loader that a definition calls directly, and not through these functions, could
read any file.
"""
CALLING = "_call_with_frames_removed"
"""The import system's function that runs the code of a loaded module."""

READING = frozenset(["get_data", "_fill_cache", "_get_data", "_read_directory"])
WRITING = frozenset(["_write_atomic", "set_data"])
LOADING = {
    "exec": frozenset(["exec_module"]),
    "compile": frozenset(["source_to_code", "_compile_source"]),
    "marshal.loads": frozenset(["_compile_bytecode", "_unmarshal_code"]),
    "import": frozenset(["create_module"]),
}
"""The functions that load code, by the audit event that they cause."""

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
"""The attributes that loaders in `OWN` may have. Any other attribute could replace a method of the loader."""


def importer(frame: FrameType) -> str | None:
    """The name of the import system's function in a frame, or None for other code and for a loader that was
    tampered with.
    """
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
